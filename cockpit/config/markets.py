"""The tokens, markets and stage that a program works on: the built-in ones, and those of ``markets.toml``."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from cockpit.config import validators as fields
from cockpit.config.errors import InvalidSettingError
from cockpit.config.owned_file import read_owned
from cockpit.config.paths import markets_files
from venue.protocol.assets import INTENTS_CONTRACT
from venue.protocol.tokens import DEFAULT_TOKENS, OMNI_BRIDGE, TokenTable

BUILT_IN_ONLY = "none"
"""Value of ``COCKPIT_MARKETS_FILE`` with which no file is read."""
MAX_BYTES = 64 * 1024


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Names of contracts, and of services by the name of the setting that overrides each."""

    contract: str = INTENTS_CONTRACT
    omni_bridge: str = OMNI_BRIDGE
    services: Mapping[str, str] = {}

    @property
    def built_in(self) -> bool:
        return self == Stage()


class Markets(msgspec.Struct, frozen=True, kw_only=True):
    """``path`` is the file that was read; None without one."""

    path: Path | None = None
    tokens: TokenTable = DEFAULT_TOKENS
    stage: Stage = Stage()

    @property
    def stage_note(self) -> str:
        """Name the contract and the file of a stage that is not the built-in one; empty for that one."""
        return "" if self.stage.built_in else f"stage {self.stage.contract}, by {self.path}"


def load_markets(given: str | None, environ: Mapping[str, str], state_dir: str) -> tuple[Markets, tuple[str, ...]]:
    """Read the file that was ``given``, or the one found in the state or the configuration directory.

    Returns the built-in markets where there is none, or with the problems that forbid its use.
    """
    if given == BUILT_IN_ONLY:
        return Markets(), ()
    try:
        places = markets_files(given, environ, state_dir)
        if given is None:
            places = tuple(place for place in places if place.startswith("/"))
        found = [path for path in map(fields.file, places) if given is not None or path.exists()]
    except InvalidSettingError as error:
        return Markets(), (f"COCKPIT_MARKETS_FILE: {error}",)
    except OSError as error:
        return Markets(), (f"cannot look for markets.toml: {error.strerror}",)
    if len(found) > 1:
        return Markets(), (f"there are two files of markets, {found[0]} and {found[1]}; keep one",)
    if not found:
        return Markets(), ()
    return _read(found[0])


def _read(path: Path) -> tuple[Markets, tuple[str, ...]]:
    # Late, because most starts have no such file.
    from cockpit.config.market_file import parse

    file = read_owned(path, others_may="read", max_bytes=MAX_BYTES)
    if file.text is None:
        return Markets(), (file.problem or f"COCKPIT_MARKETS_FILE: there is no file {path}",)
    tokens, stage, problems = parse(file.text)
    if tokens is None or stage is None or problems:
        return Markets(), tuple(f"{path}: {problem}" for problem in problems)
    return Markets(path=path, tokens=tokens, stage=stage), ()
