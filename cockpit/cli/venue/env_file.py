"""The file of .env lines that a venue writes, and which files it may replace."""

import hashlib
import os
from pathlib import Path

MARK = "# Written by cockpit venue, which replaces it while it is unchanged. sha256="
NOT_A_VENUES = "{path} exists and is not an unchanged file of a venue; name another file, or remove it"
MAX_ENV_BYTES = 1 << 16


def write_env(path: Path, lines: str) -> None:
    """Write the lines, mode 0600, completely or not at all, over no file but one that a venue wrote. Raises OSError."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(lines + _mark(lines))
        refuse_other(path)
        if path.exists():
            part.replace(path)
        else:
            os.link(part, path)  # Unlike a rename, this fails when a file has appeared.
    finally:
        part.unlink(missing_ok=True)


def _mark(lines: str) -> str:
    return f"{MARK}{hashlib.sha256(lines.encode()).hexdigest()[:16]}\n"


def refuse_other(path: Path) -> None:
    """Raise FileExistsError for a file that a venue did not write or somebody changed.

    Any such file may hold the only copy of a key.
    """
    try:
        found = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return
    except OSError:
        raise FileExistsError(NOT_A_VENUES.format(path=path)) from None
    try:
        content = os.read(found, MAX_ENV_BYTES).decode("utf-8", "replace")
    except OSError:
        raise FileExistsError(NOT_A_VENUES.format(path=path)) from None
    finally:
        os.close(found)
    lines, mark, _ = content.rpartition(MARK)
    if content != lines + _mark(lines) or not mark:
        raise FileExistsError(NOT_A_VENUES.format(path=path))
