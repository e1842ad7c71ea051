"""What the form of the limits reads and sends."""

from decimal import Decimal

import pytest

from cockpit.model.commands import Limits
from panels.dialogs.trading.limits import FIELDS, field_text, parse_limits

LIMIT_FIELDS = Limits.__struct_fields__


def test_limits_that_were_not_touched_are_not_sent() -> None:
    now = Limits()
    texts = {field: field_text(now, field) for field in LIMIT_FIELDS}
    assert {field for field, _, _ in FIELDS} == set(LIMIT_FIELDS), "every limit is in the form"
    assert parse_limits(texts, now) == ({}, ())
    changes, problems = parse_limits({**texts, "max_notional_eure": " 7.5 ", "max_deadline_ms": "60000"}, now)
    assert changes == {"max_notional_eure": Decimal("7.5"), "max_deadline_ms": 60_000}
    assert problems == ()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("max_notional_eure", "lots"),
        ("max_notional_eure", "0"),
        ("max_notional_eure", "NaN"),
        ("max_deadline_ms", "1.5"),
        ("max_deadline_ms", ""),
        ("min_edge_bps", "-1"),
    ],
)
def test_limits_that_cannot_be_are_refused_here(field: str, text: str) -> None:
    now = Limits()
    _, problems = parse_limits({**{name: field_text(now, name) for name in LIMIT_FIELDS}, field: text}, now)
    assert len(problems) == 1
