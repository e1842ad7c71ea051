"""Reads a ``.env`` file; refuses one that other users can read, and reports misspelt names."""

import io
import re
from collections.abc import Collection
from difflib import SequenceMatcher
from pathlib import Path
from typing import TextIO

import msgspec
from dotenv.parser import parse_stream

from cockpit.config.owned_file import OthersMay, read_owned

_OTHER_SHELLS = re.compile(r"\s*(?:set|setenv|let|declare|[-*+])\s", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_][\w.-]*")
_NAME = re.compile(r"\W*(?:(?:export|set|setenv|let|declare)\s+)?([A-Za-z_][\w.-]*)", re.IGNORECASE)


class EnvFile(msgspec.Struct, frozen=True):
    """The values of the names that were asked for (None if the file was not read), and its problems."""

    values: dict[str, str] | None
    problems: tuple[str, ...]


def read_env_file(path: Path, names: Collection[str], *, others_may: OthersMay = "nothing") -> EnvFile:
    """Read the values of ``names``; a missing file counts as empty. Other names are ignored.

    Problems name lines and variables, never values.
    """
    file = read_owned(path, others_may=others_may)
    if file.problem:
        return EnvFile(None, (file.problem,))
    return _parse(io.StringIO(file.text or "", newline=None), path, names)


def _parse(stream: TextIO, path: Path, names: Collection[str]) -> EnvFile:
    values: dict[str, str] = {}
    problems: list[str] = []
    for binding in parse_stream(stream):
        where = f"{path}, line {binding.original.line}"
        if binding.error or (binding.key and not _WORD.fullmatch(binding.key)):
            problems.append(f"{where}: {_misread(binding.original.string, names)}")
            continue
        name = binding.key or ""
        problems += [
            f"{where}: the value of {name} goes on over the next line, {swallowed}; check its quotes"
            for line in binding.original.string.strip().splitlines()[1:]
            if (swallowed := _named(line, names))
        ]
        if name in names and binding.value is None:
            problems.append(f"{where}: {name} has no value; write {name}=value")
        elif name in names:
            values[name] = binding.value or ""
        elif name and (meant := _meant(name, names)):
            problems.append(f"{path}, line {binding.original.line}: {name} is not a setting; did you mean {meant}?")
    return EnvFile(values, tuple(problems))


def _misread(line: str, names: Collection[str]) -> str:
    # The rest of the line may be a secret: only a setting's name is shown.
    name = _named(line, names)
    if not name:
        return "not understood; expected NAME=value, or # before a comment"
    if re.search(rf"{name}\s*=", line) and not _OTHER_SHELLS.match(line):
        return f"cannot read {name}; check its quotes"
    return f"cannot read {name}; write {name}=value"


def _named(line: str, names: Collection[str]) -> str:
    """Return the setting that the line means to set, as it is written there; empty if none."""
    found = _NAME.match(line)
    return found[1] if found is not None and _meant(found[1], names) else ""


def _meant(name: str, names: Collection[str]) -> str | None:
    # The setting that this name is, up to one letter, case and underscores.
    plain = _plain(name)
    for known in names:
        other = _plain(known)
        if abs(len(plain) - len(other)) <= 1:
            blocks = SequenceMatcher(None, plain, other, autojunk=False).get_matching_blocks()
            if sum(block.size for block in blocks) >= max(len(plain), len(other)) - 1:
                return known
    return None


def _plain(name: str) -> str:
    return name.upper().replace("_", "").replace("-", "").replace(".", "")
