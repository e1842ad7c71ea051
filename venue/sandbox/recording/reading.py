"""Reads a frame log back."""

from pathlib import Path

import msgspec

from venue.sandbox.recording.errors import FrameLogError
from venue.sandbox.recording.frames import Dropped, End, Frame, Start, decode

MOST_READ = 1 << 30
"""Bytes of a log that is read whole."""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """``dropped``: frames that the log left out; ``complete``: whether it was closed, not cut off."""

    start: Start
    frames: tuple[Frame, ...]
    dropped: int
    complete: bool


def read_recording(path: Path) -> Recording:
    """Read a frame log, also one that was cut off. Raises FrameLogError with the file and the line."""
    try:
        if path.stat().st_size > MOST_READ:
            raise FrameLogError(f"{path} is larger than {MOST_READ} bytes")
        return read_lines(path.read_bytes(), str(path))
    except OSError as error:
        raise FrameLogError(f"{path} cannot be read: {error.strerror or error}") from error


def read_lines(raw: bytes, name: str) -> Recording:
    """Read the content of a frame log; ``name`` is what errors call it."""
    lines = raw.split(b"\n")
    rest = lines.pop()
    start: Start | None = None
    frames: list[Frame] = []
    dropped, complete = 0, False
    for number, line in enumerate(lines, start=1):
        try:
            found = decode(line)
        except FrameLogError as error:
            raise FrameLogError(f"{name}, line {number}: {error}") from None
        if (start is None) != isinstance(found, Start):
            raise FrameLogError(f"{name}, line {number}: a log has one first line of kind start")
        match found:
            case Start():
                start = found
            case Frame():
                frames.append(found)
            case Dropped():
                dropped += found.frames
            case End():
                complete = not rest
    if start is None:
        raise FrameLogError(f"{name} is not a frame log: it has no line")
    return Recording(start=start, frames=tuple(frames), dropped=dropped, complete=complete)
