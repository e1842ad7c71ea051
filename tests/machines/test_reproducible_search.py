"""The same search in any process: what CI finds, anybody finds."""

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def drawn() -> list[int]:
    found: list[int] = []

    @settings(max_examples=400, derandomize=True, database=None)
    @given(st.integers(0, 10**15))
    def search(number: int) -> None:
        found.append(number)

    search()
    return found


def test_a_module_that_was_loaded_meanwhile_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = drawn()
    written = tmp_path / "numbers.py"
    written.write_text("NUMBERS = " + repr(list(range(700_000, 701_000))))
    spec = importlib.util.spec_from_file_location("loaded_meanwhile", written)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "loaded_meanwhile", module)
    assert drawn() == before
