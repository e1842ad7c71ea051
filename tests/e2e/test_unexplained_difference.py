"""A stranger's transfer is told; once an operator accepts it, the reconciliation is exact again, also later."""

import asyncio
import json
import signal
import sys
from decimal import Decimal

import pytest

from cockpit.cli.accept_remainder import NOTHING_UNEXPLAINED
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.processes import bare_environment
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC


async def accept(desk: DeskProcess, *arguments: str) -> tuple[int, str]:
    """Exit code and output."""
    return await cockpit("accept-remainder", "--socket", str(desk.socket_path), *arguments)


async def cockpit(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cockpit", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=bare_environment(),
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, output.decode()


async def test_an_unexplained_base_unit_is_accepted_as_shown(launch: Launch, control: Control) -> None:
    desk = await launch(INVENTORY_POLL_MS="200")
    await desk.ready()
    assert await accept(desk) == (0, f"{NOTHING_UNEXPLAINED}\n")
    await control.faults(gift={"token_id": BTC.token_id, "amount": 1})
    await desk.until(lambda shot: shot.inventory.rows[0].unexplained == Decimal("1e-8"))
    code, output = await accept(desk)
    assert (code, "cockpit accept-remainder --amount BTC=+0.00000001 --reason" in output) == (1, True), output
    assert "--reason" in (await accept(desk, "--btc=+0.00000001"))[1]
    code, output = await accept(desk, "--btc=0.00000002", "--reason", "dust")
    assert (code, "difference is +0.00000001 BTC" in output) == (1, True), output

    async def accepted() -> bool:
        # Refused until a second reading shows the same.
        return await accept(desk, "--btc", "+0.00000001", "--reason", "dust from a stranger") == (
            0,
            "accepted +0.00000001 BTC (+1 base units): dust from a stranger\n",
        )

    await until(accepted, 20)
    shot = await desk.until(lambda shot: shot.inventory.rows[0].unexplained == 0)
    row = shot.inventory.rows[0]
    assert row.accepted == Decimal("1e-8")
    assert row.opening is not None
    assert row.balance == row.opening + row.deposited + row.filled - row.withdrawn + row.accepted
    (line,) = [one for one in shot.interlocks if one.ident == "proof"]
    assert (line.passed, line.measured) == (True, "difference 0, +1 base units of BTC accepted")
    journal = "SELECT accepted, reason FROM operator_actions WHERE command = 'accept-remainder' ORDER BY id"
    assert [done for done, _ in desk.rows(journal)][-1] == 1
    assert "dust from a stranger" in desk.rows(journal)[-1][1]

    # The next run starts with it.
    height = shot.inventory.block_height or 0
    await desk.until(lambda shot: (shot.inventory.block_height or 0) > height)
    desk.process.send(signal.SIGTERM)
    assert desk.process.wait() == 0
    await desk.start()
    shot = await desk.until(lambda shot: shot.inventory.rows[0].unexplained is not None)
    assert all(row.unexplained == 0 for row in shot.inventory.rows)

    for chosen in ((), ("--run", "last")):
        code, output = await cockpit("report", "--history", str(desk.state_dir / "history.sqlite"), "--json", *chosen)
        assert code == 0, output
        report = json.loads(output)
        assert {asset["unexplained"] for asset in report["inventory"]} == {"0"}
        reasons = [(one["btc"], one["reason"]) for one in report["accepted"]]
        assert reasons == ([] if chosen else [("0.00000001", "dust from a stranger")])


@pytest.mark.slow
async def test_what_a_stranger_sends_keeps_live_open_and_is_told(launch: Launch, control: Control) -> None:
    desk = await launch(INVENTORY_POLL_MS="200")
    await desk.arm()
    await control.faults(gift={"token_id": BTC.token_id, "amount": 1})
    shot = await desk.until(lambda shot: not shot.reconciled, 45)
    [line] = [one for one in shot.interlocks if one.ident == "proof"]
    assert (line.passed, line.warning, line.measured) == (True, True, "+1 base units of BTC unexplained")
    assert shot.executor_armed
    await until_accepted(desk)


async def until_accepted(desk: DeskProcess) -> None:
    async def accepted() -> bool:
        return (await accept(desk, "--btc=0.00000001", "--reason", "dust"))[0] == 0

    await until(accepted, 20)
