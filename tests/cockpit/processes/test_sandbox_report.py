"""The report of a rehearsal knows every way in which money moves."""

import asyncio
from pathlib import Path

import pytest

from cockpit.desk.inventory.bookings import booking
from cockpit.model.events import AnyEvent, LiquidityAction
from cockpit.model.snapshot import Counts
from cockpit.processes.sandbox_report import SandboxReport, account_for
from storage.history import Run
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history.small_history import EUR, balances
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_S

HELD = 10**8


def step(second: int, kind: str, amount: int, status: str) -> LiquidityAction:
    return LiquidityAction(
        at_ns=NOW + second * NS_PER_S,
        action_id=f"{kind} of {amount}",
        kind=kind,
        asset=BTC.token_id,
        amount=amount,
        chain="btc:mainnet",
        tx_hash=None,
        status=status,
        detail="",
    )


async def report_of(path: Path, events: list[AnyEvent], closing_btc: int) -> SandboxReport:
    history = SqliteHistory(path)
    await history.open(Run(run_id="run-1", mode="SANDBOX", account="maker.near", started_ns=NOW))
    await history.write([*balances(0, HELD, EUR), booking("opening", "OPENED", NOW), *events])
    await history.close(NOW + 100 * NS_PER_S)
    ledgers = [{BTC.token_id: btc, EURE.token_id: EUR} for btc in (HELD, closing_btc)]
    with SqliteReader(path) as reader:
        return account_for(10, Counts(), reader, DEFAULT_TOKENS, opening=ledgers[0], closing=ledgers[1], asked={})


@pytest.mark.parametrize(
    ("events", "moved"),
    [
        ([step(5, "withdrawal", 3_000_000, "burned"), step(9, "withdrawal", 3_000_000, "completed")], -3_000_000),
        ([step(5, "withdrawal", 7, "burned"), step(9, "withdrawal", 7, "returned")], 0),
        ([step(5, "deposit", 7, "PENDING"), step(9, "deposit", 7, "CREDITED")], 7),
        ([step(5, "deposit", 7, "PENDING"), step(6, "withdrawal", 9, "signed")], 0),
    ],
    ids=["withdrawn", "returned", "deposited", "not yet"],
)
def test_money_in_and_out_is_explained(tmp_path: Path, events: list[AnyEvent], moved: int) -> None:
    report = asyncio.run(report_of(tmp_path / "history.sqlite", events, HELD + moved))
    btc = next(row for row in report.balances if row.symbol == "BTC")
    assert (btc.unexplained, report.explained) == ("0", True)
    assert int(btc.deposited) - int(btc.withdrawn) == moved
    off = asyncio.run(report_of(tmp_path / "off.sqlite", events, HELD + moved - 1))
    assert ([row.unexplained for row in off.balances if row.symbol == "BTC"], off.explained) == (["-1"], False)
