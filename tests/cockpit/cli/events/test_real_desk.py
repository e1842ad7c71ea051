"""`cockpit events --follow` beside a whole desk, across its end and its next start; no secret is in what it prints."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from storage.topics.lines import BY_TOPIC, DESK, GAP
from tests.support.processes.command import GOOD
from tests.support.processes.desk_process import DeskProcess, accepted
from tests.support.processes.processes import bare_environment
from tests.support.waiting import until

SECRETS = ("NEAR_INTENTS_API_KEY", "NEAR_INTENTS_SIGNER_PRIVATE_KEY")


@pytest.mark.slow
@pytest.mark.parametrize("socket", ["desk.sock", "desk-ro.sock"])
async def test_each_recorded_event_is_printed_once_and_nothing_secret(short_dir: Path, socket: str) -> None:
    secret = {"NEAR_INTENTS_API_KEY": "a-token-that-nobody-may-see"}
    desk = DeskProcess(short_dir, {**GOOD, **secret})
    follower = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cockpit", "events", "--follow", "--socket", str(short_dir / socket)),
        cwd=short_dir,
        env=bare_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    printed: list[str] = []

    async def read() -> None:
        assert follower.stdout is not None
        while line := await follower.stdout.readline():
            printed.append(line.decode())

    reading = asyncio.create_task(read())

    def of(topic: str) -> list[dict[str, Any]]:
        return [one for one in map(json.loads, printed) if one["topic"] == topic]

    try:
        await until(lambda: of(DESK), 30)
        for number in range(2):
            await desk.start()
            accepted(await desk.link.note(f"note {number}"))
            desk.process.stop()
        rows = desk.count("SELECT COUNT(*) FROM operator_actions")
        await until(lambda: len(of("ops.operator_action")) >= rows, 30)
        follower.send_signal(signal.SIGINT)
        await reading
        ids = [(one["run_id"], one["command_id"], one["command"]) for one in of("ops.operator_action")]
        recorded = desk.rows("SELECT run_id, command_id, command FROM operator_actions ORDER BY id")
        assert ids == recorded
        for topic, table in BY_TOPIC.items():
            assert len(of(topic)) == desk.count(f"SELECT COUNT(*) FROM {table.name}"), topic
        assert of(GAP) == []
        assert not [name for name in SECRETS if any(desk.settings[name] in line for line in printed)]
        assert follower.stderr is not None
        assert await follower.stderr.read() == b""
    finally:
        if follower.returncode is None:
            follower.kill()
        await desk.close()
