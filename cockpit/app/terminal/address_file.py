"""The file of the operator's address book, beside the file of keys."""

import os
import stat
import tomllib
from pathlib import Path

import msgspec

from panels.dialogs.funds.address_book import AddressBook, read_book

ADDRESSES_NAME = "addresses.toml"
MAX_BYTES = 100_000
NOT_YOURS = "it can be written by others than you; chmod go-w it. No label is used"


def read_address_file(path: Path) -> AddressBook:
    """Read the file (TOML). One that others may write names no address: a changed one would look like yours."""
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            if about.st_uid not in (0, os.geteuid()) or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return AddressBook(problems=(f"{path}: {NOT_YOURS}",))
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            return AddressBook(problems=(f"{path}: the file is too long; no label is used",))
        book = read_book(tomllib.loads(raw.decode("utf-8")))
    except FileNotFoundError:
        return AddressBook()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return AddressBook(problems=(f"{path}: {why}; no label is used",))
    return msgspec.structs.replace(book, problems=tuple(f"{path}: {problem}" for problem in book.problems))
