"""The venue's reference solver, from a checkout of its public repository with the packages of its own lock.

Its settings are those that its README names. They name loopback addresses only, and a wall keeps it from any other.
"""

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.public_makers.errors import PublicMakerError
from bench.public_makers.settings import MakerCommand, MakerSettings
from tests.support.walls import NODE_WALL
from venue.protocol.assets import INTENTS_CONTRACT

NAME = "reference solver"
PACKAGE = "near-intents-amm-solver"
INSTALL = "run npm ci in {directory}"
NEP141 = "nep141:"
T = TypeVar("T")
_LOCK, _INSTALLED = "package-lock.json", "node_modules/.package-lock.json"


class _Package(msgspec.Struct):
    name: str = ""
    scripts: dict[str, str] = {}


class _Locked(msgspec.Struct):
    version: str = ""


class _Lock(msgspec.Struct):
    packages: dict[str, _Locked]


def solver_command(directory: Path, settings: MakerSettings, search: str | None = None) -> MakerCommand:
    """Return how to start the solver of this checkout. ``search``: where Node is looked for, None for PATH.

    Raises PublicMakerError where Node, the checkout or its packages are missing or others than its lock names.
    """
    node = shutil.which("node", path=search)
    if node is None:
        raise PublicMakerError("it needs Node, and there is none on PATH")
    package = _read(directory / "package.json", _Package, f"clone {PACKAGE} there")
    if package.name != PACKAGE:
        raise PublicMakerError(f"{directory} holds {package.name[:100] or 'another program'} and not {PACKAGE}")
    _check_packages(directory)
    start = package.scripts.get("start", "")
    words = _words(start)
    if words[:1] != ["node"]:
        raise PublicMakerError(f"its start script does not run node: {start[:200]}")
    return MakerCommand(
        version=_commit(directory),
        order=(node, "--require", str(NODE_WALL), *words[1:]),
        directory=directory,
        environ=_environment(settings),
    )


def _words(script: str) -> list[str]:
    try:
        return shlex.split(script)
    except ValueError:
        return []


def _environment(settings: MakerSettings) -> dict[str, str]:
    market = settings.market
    return {
        "PATH": os.environ.get("PATH", ""),
        # No file of settings has this name; those that a checkout may have are for its owner's own account.
        "NODE_ENV": "bench",
        # As it is started usually, but its types are checked: that costs 140 MB and seconds.
        "TS_NODE_TRANSPILE_ONLY": "true",
        "TEE_ENABLED": "false",
        "NEAR_NETWORK_ID": "mainnet",
        "NEAR_NODE_URL": settings.node_url,
        "NEAR_NODE_URLS": settings.node_url,
        "NEAR_ACCOUNT_ID": settings.account,
        "NEAR_PRIVATE_KEY": settings.private_key,
        "RELAY_WS_URL": settings.relay_url,
        "INTENTS_CONTRACT": INTENTS_CONTRACT,
        "AMM_TOKEN1_ID": market.base.token_id.removeprefix(NEP141),
        "AMM_TOKEN2_ID": market.quote.token_id.removeprefix(NEP141),
        "MARGIN_PERCENT": "0.3",
        "ONE_CLICK_API_ONLY": "false",
        "APP_PORT": "0",
        # The least it can say: it is not to be slower because it talks.
        "LOG_LEVEL": "error",
    }


def _check_packages(directory: Path) -> None:
    install = INSTALL.format(directory=directory)
    locked = _read(directory / _LOCK, _Lock, f"clone {PACKAGE} there")
    installed = _read(directory / _INSTALLED, _Lock, install)
    for path, found in installed.packages.items():
        wanted = locked.packages.get(path, _Locked())
        if found.version != wanted.version:
            raise PublicMakerError(
                f"{path[:100]} is {found.version[:40]} and not {wanted.version[:40] or 'in its lock'}; {install}"
            )


def _read(path: Path, kind: type[T], remedy: str) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError) as error:
        raise PublicMakerError(f"{path} cannot be read ({error}); {remedy}") from None


def _commit(directory: Path) -> str:
    if not (directory / ".git").exists():
        return "of an unknown commit"
    try:
        found = subprocess.run(
            ["git", "-C", str(directory), "rev-parse", "--short", "HEAD"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "of an unknown commit"
    return f"of commit {found.stdout.strip()}"
