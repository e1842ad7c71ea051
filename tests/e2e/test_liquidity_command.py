"""`cockpit liquidity` with a running desk: the same preflight checks, one line, an exit code."""

import asyncio
import sys

from cockpit.cli.messages import NOTHING_SENT
from cockpit.model.snapshot import Snapshot
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.processes import bare_environment
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC, NBTC

ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"


async def ask(desk: DeskProcess, *arguments: str) -> tuple[int, str]:
    """Exit code and output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cockpit", "liquidity", "--socket", str(desk.socket_path), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=bare_environment(),
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_a_withdrawal_passes_the_same_preflight_checks_and_is_made_once(launch: Launch) -> None:
    desk = await launch(WITHDRAWAL_COOLING_MS="0", TRADING_BTC_WITHDRAW_ADDRESS=ADDRESS)
    await desk.until(lambda shot: all(row.balance is not None for row in shot.inventory.rows))

    code, output = await ask(desk, "estimate", "BTC", "0.001")
    assert code == 1
    assert ADDRESS in output
    assert "withdrawals are frozen; unfreeze them first" in output

    code, output = await ask(desk, "withdraw", "BTC", "0.001", "--key", "one")
    assert (code, output.strip()) == (1, "withdrawals are frozen; unfreeze them first")

    assert (await ask(desk, "unfreeze"))[0] == 0
    code, output = await ask(desk, "withdraw", "BTC", "0.001", "--key", "one")
    assert code == 0, output
    assert "recorded and being sent" in output
    code, output = await ask(desk, "withdraw", "BTC", "0.001", "--key", "one")
    assert code == 0
    assert "this key already made withdrawal" in output

    shot = await desk.until(lambda shot: any(row.ours and row.state == "completed" for row in shot.withdrawals), 60)
    assert [row.destination for row in shot.withdrawals if row.ours] == [ADDRESS]
    await until(lambda: len(desk.rows("SELECT 1 FROM prepared_withdrawals")) == 1, 10, "one withdrawal is recorded")


async def test_an_invalid_amount_is_refused_without_asking_the_desk(launch: Launch) -> None:
    desk = await launch()
    for amount in ("1e3", "0,5", "٣", "1.000000000000000000001", "-1", "NaN", "0"):
        code, output = await ask(desk, "withdraw", "--key", "k", "--", "BTC", amount)
        assert code == 2, (amount, output)
    assert desk.rows("SELECT 1 FROM operator_actions WHERE command = 'withdraw'") == []


async def test_without_a_desk_nothing_is_sent(launch: Launch) -> None:
    desk = await launch()
    desk.process.kill()
    await until(lambda: not desk.process.running, 10, "the desk is gone")
    code, output = await ask(desk, "freeze")
    assert code == 1
    assert NOTHING_SENT in output


async def test_it_says_what_a_deposit_may_become_and_what_the_last_one_became(launch: Launch, control: Control) -> None:
    desk = await launch(NEAR_INTENTS_ACCOUNT_ID="newcomer.sandbox.near")
    await desk.until(lambda shot: len(shot.deposit_addresses) == 2)
    code, output = await ask(desk, "deposit")
    assert code == 0
    btc = next(row for row in (await desk.snapshot()).deposit_addresses if row.chain == BTC.chain)
    assert output.splitlines()[:4] == [
        f"BTC on btc:mainnet: {btc.address}",
        "  may become BTC: minimum 0.00005 BTC; own deposits so far: 0",
        "  may become nBTC: minimum 0.00005 nBTC; own deposits so far: 0",
        "  not known which: the bridge lists BTC and nBTC. Send a small amount first",
    ]

    await control.deposit(NBTC.token_id, 20_000, account="newcomer.sandbox.near")

    def credited(shot: Snapshot) -> bool:
        balances = any(row.symbol == "nBTC" and row.balance for row in shot.inventory.rows)
        return balances and any(row.status == "CREDITED" for row in shot.deposits)

    shot = await desk.until(credited, 30)
    assert [(row.symbol, row.status) for row in shot.deposits] == [("nBTC", "CREDITED")]
    code, output = await ask(desk, "deposit")
    assert "may become nBTC: minimum 0.00005 nBTC; own deposits so far: 1" in output
    assert "your last deposit here became nBTC" in output
    state = (await desk.get("/liquidity-manager/state")).json()
    assert [credit["deposits"] for credit in state["deposit_addresses"][0]["credits"]] == [0, 1]
