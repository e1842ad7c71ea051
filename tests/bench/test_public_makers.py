"""Public makers beside the desk: what is missing or broken is said in a sentence, and the bench goes on."""

import contextlib
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import psutil
import pytest

from bench.bench_desk import BenchDesk, bare_environment
from bench.public_makers.errors import PublicMakerError
from bench.public_makers.py_near import quoter_command
from bench.public_makers.reference_solver import PACKAGE, solver_command
from bench.public_makers.running_makers import MARKET, RunningMakers
from bench.public_makers.settings import MakerCommand, MakerSettings
from bench.reaction_turns import ReactionBench, ReactionOptions
from bench.sender_process import SenderProcess
from bench.taker import bench_taker
from bench.usage import Usage, until_quiet
from bench.venues import start_venue
from tests.support.waiting import until
from tests.support.walls import PYTHON_WALL

ROOT = Path(__file__).parents[2]
START = "node -r ts-node/register src/main.ts"
SETTINGS = MakerSettings(
    account="solver.near",
    private_key="ed25519:key",
    node_url="http://127.0.0.1:1",
    relay_url="ws://127.0.0.1:2/solver",
    market=MARKET,
    life_ms=60_000,
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a checkout with one package installed, and a Node on the search path ``bin``."""
    node = tmp_path / "bin" / "node"
    node.parent.mkdir()
    node.write_text("#!/bin/sh\n", "utf-8")
    node.chmod(0o700)
    directory = tmp_path / "solver"
    write(directory / "package.json", {"name": PACKAGE, "scripts": {"start": START}})
    for name in ("package-lock.json", "node_modules/.package-lock.json"):
        write(directory / name, {"packages": {"node_modules/ws": {"version": "8.1.0"}}})
    return directory


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")


def command(checkout: Path) -> MakerCommand:
    return solver_command(checkout, SETTINGS, str(checkout.parent / "bin"))


def test_the_solver_runs_as_its_start_script_says_behind_the_wall_and_on_loopback_only(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://192.0.2.1")
    monkeypatch.setenv("NODE_OPTIONS", "--require other.cjs")
    found = command(checkout)
    node, require, wall, *rest = found.order
    assert (node, require, rest) == (str(checkout.parent / "bin" / "node"), "--require", START.split()[1:])
    assert Path(wall).is_file()
    assert (found.directory, found.version) == (checkout, "of an unknown commit")
    urls = {value for value in found.environ.values() if "://" in value}
    assert urls == {SETTINGS.node_url, SETTINGS.relay_url}
    assert not {"HTTPS_PROXY", "NODE_OPTIONS"} & set(found.environ)
    assert found.environ["AMM_TOKEN1_ID"] == MARKET.base.near_token


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("package.json", None, f"cannot be read .*clone {PACKAGE} there"),
        ("package.json", {"name": "other", "scripts": {"start": START}}, f"holds other and not {PACKAGE}"),
        ("package.json", {"name": PACKAGE}, "start script does not run node"),
        ("package.json", {"name": PACKAGE, "scripts": {"start": "sh -c node"}}, "does not run node: sh -c node"),
        ("package.json", {"name": PACKAGE, "scripts": {"start": "node 'unclosed"}}, "does not run node"),
        ("package-lock.json", [], "cannot be read"),
        ("package-lock.json", {"packages": {}}, "ws is 8.1.0 and not in its lock; run npm ci in"),
        (
            "package-lock.json",
            {"packages": {"node_modules/ws": {"version": "8.2.0"}}},
            "ws is 8.1.0 and not 8.2.0; run npm ci in",
        ),
        ("node_modules/.package-lock.json", None, "cannot be read .*; run npm ci in"),
    ],
)
def test_a_checkout_that_cannot_be_measured_is_said_with_what_to_do(
    checkout: Path, name: str, content: object, said: str
) -> None:
    (checkout / name).unlink()
    if content is not None:
        write(checkout / name, content)
    with pytest.raises(PublicMakerError, match=said):
        command(checkout)


def test_without_node_the_solver_has_no_row(checkout: Path) -> None:
    with pytest.raises(PublicMakerError, match="needs Node"):
        solver_command(checkout, SETTINGS, str(checkout))


@pytest.mark.parametrize(("python", "said"), [(sys.executable, "has no py-near"), ("/nowhere/python", "does not run")])
def test_a_python_without_py_near_is_said(python: str, said: str) -> None:
    with pytest.raises(PublicMakerError, match=said):
        quoter_command(Path(python), SETTINGS)


@contextlib.asynccontextmanager
async def running_makers() -> AsyncIterator[RunningMakers]:
    venue = await start_venue(rate=0, other_pairs=0)
    sender = SenderProcess()
    await sender.start()
    try:
        async with bench_taker(venue.env()) as taker:
            yield RunningMakers(sender=sender, taker=taker, env=venue.env(), runs=count(1), life_ms=5_000)
    finally:
        await sender.end()
        await venue.stop()


def started(*order: str) -> MakerCommand:
    return MakerCommand(version="1", order=order, directory=ROOT, environ=bare_environment())


def python(script: str) -> MakerCommand:
    return started(sys.executable, "-c", script)


async def test_a_maker_that_does_not_start_ends_or_never_answers_leaves_a_sentence_and_no_process(
    tmp_path: Path,
) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text("import socket; socket.create_connection(('192.0.2.1', 80), 1)", "utf-8")
    broken = {
        "nowhere": (started("/nowhere/node"), 30.0, "it does not start"),
        "broken": (python("raise ValueError('no \x1b[31mbalance')"), 30.0, "exit code 1: ValueError: no .31mbalance"),
        "reaches out": (
            started(sys.executable, str(PYTHON_WALL), str(outside)),
            30.0,
            "it ended with exit code 1: PermissionError: not on this machine: '192.0.2.1'",
        ),
        "silent": (python("import time; time.sleep(600)"), 0.2, "it answered no request within 0.2 s"),
    }
    async with running_makers() as makers, contextlib.AsyncExitStack() as stack:
        before = children()
        for name, (order, within_s, said) in broken.items():

            def make(_: MakerSettings, order: MakerCommand = order) -> MakerCommand:
                return order

            await makers.add(name, make, stack, tmp_path, within_s=within_s)
            assert makers.missing[-1].startswith(f"No row for the {name}: it")
            assert re.search(said, makers.missing[-1])
            assert children() == before
        assert makers.makers == {}
        assert len(makers.missing) == len(broken)


async def test_a_maker_that_dies_amid_its_turns_is_dropped_with_its_last_words(tmp_path: Path) -> None:
    async with running_makers() as makers, contextlib.AsyncExitStack() as stack:
        await makers.add(
            "other echo", lambda told: started(sys.executable, "-m", "bench.echo", told.relay_url), stack, tmp_path
        )
        assert makers.missing == []
        process = makers.makers["other echo"].process
        bench = alone(makers, tmp_path)
        await bench.warm_up()
        assert list(makers.makers) == ["other echo"]
        os.kill(process.pid, 9)

        async def gone() -> bool:
            return bool(process.ended())

        await until(gone, 30)
        assert await bench.turns() == []
        assert makers.makers == {}
        assert makers.missing == ["No row for the other echo: it ended with exit code -9: nothing"]


def alone(makers: RunningMakers, directory: Path) -> ReactionBench:
    """Return a bench of these makers only."""
    options = ReactionOptions(
        rates=(50.0, 200.0),
        seconds=0.1,
        warm_up_s=0.0,
        repetitions=2,
        tables=(0.0,),
        cockpit=False,
        echo_uvloop=False,
        life_s=0.1,
    )
    return ReactionBench(
        options,
        sender=makers.sender,
        desk=BenchDesk(directory, {}),
        account="maker.near",
        pids={},
        taker=makers.taker,
        others=makers,
        runs=makers.runs,
    )


class ScriptedUsage(Usage):
    """Uses as much CPU as the test says."""

    def __init__(self, *percents: float) -> None:
        super().__init__(os.getpid())
        self.left = list(percents)

    def cpu_percent(self) -> float:
        return self.left.pop(0)


async def test_what_a_maker_has_left_to_do_is_waited_for() -> None:
    usage = ScriptedUsage(100.0, 21.0, 19.0, 100.0)
    await until_quiet(usage, every_s=0)
    assert usage.left == [100.0]


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}
