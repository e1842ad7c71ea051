"""Quotes and fills by group, against sums by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.reports.breakdowns import groups
from cockpit.reports.breakdowns.buckets import (
    DIMENSIONS,
    NO_PARTNER,
    OTHER_PARTNERS,
    deadline_of,
    hour_of,
    size_of,
)
from cockpit.reports.breakdowns.groups import Breakdown
from cockpit.reports.figures import GroupFigures
from tests.support.reports.fills import at, fill, quote
from venue.protocol.tokens import DEFAULT_TOKENS, NBTC
from venue.protocol.units import NS_PER_S

ENDS_NS = at(100)
CLOSING = Decimal(49_000)


def by_name(breakdown: Breakdown, closing: Decimal | None = CLOSING) -> dict[tuple[str, str], GroupFigures]:
    return {(row.by, row.bucket): row for row in breakdown.rows(closing)}


def test_each_quote_counts_once_in_each_dimension() -> None:
    breakdown = Breakdown(DEFAULT_TOKENS, ENDS_NS)
    breakdown.count(
        [
            quote(partner="a", filled=True),
            quote(partner="a", eure="7", asked_s=120),
            quote(eure="4.99", btc_token=NBTC.token_id, sells=True),
            quote(partner="a", sent=99),
        ]
    )
    found = by_name(breakdown)
    assert (found["partner", "a"].sent, found["partner", NO_PARTNER].sent) == (3, 1)
    assert (found["size", "50 to 100"].sent, found["size", "5 to 10"].sent, found["size", "2 to 5"].sent) == (2, 1, 1)
    assert (found["deadline", "to 60 s"].sent, found["deadline", "to 120 s"].sent) == (3, 1)
    assert (found["market", "BTC/EURe"].sent, found["market", "nBTC/EURe"].sent) == (3, 1)
    for dimension in DIMENSIONS:
        assert sum(row.sent for (by, _), row in found.items() if by == dimension) == 4


def test_the_hit_ratio_leaves_out_quotes_that_were_open_at_the_end() -> None:
    """Of four, one is filled, two are over, and one lives until 99 + 61 s while the history ends at 100 s."""
    breakdown = Breakdown(DEFAULT_TOKENS, ENDS_NS)
    breakdown.count([quote(filled=True), quote(), quote(), quote(sent=99)])
    hits = breakdown.hits()
    assert (hits.sent, hits.filled, hits.open, hits.ratio) == (4, 1, 1, Decimal("0.3333"))
    assert by_name(breakdown)["size", "50 to 100"].hit_ratio == Decimal("0.3333")


def test_a_filled_quote_is_not_open_however_long_it_would_have_lived() -> None:
    breakdown = Breakdown(DEFAULT_TOKENS, ENDS_NS)
    breakdown.count([quote(sent=99, filled=True)])
    assert breakdown.hits().ratio == 1


def test_what_the_fills_of_a_group_earned() -> None:
    """Bought 0.001 for 50 and sold 0.002 for 102: at 49,000 that is -1 and +4."""
    breakdown = Breakdown(DEFAULT_TOKENS, ENDS_NS)
    breakdown.count_fills(
        [
            fill("buy", partner="a", edge="0.05", markouts=(None, None, -200, None)),
            fill("sell", btc="0.002", eure="102", partner="a", edge="0.204", markouts=(None, None, 100, None)),
            fill("sell", btc="0.002", eure="102", partner="a"),
        ]
    )
    row = by_name(breakdown)["partner", "a"]
    assert (row.fills, row.eure, row.spread) == (3, Decimal(254), Decimal("0.254"))
    assert row.trading == -1 + 4 + 4
    # Edge and markout over the fills for which they are known: 0.254 of 152, and (50 * -2 + 102 * 1) / 152 bps.
    assert row.spread_bps == Decimal("16.71")
    assert (row.known, row.markout_bps, row.adverse) == (2, Decimal("0.01"), Decimal("0.5000"))


def test_what_cannot_be_known_is_unknown_and_not_zero() -> None:
    breakdown = Breakdown(DEFAULT_TOKENS, ENDS_NS)
    breakdown.count_fills([fill(partner="a", asked_s=None)])
    row = by_name(breakdown, None)["partner", "a"]
    assert (row.trading, row.spread_bps, row.markout_bps, row.adverse, row.hit_ratio) == (None,) * 5
    assert by_name(breakdown)["deadline", "(not recorded)"].fills == 1


def test_a_fill_is_in_the_hour_in_which_its_quote_was_sent() -> None:
    until_the_hour = 3_600 - at(0) // NS_PER_S % 3_600
    breakdown = Breakdown(DEFAULT_TOKENS, ENDS_NS)
    breakdown.count([quote(sent=until_the_hour - 1, filled=True)])
    breakdown.count_fills([fill(sent=until_the_hour - 1, settled=until_the_hour + 1)])
    [row] = [row for row in breakdown.rows(CLOSING) if row.by == "hour"]
    assert (row.bucket, row.sent, row.fills) == (hour_of(at(0)), 1, 1)


def test_partners_are_ranked_and_the_rest_are_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MOST_PARTNERS", 3)
    monkeypatch.setattr(groups, "SHOWN_PARTNERS", 2)
    breakdown = Breakdown(DEFAULT_TOKENS, ENDS_NS)
    breakdown.count([quote(partner=name) for name in ("b", "a", "a", "c", "d", "d", "d", "d")])
    breakdown.count([quote()])
    breakdown.count_fills([fill(partner="e")])
    rows = [(row.bucket, row.sent, row.fills) for row in breakdown.rows(CLOSING) if row.by == "partner"]
    assert rows == [("a", 2, 0), (NO_PARTNER, 1, 0), (OTHER_PARTNERS, 6, 1)]


def test_names_beyond_the_limit_take_no_memory() -> None:
    breakdown = Breakdown(DEFAULT_TOKENS, ENDS_NS)
    breakdown.count(quote(partner=f"partner-{number}") for number in range(3 * groups.MOST_PARTNERS))
    assert len(breakdown._partners) == groups.MOST_PARTNERS
    rows = [row for row in breakdown.rows(CLOSING) if row.by == "partner"]
    assert len(rows) == groups.SHOWN_PARTNERS + 1
    assert sum(row.sent for row in rows) == 3 * groups.MOST_PARTNERS


@pytest.mark.parametrize(
    ("eure", "label"),
    [("0", "below 1"), ("0.99", "below 1"), ("1", "1 to 2"), ("4.999", "2 to 5"), ("5", "5 to 10"),
     ("999", "500 to 1,000"), ("5000", "from 5,000"), ("340282366920938463463", "from 5,000")],
)  # fmt: skip
def test_sizes(eure: str, label: str) -> None:
    assert size_of(int(Decimal(eure) * 10**18), 18) == label


@pytest.mark.parametrize(
    ("asked_ms", "label"),
    [(0, "to 10 s"), (10_000, "to 10 s"), (10_001, "to 30 s"), (60_000, "to 60 s"), (300_000, "to 300 s"),
     (300_001, "above 300 s"), (2**63 - 1, "above 300 s"), (-5, "to 10 s"), (None, "(not recorded)")],
)  # fmt: skip
def test_deadlines(asked_ms: int | None, label: str) -> None:
    assert deadline_of(asked_ms) == label


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("buy", "sell")),
            st.integers(1, 10**6),
            st.integers(1, 10**5),
            st.integers(0, 100_000),
            st.sampled_from((None, "a", "b", "c")),
            st.sampled_from((None, 10, 60, 600)),
        ),
        max_size=30,
    )
)
def test_the_groups_of_each_dimension_add_up_to_all_fills(
    found: list[tuple[str, int, int, int, str | None, int | None]],
) -> None:
    fills = [
        fill(side, btc=f"{btc}e-8", eure=f"{cents}e-2", sent=sent, settled=sent + 1, partner=partner, asked_s=asked)
        for side, btc, cents, sent, partner, asked in found
    ]
    breakdown = Breakdown(DEFAULT_TOKENS, ENDS_NS)
    breakdown.count_fills(fills)
    signed = [(1 if one.side == "buy" else -1, one) for one in fills]
    traded = sum(sign * (one.base * CLOSING / 10**8 - Decimal(one.quote) / 10**18) for sign, one in signed)
    for dimension in DIMENSIONS:
        rows = [row for row in breakdown.rows(CLOSING) if row.by == dimension]
        assert sum(row.fills for row in rows) == len(fills)
        assert sum(row.eure for row in rows) == sum(Decimal(one.quote) / 10**18 for one in fills)
        assert sum(row.trading or 0 for row in rows) == traded
