"""Reads a ``.env`` file; refuses one that other users can read, and reports misspelt names."""

import io
from collections.abc import Collection
from difflib import SequenceMatcher
from pathlib import Path
from typing import TextIO

import msgspec
from dotenv.parser import parse_stream

from cockpit.config.owned_file import OthersMay, read_owned


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
        if binding.error:
            name = _leading_name(binding.original.string)
            if name and _meant(name, names):
                problems.append(f"{path}, line {binding.original.line}: cannot read {name}; check its quotes")
            continue
        name = binding.key or ""
        if name in names:
            values[name] = binding.value or ""
        elif name and (meant := _meant(name, names)):
            problems.append(f"{path}, line {binding.original.line}: {name} is not a setting; did you mean {meant}?")
    return EnvFile(values, tuple(problems))


def _leading_name(line: str) -> str:
    return line.strip().removeprefix("export ").partition("=")[0].strip()


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
