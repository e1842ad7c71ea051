"""The file that remembers whether the tour was taken or declined."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.app.tour import TourSeen


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    seen = TourSeen(tmp_path / "sandbox" / "tour")
    assert not seen.exists
    seen.write("declined")
    seen.write("taken")
    assert seen.exists
    assert stat.S_IMODE(os.stat(tmp_path / "sandbox" / "tour").st_mode) == 0o600
    assert (tmp_path / "sandbox" / "tour").read_text() == "taken\n"


def no_folder(path: Path) -> Path:
    """A file where the folder should be."""
    (path / "sandbox").write_text("")
    return path / "sandbox" / "tour"


def folder(path: Path) -> Path:
    """A folder where the file should be."""
    (path / "tour").mkdir()
    return path / "tour"


@pytest.mark.parametrize("spoil", [no_folder, folder])
def test_a_file_that_cannot_be_written_is_no_error(tmp_path: Path, spoil: Callable[[Path], Path]) -> None:
    TourSeen(spoil(tmp_path)).write("taken")
