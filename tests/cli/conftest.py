"""Directories for desks of the command's tests."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A directory whose path is short enough for a Unix socket."""
    path = Path(tempfile.mkdtemp(prefix="ck"))
    yield path
    shutil.rmtree(path, ignore_errors=True)
