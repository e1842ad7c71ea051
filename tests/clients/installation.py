"""Installs the pinned clients from the registries that npm and pip are configured for, outside the tree."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

LISTS = Path(__file__).parent / "lists"
OLDEST_NODE = 20
WITHIN_S = 600
TOLD = 1_500


class InstallationError(AssertionError):
    """The clients could not be installed."""


def cache_directory() -> Path:
    """Return where installed clients stay between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "near-intents-cockpit" / "clients"


def why_no_node(environ: Mapping[str, str], search: str | None = None) -> str | None:
    """Return why the clients in JavaScript cannot run on this machine, or None.

    InstallationError in CI, where a Node that is there must be good enough.
    """
    node, npm = shutil.which("node", path=search), shutil.which("npm", path=search)
    if node is None or npm is None:
        return f"needs Node {OLDEST_NODE} and npm"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) >= OLDEST_NODE:
        return None
    reason = f"needs Node {OLDEST_NODE}; this is {version}"
    if environ.get("CI") == "true":
        raise InstallationError(reason)
    return reason


def install_node_clients(cache: Path, environ: Mapping[str, str]) -> Path:
    """Return the directory whose ``node_modules`` holds the clients; installs them once for each lock file."""
    names = [LISTS / "package.json", LISTS / "package-lock.json"]

    def fill(directory: Path) -> None:
        for name in names:
            shutil.copy(name, directory)
        options = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--omit=optional", "--omit=peer"]
        _run(["npm", "ci", *options], directory, environ, "npm")

    return _once(cache, "node", names, fill)


def install_python_clients(cache: Path, environ: Mapping[str, str]) -> Path:
    """Return the Python of a virtual environment that holds the clients; made once for each list of versions."""
    names = [LISTS / "requirements.txt"]

    def fill(directory: Path) -> None:
        _run([sys.executable, "-m", "venv", "--without-pip", "."], directory, environ, "venv")
        pip = [sys.executable, "-m", "pip", "--python", str(directory / "bin" / "python"), "install", "-q"]
        options = ["--no-compile", "--only-binary", ":all:", "--no-deps", "-r", str(names[0])]
        _run([*pip, *options], directory, environ, "pip")

    return _once(cache, python_kind(), names, fill) / "bin" / "python"


def python_kind() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def _once(cache: Path, kind: str, names: Sequence[Path], fill: Callable[[Path], None]) -> Path:
    """Fill a directory named after the contents of the lists; what is half filled is never seen."""
    digest = hashlib.sha256(b"\0".join(name.read_bytes() for name in names)).hexdigest()[:16]
    place = cache / f"{kind}-{digest}"
    with _locked(cache, kind):
        if not place.exists():
            half = Path(tempfile.mkdtemp(prefix="half-", dir=cache))
            try:
                fill(half)
                half.rename(place)
            finally:
                shutil.rmtree(half, ignore_errors=True)
    return place


@contextmanager
def _locked(cache: Path, kind: str) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{kind}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(order: Sequence[str], directory: Path, environ: Mapping[str, str], installer: str) -> None:
    try:
        done = subprocess.run(
            order,
            cwd=directory,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InstallationError(f"{installer} has not installed the clients within {WITHIN_S} s") from None
    if done.returncode:
        raise InstallationError(
            f"{installer} could not install the clients; does it reach its registry? {done.stderr[-TOLD:]}"
        )


def require_node() -> None:
    """Skip the test where Node or npm is missing."""
    reason = why_no_node(os.environ)
    if reason is not None:
        pytest.skip(reason)
