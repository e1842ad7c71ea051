"""The journal returns its entries complete and in order, whatever a crash left at its end."""

import os
import stat
import tempfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import HistoryError
from storage.journal import _HEAD, _RECORD, START, Journal, JournalEntry
from tests.support.history import rows as facts


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history.journal"


def entry(n: int, run_id: str = "run-1") -> JournalEntry:
    return JournalEntry(run_id, facts.START_NS + n, False, tuple(facts.one_of_each(n)))


def opened(path: Path, **options: int) -> Journal:
    journal = Journal(path, **options)
    journal.open()
    return journal


def entries(journal: Journal) -> list[JournalEntry]:
    found, at = [], START
    while (read := journal.read(at)) is not None:
        one, at = read
        found.append(one)
    return found


def filled(path: Path, count: int) -> list[int]:
    """A journal of so many entries; the byte at which each ends."""
    journal = opened(path)
    ends = []
    for n in range(count):
        journal.append(entry(n))
        ends.append(journal.size)
    journal.close()
    return ends


def test_every_kind_of_event_comes_back_as_it_was_and_in_order(path: Path) -> None:
    filled(path, 3)
    journal = opened(path)
    assert entries(journal) == [entry(n) for n in range(3)]
    assert journal.events == sum(len(entry(n).events) for n in range(3))
    journal.close()


def test_only_the_owner_may_read_it_since_it_holds_signed_withdrawals(path: Path) -> None:
    filled(path, 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_one_is_empty_and_keeps_its_name(path: Path) -> None:
    assert not Journal(path).waiting()
    journal = opened(path)
    assert journal.empty
    journal.close()
    again = opened(path)
    assert again.name == journal.name
    assert not again.waiting()
    again.close()


def test_cleared_entries_do_not_come_back(path: Path) -> None:
    filled(path, 2)
    journal = opened(path)
    journal.clear()
    journal.append(entry(7))
    journal.close()
    again = opened(path)
    assert entries(again) == [entry(7)]
    again.close()


def test_a_record_torn_anywhere_by_a_crash_is_cut_off_and_the_rest_is_kept(path: Path) -> None:
    first, second = filled(path, 2)
    intact = path.read_bytes()
    for size in {first + 1, first + 3, first + 12, first + 13, (first + second) // 2, second - 1}:
        path.write_bytes(intact[:size])
        journal = opened(path)
        assert entries(journal) == [entry(0)]
        journal.append(entry(5))
        journal.close()
        again = opened(path)
        assert entries(again) == [entry(0), entry(5)]
        again.close()


def test_a_header_torn_by_a_crash_is_written_again(path: Path) -> None:
    filled(path, 0)
    intact = path.read_bytes()
    for size in (0, 3, 8, START - 1):
        path.write_bytes(intact[:size])
        journal = opened(path)
        assert journal.empty
        journal.close()


def test_damage_before_valid_records_stops_the_start(path: Path) -> None:
    first, _, _ = filled(path, 3)
    damaged = bytearray(path.read_bytes())
    damaged[first + 20] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(HistoryError, match="damaged at byte"):
        Journal(path).open()
    assert path.read_bytes() == damaged


def test_another_programs_file_is_not_changed(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("notes of the operator, none of our business\n" * 3)
    with pytest.raises(HistoryError, match="is not a desk's journal"):
        Journal(path).open()
    assert path.read_text().startswith("notes")


def test_a_link_is_not_followed(path: Path) -> None:
    path.parent.mkdir()
    (path.parent / "elsewhere").touch()
    os.symlink(path.parent / "elsewhere", path)
    with pytest.raises(HistoryError, match="cannot be used"):
        Journal(path).open()


def test_a_nearly_full_disk_is_an_error_and_keeps_earlier_entries(path: Path) -> None:
    filled(path, 1)
    journal = opened(path, free_bytes=2**62)
    with pytest.raises(HistoryError, match="disk is nearly full: free some space"):
        journal.append(entry(1))
    assert entries(journal) == [entry(0)]
    journal.close()


def test_a_journal_at_its_limit_is_an_error_and_keeps_earlier_entries(path: Path) -> None:
    [end] = filled(path, 1)
    journal = opened(path, max_bytes=end + 10)
    with pytest.raises(HistoryError, match="is at its limit"):
        journal.append(entry(1))
    assert entries(journal) == [entry(0)]
    journal.close()


def record(payload: bytes) -> bytes:
    return _HEAD.pack(_RECORD, len(payload), zlib.crc32(payload)) + payload


@settings(max_examples=40)
@given(st.binary(max_size=80), st.integers(0, 4_000), st.integers(-3, 3))
def test_whatever_is_in_the_file_it_is_read_or_refused_by_its_name(junk: bytes, at: int, shift: int) -> None:
    """Bytes of an older crash, of a broken disk or of somebody else, in the place of some of the journal's."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "history.journal"
        filled(path, 3)
        raw = path.read_bytes()
        path.write_bytes(raw[:at] + junk + raw[max(0, at + len(junk) + shift) :])
        journal = Journal(path)
        try:
            journal.open()
            assert all(one in [entry(n) for n in range(3)] for one in entries(journal))
            journal.append(entry(9))
            assert entries(journal)[-1] == entry(9)
        except HistoryError:
            return
        finally:
            journal.close()


@pytest.mark.parametrize("payload", [b"\xff", b'{"run_id":"\xff"}', b"[" * 100_000, b'{"x":' + b"[" * 5_000, b"{}"])
def test_a_whole_record_that_says_nothing_readable_is_refused(path: Path, payload: bytes) -> None:
    filled(path, 1)
    with path.open("ab") as file:
        file.write(record(payload))
    with pytest.raises(HistoryError, match="another version"):
        opened(path)
