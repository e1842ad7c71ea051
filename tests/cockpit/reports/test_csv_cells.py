import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.printable import MARK
from cockpit.reports.csv_cells import csv_row


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ('=HYPERLINK("http://x","y")', '\'=HYPERLINK("http://x","y")'),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\t=1", f"'{MARK}=1"),
        ("\r=1", f"'{MARK}=1"),
        ("a\x1b]0;x\x07b", f"a{MARK}]0;x{MARK}b"),
        ("-0.5", "-0.5"),
        ("+7", "+7"),
        ("-1E+3", "-1E+3"),
        ("b-1", "b-1"),
        (Decimal("-1E-7"), "-0.0000001"),
        (-5, -5),
        (True, True),
        (None, ""),
        ("", ""),
    ],
)
def test_texts_stay_texts_and_numbers_numbers(value: object, cell: object) -> None:
    assert csv_row([value]) == [cell]


@given(st.lists(st.text(), min_size=1))
def test_no_text_starts_a_formula_or_acts_on_a_terminal(texts: list[str]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(csv_row(texts))
    [row] = csv.reader(io.StringIO(out.getvalue(), newline=""))
    for cell in row:
        assert not cell.lstrip(" ").startswith(("=", "@", "\t", "\r", "\n"))
        if cell.lstrip(" ").startswith(("+", "-")):
            Decimal(cell.strip(" "))
    assert out.getvalue().replace("\n", "").isprintable() or all(
        letter.isprintable() or letter.isspace() for letter in out.getvalue()
    )
