"""What `cockpit report` computes from history is what the desk showed."""

import json
from decimal import Decimal
from typing import Any

from tests.e2e.conftest import Launch
from tests.support.processes.command import run
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE


def report(desk: DeskProcess) -> dict[str, Any]:
    history = str(desk.state_dir / "history.sqlite")
    done = run("report", "--history", history, "--json", "--fills", cwd=desk.state_dir)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def test_markouts_are_those_that_the_cockpit_showed(launch: Launch, control: Control, taker: Taker) -> None:
    desk = await launch(HISTORY_PRICE_EVERY_MS="30000")
    await desk.arm()
    await taker.deal(BTC.token_id, amount_in=100_000)
    await taker.deal(EURE.token_id, amount_in=EURE.to_units(Decimal(20)))
    shot = await desk.until(
        lambda shot: len(shot.executions) == 2 and all(row.markouts for row in shot.executions), what="both are marked"
    )
    shown = {row.quote_hash: row.markouts[0][1] for row in shot.executions}
    assert None not in shown.values()
    assert desk.process.stop() == 0
    assert {fill["quote_hash"]: Decimal(fill["markouts"][0]) for fill in report(desk)["fills"]} == shown


async def test_a_deposit_of_before_the_first_balance_is_in_it(launch: Launch, control: Control) -> None:
    """The bridge lists it as credited, before or after the first balance is read."""
    held = (await control.balances())[BTC.token_id]
    await control.deposit(BTC.token_id, 54_321, after_s=0)

    async def credited() -> bool:
        return (await control.balances())[BTC.token_id] == held + 54_321

    await until(credited)
    desk = await launch()
    await desk.ready()
    await until(
        lambda: desk.count("SELECT COUNT(*) FROM liquidity_actions WHERE kind = 'booking' AND amount = '54321'")
    )
    assert desk.process.stop() == 0
    btc = report(desk)["inventory"][0]
    assert (btc["deposited"], btc["unexplained"]) == ("0", "0")
