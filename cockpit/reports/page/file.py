"""Writes a page to a file that is either the old one or the whole new one."""

import os
import tempfile
from pathlib import Path

from cockpit.reports.errors import PageFileError


def write_page(path: Path, text: str) -> None:
    """Replace the file; others may not read the new one. Raises PageFileError, and leaves what was there."""
    part = None
    try:
        if path.is_dir():
            raise IsADirectoryError(None, "it is a directory")
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        part = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
        part = None
    except OSError as exc:
        raise PageFileError(path, exc.strerror or str(exc)) from exc
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
