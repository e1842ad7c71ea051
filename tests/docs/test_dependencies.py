"""What the program runs with is installed by hash: the lock file is complete, and equals the constraints."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.docs.pages import ROOT

LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PAGES = (ROOT / "README.md", ROOT / "docs" / "runbook.md", ROOT / "docs" / "development.md")
BUILD_ONLY = {"editables", "hatchling", "pathspec", "pluggy", "tomlkit", "trove-classifiers"}
GONE = {"base58-bech32", "py-near-primitives", "safe-pysha3"}


def locked() -> dict[str, tuple[str, list[str]]]:
    """Version and hashes by name."""
    found: dict[str, tuple[str, list[str]]] = {}
    for entry in LOCK.replace("\\\n", " ").splitlines():
        if entry.strip() and not entry.startswith(("#", "--")):
            pinned, *hashes = entry.split()
            name, version = pinned.split("==")
            assert canonicalize_name(name) not in found
            found[canonicalize_name(name)] = version, hashes
    return found


def constrained() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def needed(requirements: list[str], extras: frozenset[str] = frozenset()) -> Iterator[str]:
    """Names of all that these requirements bring with them, on any system."""
    for text in requirements:
        wanted = Requirement(text)
        if wanted.marker is not None and not any(
            wanted.marker.evaluate({"extra": extra, "sys_platform": system, "platform_system": system.capitalize()})
            for extra in ("", *extras)
            for system in ("linux", "darwin")
        ):
            continue
        yield canonicalize_name(wanted.name)
        yield from needed(distribution(wanted.name).requires or [], frozenset(wanted.extras))


def test_all_that_the_program_runs_with_is_pinned_and_hashed() -> None:
    run_time = set(needed(PROJECT["project"]["dependencies"]))
    assert run_time | BUILD_ONLY | {"packaging"} == set(locked())
    assert PROJECT["build-system"]["requires"] == [f"hatchling=={locked()['hatchling'][0]}"]
    for name, (_, hashes) in locked().items():
        assert hashes, name
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes), name
        assert len(set(hashes)) == len(hashes), name


def test_the_lock_has_the_versions_of_the_constraints_and_of_the_tests() -> None:
    constraints = constrained()
    for name, (version, _) in locked().items():
        assert constraints[name] == version, name
        assert name in BUILD_ONLY or distribution(name).version == version, name


def test_pip_takes_nothing_without_a_hash_and_builds_nothing() -> None:
    options = [line for line in LOCK.splitlines() if line.startswith("--")]
    assert options == ["--require-hashes", "--only-binary :all:"], "an index of its own would be one more"


def test_every_command_that_installs_uses_the_lock_first() -> None:
    shown = [line for page in PAGES for line in page.read_text("utf-8").splitlines() if " -e " in line]
    assert len(shown) >= 3
    for line in shown:
        assert ".venv/bin/pip install -q --require-hashes -r requirements.lock && " in line
        rest = line.split("requirements.lock && ")[1]
        assert rest.startswith(".venv/bin/pip install -q --no-build-isolation ")
        assert "--no-deps -e ." in rest or "-c constraints.txt -e '.[dev]'" in rest


def test_what_was_replaced_is_gone() -> None:
    assert not GONE & (set(locked()) | set(constrained()))
    assert not GONE & {canonicalize_name(Requirement(one).name) for one in PROJECT["project"]["dependencies"]}
