"""Reads a configuration file that nobody else may write or, where it holds secrets, read."""

import os
import shlex
import stat
from pathlib import Path
from typing import Literal

import msgspec

MAX_BYTES = 1 << 20


OthersMay = Literal["nothing", "read", "anything"]


class FileText(msgspec.Struct, frozen=True):
    """A file's text; None when there is no file, or when ``problem`` says why it was not read."""

    text: str | None
    problem: str = ""


def read_owned(path: Path, *, others_may: OthersMay, max_bytes: int = MAX_BYTES) -> FileText:
    """Read the file unless other users may do more with it than allowed; problems quote nothing of it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return FileText(None)
    except OSError as error:
        return FileText(None, f"cannot read {path}: {error.strerror}")
    try:
        problem = _refusal(os.fstat(handle), path, others_may)
        if problem:
            return FileText(None, problem)
        with open(handle, "rb", closefd=False) as stream:
            content = stream.read(max_bytes + 1)
    except OSError as error:
        return FileText(None, f"cannot read {path}: {error.strerror}")
    finally:
        os.close(handle)
    if len(content) > max_bytes:
        return FileText(None, f"{path} is larger than {max_bytes} bytes")
    try:
        return FileText(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return FileText(None, f"{path} is not UTF-8 text")


def _refusal(found: os.stat_result, path: Path, others_may: OthersMay) -> str:
    if not stat.S_ISREG(found.st_mode):
        return f"{path} is not a regular file"
    if others_may == "anything":
        return ""
    quoted = shlex.quote(str(path))
    if others_may == "nothing" and found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"{path} can be read by other users; run chmod 600 {quoted}"
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"{path} can be changed by other users; run chmod go-w {quoted}"
    if others_may == "read" and found.st_uid not in (os.geteuid(), 0):
        return f"{path} belongs to another user; run chown {os.geteuid()} {quoted}"
    return ""
