"""What the alert service keeps on disk, so that neither its end nor the desk's loses an alert. It holds no URL."""

import contextlib
import os
import re
from pathlib import Path

import msgspec

from cockpit.alerting.alert_book import Topic
from cockpit.alerting.message import AlertMessage
from cockpit.model.alerts.state import UndeliveredRow

NAME = "alerts.json"
MAX_BYTES = 16 << 20
_DRAFT = re.compile(r"alerts\.([1-9][0-9]{0,8})\.new", re.ASCII)
"""What a service with this process id writes before it replaces the file."""


class KeptState(msgspec.Struct, kw_only=True):
    """``waiting``: messages by target. ``undelivered_count`` counts also what is no longer in ``undelivered``."""

    topics: tuple[Topic, ...] = ()
    waiting: dict[str, tuple[AlertMessage, ...]] = {}
    undelivered: tuple[UndeliveredRow, ...] = ()
    undelivered_count: int = 0
    undelivered_seen: int = 0
    acknowledged_ns: int = 0
    digest_ns: int = 0


def read_state(directory: Path) -> tuple[KeptState, str]:
    """Return what was kept, and what is wrong with it: a file that cannot be read is set aside."""
    path = directory / NAME
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return KeptState(), ""
    except OSError as error:
        return KeptState(), f"cannot read {path}: {error.strerror}; alerts from before are unknown"
    try:
        if len(content) > MAX_BYTES:
            raise ValueError("too large")
        return msgspec.json.decode(content, type=KeptState), ""
    except (ValueError, RecursionError):
        aside = path.with_suffix(".unreadable")
        with contextlib.suppress(OSError):
            path.replace(aside)
        return KeptState(), f"{path} could not be read and is now {aside.name}; alerts from before are unknown"


def peek_state(directory: Path) -> KeptState | None:
    """Return what is kept and change nothing; None when it cannot be read."""
    try:
        with (directory / NAME).open("rb") as file:
            return msgspec.json.decode(file.read(MAX_BYTES), type=KeptState)
    except FileNotFoundError:
        return KeptState()
    except (OSError, ValueError, RecursionError):
        return None


def write_state(directory: Path, state: KeptState) -> None:
    """Replace the file as a whole. Raises OSError."""
    path = directory / NAME
    beside = directory / f"alerts.{os.getpid()}.new"
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def clear_drafts(directory: Path) -> None:
    """Remove what services left that were killed while they wrote; never that of a process that is there."""
    with contextlib.suppress(OSError):
        for path in list(directory.iterdir()):
            found = _DRAFT.fullmatch(path.name)
            if found is not None and _is_gone(int(found[1])):
                with contextlib.suppress(OSError):
                    path.unlink()


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # It is another user's.
        return False
    return False
