"""The language of the row filter: what it means, and that nothing typed can break it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panels.kit.errors import InvalidFilterError
from panels.kit.rows.row_filter import Fields, Headings, RowFacts, completed, field_names, parse, parse_typed

FIELDS: Fields = {"side": "text", "reason": "text", "notional": "number", "bps": "number", "age": "age"}
ROW: RowFacts = {
    "side": "sell",
    "reason": "reference_age stale price",
    "notional": Decimal("120.5"),
    "bps": None,
    "age": 90,
}


def holds(text: str, row: RowFacts = ROW) -> bool:
    return parse(text, FIELDS).holds(row)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", True),
        ("side:sell reason:stale >100", True),
        ("side:sell reason:stale >121", False),
        ("SIDE:SELL Stale", True),
        ("side=sell", True),
        ("side=sel", False),
        ("side:buy|sell", True),
        ("-side:buy", True),
        ("-side:sell", False),
        ('"stale price"', True),
        ('"price stale"', False),
        ('reason:"stale price"', True),
        ("notional>=120.5 notional<=120.5", True),
        ("notional>120.5", False),
        ("<0.2k", True),
        ("age<2m age>1m", True),
        ("age>=1.5m", True),
        ("age<1h", True),
        ("120.5", True),
        ("nothing", False),
    ],
)
def test_what_is_shown(text: str, shown: bool) -> None:
    assert holds(text) is shown


@pytest.mark.parametrize("text", ["bps>0", "bps<0", "-bps>0", "-bps<0", "bps>=0"])
def test_an_unknown_value_satisfies_no_comparison(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sid:sell", "no field sid; fields are side, reason"),
        ("side>3", "side is not a number; numbers are notional, bps, age"),
        ("notional>much", "much is not a number"),
        ("notional>", "a number is missing"),
        ("side:", "a word is missing"),
        (":sell", "field missing before :"),
        ('"sell', "closing quote is missing"),
        (">nan", "nan is not a number"),
        (">1e999999", "is not a number"),
        (">1_000", "is not a number"),
    ],
)
def test_what_cannot_be_read_is_explained_in_a_sentence(text: str, problem: str) -> None:
    with pytest.raises(InvalidFilterError, match=problem.replace(".", r"\.")):
        parse(text, FIELDS)


def test_rows_without_numbers_take_no_comparison() -> None:
    with pytest.raises(InvalidFilterError, match="these rows have no number field"):
        parse(">3", {"side": "text"})


numbers = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9)
words = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=8)


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        found = parse(text, FIELDS)
    except InvalidFilterError:
        return
    found.holds(ROW)
    assert parse(found.text, FIELDS).terms == found.terms


@given(numbers, numbers, st.sampled_from([">", ">=", "<", "<="]))
def test_a_comparison_is_the_one_of_the_numbers(value: Decimal, bound: Decimal, sign: str) -> None:
    wanted = {">": value > bound, ">=": value >= bound, "<": value < bound, "<=": value <= bound}[sign]
    row = {**ROW, "notional": value}
    assert holds(f"notional{sign}{bound:f}", row) is wanted
    assert holds(f"-notional{sign}{bound:f}", row) is not wanted
    assert holds(f"{sign}{bound:f}", row) is wanted, "the first number of the panel is meant"


@given(st.lists(st.tuples(st.sampled_from(["side", "reason"]), words, st.booleans()), max_size=5))
def test_all_terms_must_hold_in_any_order(parts: list[tuple[str, str, bool]]) -> None:
    texts = [f"{'' if wanted else '-'}{field}:{word}" for field, word, wanted in parts]
    each = [word.casefold() in str(ROW[field]).casefold() for field, word, _ in parts]
    expected = all(found == wanted for found, (_, _, wanted) in zip(each, parts, strict=True))
    assert holds(" ".join(texts)) is expected
    assert holds("  ".join(reversed(texts))) is expected


@given(words, words)
def test_either_is_the_union(one: str, other: str) -> None:
    assert holds(f"reason:{one}|{other}") == (holds(f"reason:{one}") or holds(f"reason:{other}"))


HEADINGS: Headings = {"eure": "notional", "decided_by": "reason", "eur/btc": "bps"}


@pytest.mark.parametrize("text", ["EURe>100", "eure>=120.5", "decided_by:stale", "notional>100", "-eur/btc:x"])
def test_a_field_is_named_by_its_heading_or_as_before(text: str) -> None:
    assert parse(text, FIELDS, HEADINGS).holds(ROW)


def test_what_is_offered_are_the_headings() -> None:
    assert field_names(FIELDS, HEADINGS) == ("side", "decided_by", "eure", "eur/btc", "age")
    with pytest.raises(InvalidFilterError, match="fields are side, decided_by, eure"):
        parse("sid:sell", FIELDS, HEADINGS)


@pytest.mark.parametrize("typed", ["e", "eur", "notional", "side:sell eu", "-bps", "side:sell -bps", "A"])
def test_a_half_typed_condition_does_not_empty_the_list(typed: str) -> None:
    assert parse_typed(typed, FIELDS, HEADINGS).holds(ROW)


@pytest.mark.parametrize("typed", ["zebra", "side:buy eu", "side:buy -bps", "eur side:buy", "eur "])
def test_what_is_no_start_of_a_field_filters_at_once(typed: str) -> None:
    assert not parse_typed(typed, FIELDS, HEADINGS).holds(ROW)


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("si", "side:"),
        ("side:sell eu", "side:sell eure>"),
        ("-dec", "-decided_by:"),
        ("not", "notional>"),
        ("zebra", None),
        ("side:se", None),
        ("", None),
    ],
)
def test_tab_completes_the_name_of_a_field(typed: str, whole: str | None) -> None:
    assert completed(typed, FIELDS, HEADINGS) == whole


@given(st.text(max_size=40))
def test_any_text_that_is_being_typed_is_a_filter_or_refused(text: str) -> None:
    completed(text, FIELDS, HEADINGS)
    try:
        parse_typed(text, FIELDS, HEADINGS).holds(ROW)
    except InvalidFilterError:
        return
