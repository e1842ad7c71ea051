"""What the options in quotes cost, from the edges of fills and the measurements of each minute."""

from decimal import Decimal
from pathlib import Path

from cockpit.reports.given_away import booked_edge, option_figures
from storage.reader import Span
from storage.reporting.options import OptionMinutes, option_minutes
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.history import rows as facts
from venue.protocol.tokens import DEFAULT_TOKENS

EUR = 10**18
NONE = OptionMinutes(minutes=0, value=0, intrinsic=0, peak_value=0, peak_jump=0)


def test_means_are_over_the_minutes_and_edges_over_the_fills_that_have_both() -> None:
    minutes = OptionMinutes(minutes=4, value=10 * EUR, intrinsic=2 * EUR, peak_value=5 * EUR, peak_jump=70 * EUR)
    found = option_figures([(5 * EUR, 3 * EUR), (None, EUR), (EUR, None)], minutes, DEFAULT_TOKENS.quote)
    assert (found.fills, found.known, found.given_away) == (3, 1, Decimal(2))
    assert (found.mean_value, found.mean_intrinsic) == (Decimal("2.5"), Decimal("0.5"))
    assert (found.peak_value, found.peak_jump) == (Decimal(5), Decimal(70))


def test_without_a_fill_and_a_measurement_nothing_is_known() -> None:
    found = option_figures([], NONE, DEFAULT_TOKENS.quote)
    assert (found.mean_value, found.peak_jump, found.given_away) == (None, None, Decimal(0))


def test_the_edge_at_booking_is_the_gain_against_that_mid() -> None:
    amounts = 100_000, 499 * EUR // 10
    assert booked_edge(DEFAULT_TOKENS, "buy", *amounts, Decimal(50_000)) == EUR // 10
    assert booked_edge(DEFAULT_TOKENS, "sell", *amounts, Decimal(50_000)) == -EUR // 10
    assert booked_edge(DEFAULT_TOKENS, "buy", *amounts, None) is None


async def test_the_measurements_of_a_span_are_summed(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.write([facts.option_value(n, value=n * EUR) for n in range(1, 5)])
    await history.close(facts.START_NS + 9)
    with SqliteReader(path) as reader:
        found = option_minutes(reader, Span(facts.START_NS + 2, facts.START_NS + 4))
        nothing = option_minutes(reader, Span(facts.START_NS + 5, facts.START_NS + 9))
    assert found == OptionMinutes(minutes=2, value=5 * EUR, intrinsic=2 * 10**16, peak_value=3 * EUR, peak_jump=3 * EUR)
    assert nothing == NONE
