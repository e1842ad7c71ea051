"""Money that moves is valued by the mid nearest to it and explained on either side of any boundary; parts add up."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from cockpit.desk.inventory.bookings import booking
from cockpit.model.events import AnyEvent, LiquidityAction
from cockpit.reports.figures import AssetChange, ProfitAndLoss, TradingReport
from cockpit.reports.report_text import as_text
from cockpit.reports.trading_report import trading_report
from storage.history import Run
from storage.reader import Span
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history.small_history import EUR, balances, mid
from venue.protocol.tokens import BTC, DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S

BITCOIN = 10**8
UP_TO_S = 1_000
"""The end of the run, seconds after its start."""


def step(second: int, kind: str, amount: int, status: str, *, height: int | None = None) -> LiquidityAction:
    return LiquidityAction(
        at_ns=NOW + second * NS_PER_S,
        action_id=kind if kind != "booking" else "deposit",
        kind=kind,
        asset=BTC.token_id,
        amount=amount,
        chain="btc:mainnet",
        tx_hash="0xd",
        status=status,
        detail="",
        block_height=height,
    )


def across_a_gap(shown_s: int) -> list[AnyEvent]:
    """One BTC at 36,000; no price from 100 s to 200 s, then 34,000; a tenth shown by a reading in the gap."""
    return [
        *balances(0, BITCOIN, 1_000 * EUR),
        booking("opening", "OPENED", NOW),
        mid(0, "36500"),
        mid(100, "36000"),
        step(130, "deposit", BITCOIN // 10, "CREDITED"),
        *balances(shown_s, BITCOIN * 11 // 10, 1_000 * EUR),
        step(shown_s, "booking", BITCOIN // 10, "BOOKED"),
        mid(200, "34000"),
        mid(900, "34100"),
        *balances(990, BITCOIN * 11 // 10, 1_000 * EUR),
    ]


async def written(path: Path, events: Sequence[AnyEvent]) -> Path:
    history = SqliteHistory(path)
    await history.open(Run(run_id="run-1", mode="SANDBOX", account="maker.near", started_ns=NOW))
    await history.write(events)
    await history.close(NOW + UP_TO_S * NS_PER_S)
    return path


def report(path: Path, from_s: int, to_s: int) -> TradingReport:
    with SqliteReader(path) as reader:
        return trading_report(reader, Span(NOW + from_s * NS_PER_S, NOW + to_s * NS_PER_S), DEFAULT_TOKENS)


def profit(path: Path, from_s: int, to_s: int) -> ProfitAndLoss:
    found = report(path, from_s, to_s).profit
    assert found is not None
    return found


@pytest.mark.parametrize(("shown_s", "value"), [(140, "36000"), (160, "34000"), (198, "34000")])
def test_a_deposit_in_a_gap_costs_the_nearest_mid_of_either_side(tmp_path: Path, shown_s: int, value: str) -> None:
    path = asyncio.run(written(tmp_path / "history.sqlite", across_a_gap(shown_s)))
    found = profit(path, 0, UP_TO_S)
    [moved] = found.movements
    assert (moved.mid, moved.amount, moved.kind) == (Decimal(value), Decimal("0.1"), "deposit")
    assert found.total == (34_100 - 36_500) + Decimal("0.1") * (34_100 - Decimal(value))


def test_a_mid_of_more_than_a_minute_away_is_named(tmp_path: Path) -> None:
    path = asyncio.run(
        written(tmp_path / "history.sqlite", [each for each in across_a_gap(170) if each != mid(200, "34000")])
    )
    text = as_text(report(path, 0, UP_TO_S))
    assert "no mid within a minute:" in text
    assert "deposit of 0.1 BTC at " in text
    assert "the closing mid is of " in text
    assert "the opening mid" not in text
    assert max(len(line) for line in text.splitlines()) <= 80
    near = asyncio.run(written(tmp_path / "near.sqlite", across_a_gap(198)))
    assert "no mid within a minute" not in as_text(report(near, 0, 950))


@pytest.mark.parametrize("cut_s", [1, 50, 100, 120, 149, 151, 180, 199, 200, 203, 500, 901])
def test_the_parts_of_a_range_add_up_to_the_whole(tmp_path: Path, cut_s: int) -> None:
    path = asyncio.run(written(tmp_path / "history.sqlite", across_a_gap(160)))
    whole = profit(path, 0, UP_TO_S).total
    assert profit(path, 0, cut_s).total + profit(path, cut_s, UP_TO_S).total == whole


def of_one_asset(path: Path, from_s: int, to_s: int) -> AssetChange:
    return report(path, from_s, to_s).inventory[0]


def test_what_straddles_a_boundary_is_explained_on_both_sides(tmp_path: Path) -> None:
    """Steps come before or after the reading that shows them: a deposit's, a withdrawal's and its return's."""
    held, left, back = BITCOIN, BITCOIN * 4 // 5, BITCOIN * 9 // 10
    events = [
        mid(0, "36500"),
        booking("opening", "OPENED", NOW),
        *(event for second in (0, 4, 8) for event in balances(second, held, EUR)),
        # Burned: the step is told at 10 s, a reading of its block shows it at 12 s.
        step(10, "withdrawal", BITCOIN // 5, "burned", height=12),
        *(event for second in (12, 16) for event in balances(second, left, EUR)),
        # Credited at 17 s, shown at 20 s.
        step(17, "deposit", BITCOIN // 10, "CREDITED"),
        *(event for second in (20, 24) for event in balances(second, back, EUR)),
        step(20, "booking", BITCOIN // 10, "BOOKED"),
        # Another is in the balances before its step is told.
        *(event for second in (28, 32) for event in balances(second, back - 5, EUR)),
        msgspec.structs.replace(step(30, "withdrawal", 5, "completed", height=27), action_id="second"),
    ]
    path = asyncio.run(written(tmp_path / "history.sqlite", events))
    for cut_s in range(1, 40):
        sides = of_one_asset(path, 0, cut_s), of_one_asset(path, cut_s, UP_TO_S)
        assert [side.unexplained for side in sides] == [0, 0], cut_s
        assert sum(side.deposited for side in sides) == Decimal("0.1")
        assert sum(side.withdrawn for side in sides) == Decimal("0.20000005")


@pytest.mark.parametrize("booked", [True, False])
def test_a_deposit_in_the_first_seconds_counts(tmp_path: Path, booked: bool) -> None:
    """The first balance ever read does not show it, the next one does, and the bridge never told of it as pending."""
    units = 1_234_567
    events = [
        mid(0, "36500"),
        booking("opening", "OPENED", NOW),
        *balances(0, BITCOIN // 2, EUR),
        step(3, "deposit", units, "CREDITED"),
        *([step(4, "booking", units, "BOOKED"), *balances(4, BITCOIN // 2 + units, EUR)] if booked else []),
    ]
    path = asyncio.run(written(tmp_path / "history.sqlite", events))
    change = of_one_asset(path, 0, UP_TO_S)
    assert change.unexplained == 0
    assert change.deposited == (Decimal("0.01234567") if booked else 0)


def test_a_deposit_that_the_first_balance_shows_does_not(tmp_path: Path) -> None:
    events = [
        mid(0, "36500"),
        *balances(0, BITCOIN // 2, EUR),
        booking("opening", "OPENED", NOW),
        step(0, "booking", 1_000, "BOOKED"),
        step(1, "deposit", 1_000, "CREDITED"),
    ]
    path = asyncio.run(written(tmp_path / "history.sqlite", events))
    change = of_one_asset(path, 0, UP_TO_S)
    assert (change.opening, change.deposited, change.unexplained) == (Decimal("0.5"), Decimal(0), Decimal(0))
