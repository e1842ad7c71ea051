"""Where state and configuration lie: the files of the state directory and the XDG defaults."""

import os
from collections.abc import Mapping
from pathlib import Path

SOCKET_NAME = "desk.sock"
READ_ONLY_SOCKET_NAME = "desk-ro.sock"
HISTORY_NAME = "history.sqlite"
JOURNAL_NAME = "history.journal"
KEYS_NAME = "keys.toml"
MARKETS_NAME = "markets.toml"
PRESETS_NAME = "presets.toml"
ALERTS_NAME = "alerts.toml"
INSTANCE_ID_NAME = "relay-instance"


def default_state_dir(environ: Mapping[str, str]) -> Path:
    """Return COCKPIT_STATE_DIR, or else near-cockpit in the XDG state directory."""
    return Path(state_dir_of(environ.get("COCKPIT_STATE_DIR") or None, environ))


def default_keys_file(environ: Mapping[str, str]) -> Path:
    """Return COCKPIT_KEYS_FILE, or else near-cockpit/keys.toml in the XDG configuration directory."""
    return Path(keys_file_of(environ.get("COCKPIT_KEYS_FILE") or None, environ))


def state_dir_of(given: str | None, environ: Mapping[str, str]) -> str:
    if given is not None:
        return _expand_home(given, environ)
    return str(Path(_base("XDG_STATE_HOME", ".local/state", environ), "near-cockpit"))


def keys_file_of(given: str | None, environ: Mapping[str, str]) -> str:
    if given is not None:
        return _expand_home(given, environ)
    return str(Path(_base("XDG_CONFIG_HOME", ".config", environ), "near-cockpit", KEYS_NAME))


def markets_files(given: str | None, environ: Mapping[str, str], state_dir: str) -> tuple[str, ...]:
    """Return where the markets may lie: the file that was given, else in the state or the configuration directory."""
    if given is not None:
        return (_expand_home(given, environ),)
    config = Path(_base("XDG_CONFIG_HOME", ".config", environ), "near-cockpit", MARKETS_NAME)
    return tuple(dict.fromkeys((str(Path(state_dir, MARKETS_NAME)), str(config))))


def find_alerts_file(given: str | None, environ: Mapping[str, str], state_dir: str) -> str:
    """Return the file that was given, else the one in the state or configuration directory; ``none`` without one."""
    if given == "none":
        return given
    if given is not None:
        return _expand_home(given, environ)
    config = Path(_base("XDG_CONFIG_HOME", ".config", environ), "near-cockpit", ALERTS_NAME)
    places = (path for path in (Path(state_dir, ALERTS_NAME), config) if path.is_absolute() and os.path.lexists(path))
    return str(next(places, "none"))


def _expand_home(given: str, environ: Mapping[str, str]) -> str:
    home = environ.get("HOME") or str(Path.home())
    return home + given[1:] if given == "~" or given.startswith("~/") else given


def _base(name: str, below_home: str, environ: Mapping[str, str]) -> str:
    # A directory of the XDG base directory specification, which says to ignore relative ones.
    base = environ.get(name, "")
    return base if base.startswith("/") else _expand_home(f"~/{below_home}", environ)
