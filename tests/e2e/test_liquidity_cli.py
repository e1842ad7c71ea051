"""`cockpit liquidity` against a running desk: the same gates, said on a line, with an exit code."""

import asyncio
import sys

from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.processes import bare_environment
from tests.support.waiting import until

ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"


async def ask(desk: DeskProcess, *arguments: str) -> tuple[int, str]:
    """The exit code and everything said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cockpit", "liquidity", "--socket", str(desk.socket_path), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=bare_environment(),
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_a_withdrawal_goes_through_the_same_gates_and_is_made_once(launch: Launch) -> None:
    desk = await launch(WITHDRAWAL_COOLING_MS="0", TRADING_BTC_WITHDRAW_ADDRESS=ADDRESS)
    await desk.until(lambda shot: all(row.balance is not None for row in shot.inventory.rows))

    code, said = await ask(desk, "estimate", "BTC", "0.001")
    assert code == 1
    assert ADDRESS in said
    assert "withdrawals are frozen; unfreeze them first" in said

    code, said = await ask(desk, "withdraw", "BTC", "0.001", "--key", "one")
    assert (code, said.strip()) == (1, "withdrawals are frozen; unfreeze them first")

    assert (await ask(desk, "unfreeze"))[0] == 0
    code, said = await ask(desk, "withdraw", "BTC", "0.001", "--key", "one")
    assert code == 0, said
    assert "recorded and being sent" in said
    code, said = await ask(desk, "withdraw", "BTC", "0.001", "--key", "one")
    assert code == 0
    assert "this key already made withdrawal" in said

    shot = await desk.until(lambda shot: any(row.state == "completed" for row in shot.withdrawals), 60)
    assert [row.destination for row in shot.withdrawals if row.ours] == [ADDRESS]
    await until(lambda: len(desk.rows("SELECT 1 FROM prepared_withdrawals")) == 1, 10, "one withdrawal is recorded")


async def test_what_cannot_be_meant_is_told_without_asking_the_desk(launch: Launch) -> None:
    desk = await launch()
    for amount in ("1e3", "0,5", "٣", "1.000000000000000000001", "-1", "NaN", "0"):
        code, said = await ask(desk, "withdraw", "--key", "k", "--", "BTC", amount)
        assert code == 2, (amount, said)
    assert desk.rows("SELECT 1 FROM operator_actions WHERE command = 'withdraw'") == []


async def test_without_a_desk_it_says_so(launch: Launch) -> None:
    desk = await launch()
    desk.process.kill()
    await until(lambda: not desk.process.running, 10, "the desk is gone")
    code, said = await ask(desk, "freeze")
    assert code == 1
    assert "nothing was asked" in said
