"""Filters with names, and the words that keep and drop them."""

from hypothesis import given
from hypothesis import strategies as st

from panels.kit.rows.saved_filters import MAX_NAMED, MAX_TEXT, SavedFilters, command, without_started

TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=MAX_TEXT + 5)


def test_the_words_that_end_a_line() -> None:
    assert command("side:sell >100") is None
    assert command("save big") == ("save", "big", "")
    assert command("side:sell  >100 save big ") == ("save", "big", "side:sell  >100")
    assert command("forget big") == ("forget", "big", "")
    assert command("save") == ("save", "", "")
    assert command('"save" big') is None
    assert command("reason:save") is None


def test_a_word_that_becomes_a_command_hides_nothing() -> None:
    assert without_started("side:sell sav") == "side:sell "
    assert without_started("f") == ""
    assert without_started("side:sell stale") == "side:sell stale"


@given(last=TEXTS, on=st.booleans(), named=st.dictionaries(TEXTS, TEXTS, max_size=MAX_NAMED + 4))
def test_what_a_file_says_is_bounded(last: str, on: bool, named: dict[str, str]) -> None:
    """Whatever the file says, what is used of it is short, printable and named as the line can name it."""
    found = SavedFilters(last=last, on=on, named=named).valid()
    assert found.valid() == found
    assert len(found.named) <= MAX_NAMED
    for name, text in found.named.items():
        assert named[name] == text
        assert command(f"save {name}") == ("save", name, "")
        assert 0 < len(text) <= MAX_TEXT
        assert text.isprintable()
    assert not found.on or found.last == last


@given(text=TEXTS)
def test_only_what_can_be_read_again_is_kept_as_the_last(text: str) -> None:
    kept = SavedFilters(last="before").used(text)
    assert kept.last in ("before", text)
    assert len(kept.last) <= MAX_TEXT
