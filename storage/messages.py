"""Sentences that more than one part of the history shows a person."""

from pathlib import Path

from cockpit.model.formatting import counted

ANOTHER_DIRECTORY = "point COCKPIT_STATE_DIR to another directory"
ANOTHER_DATABASE = "point POSTGRES_URL to another database"
RECOVERS = "the desk then recovers by itself"
RECONNECTS = "the desk reconnects by itself"
WRITER_STOPPED = "the history writer has stopped"
NOT_YET = "the history is not written yet"


def queue_full(waiting: int, capacity: int) -> str:
    return f"{waiting:,} of {capacity:,} events wait to be written: the disk or this machine is too slow"


def undescribed(count: int, newest: str) -> str:
    """``newest``: kind, ids and error of the last."""
    many = counted(count, "event was", "events were")
    return f"{many} recorded without texts that could not be made (the last: {newest}): report this fault"


def unmade(count: int, newest: str) -> str:
    """``newest``: kind, ids and error of the last."""
    many = counted(count, "event")
    return f"{many} could not be recorded (the last: {newest}), all others were: report this fault"


def not_open(where: object) -> str:
    return f"the history {where} is not open"


def already_open(where: object) -> str:
    return f"the history {where} is already open"


def file_exists(path: Path) -> str:
    return f"{path} exists already: name a new file; nothing was overwritten"


def file_not_written(path: Path, error: OSError) -> str:
    return f"{path} cannot be written ({error.strerror}): free some space, or name another directory"


def file_appeared(path: Path) -> str:
    return f"{path} appeared during the copy: nothing was overwritten"
