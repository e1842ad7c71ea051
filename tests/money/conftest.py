"""Directories short enough for a Unix socket."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def short_dir() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="mk"))
    yield path
    shutil.rmtree(path, ignore_errors=True)
