"""nBTC from the order to the Bitcoin transaction: by the API, by the command line and by keyboard."""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from cockpit.model.commands import Result, WithdrawalOrder, WithdrawalReview
from cockpit.processes.sandbox_run import DESK_SETTINGS, SandboxRun
from panels.dialogs.funds.review import NEVER_REFUNDED
from tests.e2e.conftest import SOON, Launch
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.processes import bare_environment
from tests.support.processes.sandbox_session import FLAGS, Open, newest
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import NBTC

ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
HELD = 5_000_000
SETTINGS = {"WITHDRAWAL_COOLING_MS": "0", "TRADING_BTC_WITHDRAW_ADDRESS": ADDRESS}


async def funded(launch: Launch, control: Control, account: str) -> DeskProcess:
    """A desk whose account was paid in nBTC by a deposit."""
    desk = await launch(**SETTINGS)
    await control.deposit(NBTC.token_id, HELD, account=account)
    await desk.until(
        lambda shot: any(row.symbol == "nBTC" and (row.balance or 0) > 0 for row in shot.inventory.rows), 30
    )
    return desk


async def paid(control: Control, amount: int) -> list[str]:
    """The Bitcoin transactions that paid out transfers of exactly this amount."""
    chain = (await control.chains())[NBTC.chain]
    burns = {row["burn"] for row in chain["withdrawals"] if int(row["amount"]) == amount}
    return [row["tx_hash"] for row in chain["payments"] if row["burn"] in burns]


async def test_by_the_api_from_the_review_to_the_bitcoin_transaction(launch: Launch, control: Control) -> None:
    desk = await funded(launch, control, (await control.state())["account"])
    order = WithdrawalOrder(asset_id=NBTC.token_id, amount="210000", idempotency_key="by-api")
    review = await desk.link.review(order)
    assert isinstance(review, WithdrawalReview)
    assert (review.bridge, review.route, review.destination, review.fee_units) == ("omni", "intent", ADDRESS, "1500")
    refused = await desk.link.withdraw(order)
    assert isinstance(refused, Result)
    assert not refused.accepted
    await desk.link.freeze(False)
    for _ in range(2):
        accepted = await desk.link.withdraw(order)
        assert isinstance(accepted, Result)
        assert accepted.accepted, accepted.reason
    shot = await desk.until(lambda shot: any(row.ours and row.state == "completed" for row in shot.withdrawals), 60)
    [row] = [one for one in shot.withdrawals if one.ours]
    assert await paid(control, 210_000) == [row.destination_hash]
    assert desk.rows("SELECT bridge, route, fee, gas_fee FROM prepared_withdrawals") == [
        ("omni", "intent", "1500", "1200")
    ]


async def test_by_the_command_line_with_every_fee_named(launch: Launch, control: Control) -> None:
    desk = await funded(launch, control, (await control.state())["account"])

    async def ask(*arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "cockpit", "liquidity", "--socket", str(desk.socket_path), *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=bare_environment(),
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode or 0, output.decode()

    assert (await ask("unfreeze"))[0] == 0
    code, output = await ask("estimate", "nBTC", "0.0022")
    assert code == 0, output
    for line in (
        "fee        0.000015 nBTC",
        "0.000012 nBTC gas at most, 0.000003 nBTC protocol fee",
        "and        0 NEAR, paid from wNEAR",
        "arrives    0.002185 nBTC",
        "no refund  by the Omni bridge",
    ):
        assert line in output
    code, output = await ask("withdraw", "nBTC", "0.0022", "--key", "by-cli", "--fee", "0.000014")
    assert code == 1
    assert "the bridge's fee has changed" in output
    code, output = await ask("withdraw", "nbtc", "0.0022", "--key", "by-cli", "--fee", "0.000015")
    assert code == 0, output
    shot = await desk.until(lambda shot: any(row.ours and row.state == "completed" for row in shot.withdrawals), 60)
    assert await paid(control, 220_000) == [shot.withdrawals[0].destination_hash]


@pytest.mark.slow
async def test_by_keyboard_from_the_form_to_the_bitcoin_transaction(cockpit: Open, short_dir: Path) -> None:
    terminal = cockpit((*FLAGS, "--funded", "nBTC", *SOON))
    await terminal.shows("○ DISARMED", 2)
    terminal.press("w")
    await terminal.shows("─ Withdraw ─")
    for _ in range(3):
        if "nBTC, max" in terminal.text:
            break
        terminal.press("right")
        await asyncio.sleep(0.3)
    await terminal.shows("nBTC, max")
    terminal.press("tab", *"0.001", "tab", "tab", "tab", "enter")
    await terminal.shows("Review the withdrawal")
    await terminal.shows("0.000012 nBTC gas at most, 0.000003 nBTC protocol fee")
    await terminal.shows(NEVER_REFUNDED)
    await terminal.shows("Not yet: withdrawals are frozen")
    terminal.press("shift+tab", "enter")
    await terminal.shows("Unfreeze withdrawals?")
    terminal.press("tab", " ")
    await terminal.shows("Withdrawals are OPEN")
    await terminal.shows("Not yet", 0, within_s=90)
    terminal.press("tab", "tab", "enter")
    await terminal.shows("Confirm the withdrawal")
    last = "and the address's last 6"
    terminal.press(*"0.001", "tab")
    await until(lambda: terminal.types_in(last), 30, "the keyboard is in the second field")
    tail = DESK_SETTINGS["TRADING_BTC_WITHDRAW_ADDRESS"][-6:]
    terminal.press(*tail)
    await until(lambda: re.search(rf"{tail} +✓", terminal.text) is not None, 30, "both fields are right")
    terminal.press("tab", "tab")
    await until(lambda: not terminal.types_in(last), 30, "the keyboard is on the buttons")
    terminal.press(" ")
    await terminal.shows("Accepted")
    run = SandboxRun.running(short_dir / "sandbox")
    assert run is not None

    async def arrived() -> bool:
        rows = (await newest(run)).withdrawals
        return any(row.symbol == "nBTC" and row.state == "completed" and row.destination_hash for row in rows)

    await until(arrived, 90, "its Bitcoin transaction is known")
