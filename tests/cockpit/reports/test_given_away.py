"""What the options in quotes cost, from the edges of fills and the measurements of each minute."""

from decimal import Decimal
from pathlib import Path

import msgspec

from cockpit.reports.given_away import Edges, booked_edge, option_figures
from storage.reader import Span
from storage.reporting.options import OptionMinutes, Written, option_minutes, written_by_token
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.history import rows as facts
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE, NBTC

EUR = 10**18
NONE = OptionMinutes(minutes=0, value=0, intrinsic=0, peak_value=0, peak_jump=0)


def test_means_are_over_the_minutes_and_edges_over_the_fills_that_have_both() -> None:
    minutes = OptionMinutes(minutes=4, value=10 * EUR, intrinsic=2 * EUR, peak_value=5 * EUR, peak_jump=70 * EUR)
    edges = [Edges("buy", 5 * EUR, 3 * EUR), Edges("buy", None, EUR), Edges("sell", EUR, None)]
    found = option_figures(edges, minutes, {}, DEFAULT_TOKENS)
    assert (found.fills, found.known, found.given_away) == (3, 1, Decimal(2))
    assert (found.mean_value, found.mean_intrinsic) == (Decimal("2.5"), Decimal("0.5"))
    assert (found.peak_value, found.peak_jump) == (Decimal(5), Decimal(70))


def test_without_a_fill_and_a_measurement_nothing_is_known() -> None:
    found = option_figures([], NONE, {}, DEFAULT_TOKENS)
    assert (found.mean_value, found.peak_jump, found.given_away, found.written) == (None, None, Decimal(0), None)


def test_what_was_written_and_given_away_is_told_for_each_side() -> None:
    edges = [Edges("buy", 5 * EUR, 3 * EUR), Edges("sell", EUR, 2 * EUR), Edges("sell", 4 * EUR, EUR)]
    written = {BTC.token_id: Written(2, 7 * EUR), NBTC.token_id: Written(1, EUR), EURE.token_id: Written(3, 9 * EUR)}
    found = option_figures(edges, NONE, written, DEFAULT_TOKENS)
    assert [(one.side, one.quotes, one.written, one.known, one.given_away) for one in found.sides] == [
        ("buy", 3, Decimal(8), 1, Decimal(2)),
        ("sell", 3, Decimal(9), 2, Decimal(2)),
    ]
    assert (found.written, found.given_away) == (Decimal(17), Decimal(4))


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


async def test_what_was_written_is_summed_by_the_token_that_quotes_take(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    history = SqliteHistory(path)
    await history.open(facts.run())
    older = msgspec.structs.replace(facts.command(1), written=None)
    late = msgspec.structs.replace(facts.command(9), written=10**30)
    commands = [msgspec.structs.replace(facts.command(n), written=n * EUR) for n in (2, 3, 4)]
    sold = msgspec.structs.replace(commands[2], asset_in=facts.EURE, asset_out=facts.BTC)
    await history.write([older, *commands[:2], sold, late])
    await history.close(facts.START_NS + 9)
    with SqliteReader(path) as reader:
        found = written_by_token(reader, Span(facts.START_NS, facts.START_NS + 9))
    assert found == {facts.BTC: Written(2, 5 * EUR), facts.EURE: Written(1, 4 * EUR)}
