"""The language of the row filter: what it means, and that nothing typed can break it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panels.kit.errors import InvalidFilterError
from panels.kit.row_filter import Fields, RowFacts, parse

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
def test_what_is_not_known_satisfies_no_comparison(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sid:sell", "no field sid here; there are side, reason"),
        ("side>3", "side is no number; numbers here are notional, bps, age"),
        ("notional>much", "much is no number"),
        ("notional>", "a number is missing"),
        ("side:", "a word is missing"),
        (":sell", "a field goes before the :"),
        ('"sell', "the quotation mark is not closed"),
        (">nan", "nan is no number"),
        (">1e999999", "is no number"),
        (">1_000", "is no number"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(InvalidFilterError, match=said.replace(".", r"\.")):
        parse(text, FIELDS)


def test_rows_without_numbers_say_so() -> None:
    with pytest.raises(InvalidFilterError, match="there is no number in these rows"):
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
