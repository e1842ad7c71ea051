"""A file of markets: its token is quoted and settled; the token that it leaves out is held, named and withdrawn."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from cockpit.model.commands import WithdrawalOrder
from tests.support.processes.desk_process import DeskProcess, accepted
from tests.support.processes.venue_process import Control, VenueProcess
from tests.support.sandbox.signing import BTC_ADDRESS
from tests.support.waiting import until

FILE = """
[[tokens]]
symbol = "EURx"
near_token = "eurx.sandbox.near"
underlying = "EUR"
decimals = 6
chain = "eth:100"
bridge = "poa"

[[markets]]
base = "nBTC"
quote = "EURx"

[[markets]]
base = "BTC"
quote = "EURe"
enabled = false
"""
EURX_ID = "nep141:eurx.sandbox.near"


@pytest.fixture
def markets(tmp_path: Path) -> Path:
    path = tmp_path / "markets.toml"
    path.write_text(FILE)
    path.chmod(0o600)
    return path


@pytest.fixture
def venue(tmp_path: Path, markets: Path) -> Iterator[VenueProcess]:
    """A venue with traders; the maker holds nBTC and EURx to trade, and legacy BTC that no market trades."""
    options = ("--rate", "20", "--other-pairs", "0", "--no-rivals", "--deposit-btc", "0", "--settle-s", "0.05", "0.1")
    held = ("--balance", "nBTC=0.5", "--balance", "EURx=20000", "--balance", "BTC=0.02", "--balance", "EURe=0")
    started = VenueProcess(tmp_path, *options, *held, "--markets", str(markets), "--set", "index_after_s=0.1")
    yield started
    assert started.process.stop() == 0


async def test_the_markets_of_a_file_are_quoted_and_what_they_leave_out_can_leave(
    venue: VenueProcess, markets: Path, short_dir: Path
) -> None:
    state_dir = short_dir / "desk"
    state_dir.mkdir(mode=0o700)
    desk = DeskProcess(state_dir, {**venue.env, "COCKPIT_MARKETS_FILE": str(markets), "WITHDRAWAL_COOLING_MS": "0"})
    control = Control(venue.env)
    try:
        await desk.start()
        shot = await desk.ready()
        assert shot.markets == ("nBTC/EURe", "nBTC/EURx")
        warning = "0.02 BTC held, but no market trades it: withdraw it or add a market"
        assert shot.fund_warnings == (warning,)
        assert warning in shot.findings

        await desk.arm()
        eurx = "asset_in = ? OR asset_out = ?"
        filled = f"SELECT COUNT(*) FROM execute_trade_commands WHERE {eurx}"
        await desk.until(lambda shot: shot.counts.settled >= 3, 30, "fills")
        await until(lambda: desk.count(filled, EURX_ID, EURX_ID) > 0, 30, "quotes in the market of the file")
        shot = await desk.until(lambda shot: all(row.buys and row.sells for row in shot.demand_by_market), 30)
        assert [row.market for row in shot.demand_by_market] == ["nBTC/EURe", "nBTC/EURx"]
        await desk.disarm()

        order = WithdrawalOrder(asset_id="BTC", amount="2000000", destination_address=BTC_ADDRESS, idempotency_key="1")
        accepted(await desk.link.freeze(False))
        await desk.link.review(order)
        accepted(await desk.link.withdraw(order))
        shot = await desk.until(lambda shot: not shot.fund_warnings, 30, "the legacy BTC has left")
        await desk.until(lambda shot: any(row.destination_hash for row in shot.withdrawals), 30, "paid out")
        await control.traders(False)
        shot = await desk.until(lambda shot: not any(row.unexplained for row in shot.inventory.rows), 30, "reconciled")
        balances = await control.balances()
        held = {row.symbol: row.balance for row in shot.inventory.rows}
        assert held["EURx"] == Decimal(balances[EURX_ID]).scaleb(-6)
    finally:
        await control.http.aclose()
        await desk.close()
