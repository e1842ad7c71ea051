"""A stage of the venue under another contract: what the desk signs there is settled and paid out there."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.model.commands import WithdrawalOrder
from tests.support.processes.command import run
from tests.support.processes.desk_process import DeskProcess, accepted
from tests.support.processes.venue_process import VenueProcess
from tests.support.sandbox.signing import BTC_ADDRESS

CONTRACT = "staging-intents.near"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[VenueProcess]:
    """A venue whose traders ask all the time, and whose Verifier has another name."""
    options = ("--rate", "20", "--other-pairs", "0", "--no-rivals", "--deposit-btc", "0", "--settle-s", "0.05", "0.1")
    started = VenueProcess(
        tmp_path, *options, "--funded", "BTC", "--set", f"contract={CONTRACT}", "--set", "index_after_s=0.1"
    )
    yield started
    assert started.process.stop() == 0


async def test_a_desk_of_a_stage_signs_for_its_contract(stage: VenueProcess, short_dir: Path) -> None:
    state_dir = short_dir / "desk"
    state_dir.mkdir(mode=0o700)
    desk = DeskProcess(state_dir, {**stage.env, "WITHDRAWAL_COOLING_MS": "0"})
    try:
        # Without the name, the Verifier is not found and nothing can be armed.
        await desk.start()
        shot = await desk.until(lambda shot: any(row.ident == "key" and not row.passed for row in shot.interlocks))
        assert shot.executor_blocked
        desk.process.send(signal.SIGTERM)
        assert desk.process.wait() == 0

        markets = state_dir / "markets.toml"
        markets.write_text(f'[stage]\ncontract = "{CONTRACT}"\n')
        markets.chmod(0o600)
        await desk.start()
        await desk.ready()
        order = WithdrawalOrder(asset_id="BTC", amount="100000", destination_address=BTC_ADDRESS, idempotency_key="one")
        accepted(await desk.link.freeze(False))
        await desk.link.review(order)
        accepted(await desk.link.withdraw(order))
        await desk.until(lambda shot: any(row.destination_hash for row in shot.withdrawals), 30, "paid out")

        await desk.arm()
        shot = await desk.until(lambda shot: shot.counts.settled > 0, 30, "a fill on the stage")
        assert shot.stage == f"stage {CONTRACT}, by {markets}"
        assert f"the desk works on {shot.stage}" in shot.findings
        assert desk.rows("SELECT reason FROM operator_actions WHERE command_id = ?", f"start-{shot.run_id}") == [
            (f"started disarmed; {shot.stage}",)
        ]
        assert CONTRACT in shot.key.command

        checked = run(
            "check",
            "--env-file",
            str(desk.env_file),
            "--listen",
            "1",
            cwd=short_dir,
            environ={"COCKPIT_STATE_DIR": str(state_dir)},
        )
        assert shot.stage in checked.stdout
        assert "token nBTC  BTC, leaves to btc:mainnet by omni" in checked.stdout
        assert "requests in " in checked.stdout
    finally:
        await desk.close()
