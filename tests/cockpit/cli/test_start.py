"""What refuses a start: settings, their file, a state directory in use. No secret in any message."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.processes.sandbox_run import NOT_LOOPBACK
from tests.support.processes.command import ACCOUNT, GOOD, env_file, private_key, run
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.processes import Process, bare_environment
from tests.support.waiting import until

CANARY = "canary5ecret"
COMMANDS = (("desk",), ())


def refused(ran: "subprocess.CompletedProcess[str]") -> list[str]:
    """The lines of a refused start."""
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    assert CANARY not in ran.stderr
    return ran.stderr.splitlines()


@pytest.mark.parametrize("command", COMMANDS)
def test_each_missing_setting_is_a_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    lines = refused(run(*command, cwd=tmp_path))
    names = ("NEAR_INTENTS_API_KEY", "NEAR_INTENTS_ACCOUNT_ID", "NEAR_INTENTS_SIGNER_PRIVATE_KEY")
    assert [line.split(" ")[0] for line in lines] == list(names)
    assert all("missing" in line and "expected" in line for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_each_malformed_setting_is_a_line_and_no_value_is_shown(tmp_path: Path) -> None:
    key = private_key(b"canary-canary-canary-canary-cana")
    wrong = {
        "NEAR_INTENTS_API_KEY": f"two {CANARY}s",
        "NEAR_INTENTS_ACCOUNT_ID": f"UPPER {CANARY}",
        "NEAR_INTENTS_SIGNER_PRIVATE_KEY": key[:-1],
        "POSTGRES_URL": f"mysql://user:{CANARY}@example.com/db",
        "NEAR_INTENTS_RELAY_WS_URL": f"ws://relay.example.com/{CANARY}",
        "NEAR_INTENTS_BRIDGE_URL": f"https://user:{CANARY}@example.com/rpc",
        "NEAR_RPC_URL": f"https://rpc.example.com,ftp://{CANARY}",
        "STRATEGY_MAX_NOTIONAL_EURE": f"-5{CANARY}",
        "STRATEGY_HALF_SPREAD_BPS": "NaN",
        "QUOTE_DEADLINE_MS": "1.5",
        "REFERENCE_MIN_SOURCES": "4",
        "COCKPIT_LOG_LEVEL": CANARY,
        "COCKPIT_STATE_DIR": CANARY,
    }
    ran = run("desk", cwd=tmp_path, environ={**GOOD, **wrong})
    lines = refused(ran)
    assert sorted(line.split(":")[0] for line in lines) == sorted(wrong)
    assert all("expected" in line for line in lines)
    assert key[8:-1] not in ran.stderr


def test_contradicting_settings_are_refused(tmp_path: Path) -> None:
    wrong = {"INVENTORY_POLL_MS": "20000", "QUOTE_DEADLINE_MS": "130000"}
    lines = refused(run("desk", cwd=tmp_path, environ={**GOOD, **wrong}))
    assert sorted(line.split(":")[0] for line in lines) == sorted(wrong)


@pytest.mark.parametrize("mode", [0o644, 0o620])
def test_a_settings_file_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    env_file(tmp_path, {**GOOD, "NEAR_INTENTS_API_KEY": CANARY}, mode)
    assert refused(run("desk", cwd=tmp_path)) == [".env can be read by other users; run chmod 600 .env"]
    named = env_file(tmp_path, {**GOOD, "NEAR_INTENTS_API_KEY": CANARY}, mode, "my settings")
    for command in (("desk",), ("sandbox", "--headless", "--for", "1")):
        [line] = refused(run(*command, "--env-file", str(named), cwd=tmp_path))
        assert line.endswith(f"run chmod 600 '{named}'")


def test_an_endpoint_off_loopback_is_refused_by_the_sandbox(tmp_path: Path, short_dir: Path) -> None:
    own = {
        "NEAR_INTENTS_API_KEY": CANARY,
        "NEAR_INTENTS_ACCOUNT_ID": "real.near",
        "NEAR_INTENTS_SIGNER_PRIVATE_KEY": private_key(b"canary-canary-canary-canary-cana"),
        "NEAR_RPC_URL": "https://rpc.example.com",
    }
    ran = run(
        "sandbox",
        "--headless",
        "--arm",
        "--for",
        "1",
        "--env-file",
        str(env_file(tmp_path, own)),
        cwd=tmp_path,
        environ={"COCKPIT_STATE_DIR": str(short_dir)},
    )
    [line] = refused(ran)
    assert line == NOT_LOOPBACK
    assert list(short_dir.iterdir()) == []


def test_an_invalid_setting_is_refused_before_a_sandbox_is_started(tmp_path: Path, short_dir: Path) -> None:
    own = env_file(tmp_path, {"STRATEGY_HALF_SPREAD_BPS": CANARY, "QUOTE_DEADLINE_MS": "-1"})
    state = {"COCKPIT_STATE_DIR": str(short_dir)}
    for flags in (("--headless", "--for", "1"), ()):
        lines = refused(run("sandbox", *flags, "--env-file", str(own), cwd=tmp_path, environ=state))
        assert [line.split(":")[0] for line in lines] == ["STRATEGY_HALF_SPREAD_BPS", "QUOTE_DEADLINE_MS"]
    deep = {"COCKPIT_STATE_DIR": str(short_dir / ("x" * 80))}
    [line] = refused(run("sandbox", "--headless", "--for", "1", cwd=tmp_path, environ=deep))
    assert line.startswith("COCKPIT_STATE_DIR: expected a path short enough")
    assert list(short_dir.iterdir()) == []


@pytest.fixture
def running(short_dir: Path) -> Iterator[DeskProcess]:
    """A desk whose endpoints all refuse connections."""
    desk = DeskProcess(short_dir, dict(GOOD))
    desk.spawn()
    yield desk
    if desk.process.running:
        desk.process.kill()


async def test_a_second_desk_is_refused_and_the_first_keeps_running(running: DeskProcess, tmp_path: Path) -> None:
    await until(running.socket_path.exists, 20, "the desk listens")
    ran = run("desk", "--env-file", str(running.env_file), cwd=tmp_path, environ={"COCKPIT_STATE_DIR": ""})
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert f"process {running.process.pid}" in ran.stderr
    assert str(running.state_dir) in ran.stderr
    assert (await running.snapshot()).account == ACCOUNT
    assert running.process.stop() == 0
    await running.link.close()


async def test_a_history_of_another_account_is_refused(running: DeskProcess, tmp_path: Path) -> None:
    await until(running.socket_path.exists, 20, "the desk listens")
    assert running.process.stop() == 0
    environ = {**GOOD, "NEAR_INTENTS_ACCOUNT_ID": "other.near", "COCKPIT_STATE_DIR": str(running.state_dir)}
    ran = run("desk", cwd=tmp_path, environ=environ)
    assert ran.returncode == 1
    assert ACCOUNT in ran.stderr
    assert "other.near" in ran.stderr
    assert "COCKPIT_STATE_DIR" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_state_directory_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    ran = run("desk", cwd=tmp_path, environ={**GOOD, "COCKPIT_STATE_DIR": str(file / "state")})
    assert ran.returncode == 1
    assert "COCKPIT_STATE_DIR" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_desk_can_be_stopped_while_it_starts(tmp_path: Path, short_dir: Path) -> None:
    environ = bare_environment(**GOOD, COCKPIT_STATE_DIR=str(short_dir))
    process = Process(["desk"], tmp_path / "log", environ)
    assert process.stop() in (0, -15)
    assert "Traceback" not in process.output()
