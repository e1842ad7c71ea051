"""What a starting desk finds out about the previous run: fills, deposits, live quotes, unexplained differences."""

import asyncio
import signal
import sqlite3
from contextlib import closing
from decimal import Decimal

import pytest

from cockpit.desk.funding.preflight import PREVIOUS_RUN
from cockpit.desk.interlocks.checklist import NAMES
from cockpit.model.commands import WithdrawalOrder
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess, accepted, refused
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE

LONG = {"QUOTE_DEADLINE_MS": "60000", "QUOTE_MAX_DEADLINE_MS": "60000", "STRATEGY_MAX_NOTIONAL_EURE": "500"}
SETTLED = "SELECT quote_hash FROM trade_execution_results WHERE outcome = 'settled' ORDER BY quote_hash"


async def quotes(taker: Taker, count: int) -> list[dict[str, object]]:
    """So many live quotes on either side that nobody has taken."""
    found = []
    for number in range(count):
        side = {"amount_in": 40_000 + number} if number % 2 else {"amount_out": 50_000 + number}
        found += await taker.ask(BTC.token_id if number % 2 else EURE.token_id, min_deadline_ms=30_000, **side)
    assert len(found) == count
    return found


async def ends(desk: DeskProcess, *, clean: bool) -> None:
    if clean:
        assert desk.process.stop() == 0
    else:
        desk.process.kill()


async def start_reconciled(desk: DeskProcess) -> tuple[str, ...]:
    """Start the desk again; its findings, once every base unit is explained."""
    await desk.start()
    shot = await desk.until(
        lambda shot: all(row.unexplained == 0 for row in shot.inventory.rows), 30, "the opening balances are explained"
    )
    return shot.findings


async def test_fills_and_deposits_while_no_desk_ran_are_found_and_booked_once(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch(**LONG)
    await desk.arm()
    made = await quotes(taker, 6)
    taken: set[object] = set()
    for clean in (True, False):
        await desk.until(lambda shot: shot.alive.quotes == 6 - len(taken))
        await ends(desk, clean=clean)
        for quote in made[len(taken) : len(taken) + 2]:
            assert (await taker.take(quote))["status"] == "OK"
            taken.add(quote["quote_hash"])
        await control.deposit(BTC.token_id, 12_345, after_s=0)
        await asyncio.sleep(1.0)  # The chain moves on unobserved; no event tells when.
        found = await start_reconciled(desk)
        findings = "; ".join(found)
        assert "2 fills while no desk was running" in findings
        assert ("ended cleanly" if clean else "broke off") in findings
        await until(lambda: {row[0] for row in desk.rows(SETTLED)} == taken)
        shot = await desk.snapshot()
        assert shot.alive.quotes == 6 - len(taken)
        assert not shot.executor_armed
        # Known live quotes stay committed, whichever run signed them.
        held = {row.symbol: row.reserved for row in shot.inventory.rows}
        assert any(held.values())
        assert NAMES["former"] in shot.executor_blocked
        assert (await desk.get("/inventory-sync/state")).status_code == 200

    # A third run without new events books nothing twice.
    await ends(desk, clean=True)
    found = await start_reconciled(desk)
    assert not any("fill" in one for one in found)
    assert len(desk.rows(SETTLED)) == len(taken)
    # A quote of the first run can still be taken, and is followed to its end by the third.
    assert (await taker.take(made[5]))["status"] == "OK"
    await desk.until(lambda shot: shot.counts.settled == 1)
    await until(lambda: {row[0] for row in desk.rows(SETTLED)} == {*taken, made[5]["quote_hash"]})


async def test_restarts_during_a_restart_lose_nothing(launch: Launch, control: Control, taker: Taker) -> None:
    desk = await launch(**LONG)
    await desk.arm()
    made = await quotes(taker, 4)
    await desk.until(lambda shot: shot.alive.quotes == 4)
    await until(lambda: desk.count("SELECT COUNT(*) FROM execute_trade_commands") == 4)
    await ends(desk, clean=False)
    before = await control.balances()
    assert (await taker.take(made[0]))["status"] == "OK"

    async def settled() -> bool:
        return await control.balances() != before

    await until(settled)  # Otherwise a run could still receive the event.
    # Runs that never read a balance, ended either way.
    await control.faults(near_a="500", near_b="500")
    for clean in (False, True, False):
        await desk.start()
        shot = await desk.until(lambda shot: bool(shot.findings) and shot.alive.quotes == 4)
        assert any("asking the Verifier" in one for one in shot.findings)
        assert shot.inventory.rows[0].balance is None
        await ends(desk, clean=clean)
    await control.mend()
    await start_reconciled(desk)
    await until(lambda: [row[0] for row in desk.rows(SETTLED)] == [made[0]["quote_hash"]])
    assert (await desk.snapshot()).alive.quotes == 3


async def test_known_quotes_do_not_block_a_withdrawal_after_a_clean_end(launch: Launch, taker: Taker) -> None:
    address = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    desk = await launch(**LONG, WITHDRAWAL_COOLING_MS="0", TRADING_BTC_WITHDRAW_ADDRESS=address)
    await desk.arm()
    await quotes(taker, 2)
    await desk.until(lambda shot: shot.alive.quotes == 2)
    for clean in (True, False):
        await ends(desk, clean=clean)
        await start_reconciled(desk)
        accepted(await desk.link.freeze(False))
        order = WithdrawalOrder(asset_id="BTC", amount="100000", idempotency_key=f"key-{clean}")
        if clean:
            accepted(await desk.link.withdraw(order))
        else:
            assert PREVIOUS_RUN in refused(await desk.link.withdraw(order))


@pytest.mark.unreconciled
async def test_an_unexplained_balance_stays_visible(launch: Launch, control: Control) -> None:
    desk = await launch(NEAR_INTENTS_BRIDGE_URL="http://127.0.0.1:9/rpc")
    await desk.until(lambda shot: shot.inventory.rows[0].unexplained == 0 and shot.history == "ok")
    await until(lambda: desk.count("SELECT COUNT(*) FROM intent_inventory_snapshots") >= 2)
    await ends(desk, clean=True)
    before = (await control.balances())[BTC.token_id]
    await control.deposit(BTC.token_id, 7_770, after_s=0)

    async def credited() -> bool:
        return (await control.balances())[BTC.token_id] == before + 7_770

    await until(credited)
    await desk.start()
    shot = await desk.until(lambda shot: bool(shot.inventory.rows[0].unexplained), 40)
    assert shot.inventory.rows[0].unexplained == Decimal("0.0000777")
    assert shot.inventory.rows[0].opening == shot.inventory.rows[0].balance - shot.inventory.rows[0].unexplained  # type: ignore[operator]
    assert any("+0.0000777 BTC of the opening balances is unexplained since" in one for one in shot.findings)
    journal = "SELECT reason FROM operator_actions WHERE command = 'start' AND NOT accepted"
    await until(lambda: any("is unexplained since" in row[0] for row in desk.rows(journal)))


async def test_a_second_signal_ends_the_desk_at_once(launch: Launch) -> None:
    desk = await launch()
    await desk.arm()
    with closing(sqlite3.connect(desk.state_dir / "history.sqlite", isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        for number in (signal.SIGTERM, signal.SIGINT):
            desk.process.send(number)
            if number is signal.SIGTERM:
                await until(lambda: not desk.socket_path.exists(), 10, "the desk waits for its history")
        assert desk.process.wait() == 130
        db.execute("ROLLBACK")
    assert desk.count("SELECT COUNT(*) FROM runs WHERE ended_ns IS NULL") == 1
