"""A scrape is made in short slices, and takes as many steps for many live quotes as for few."""

import pytest

from cockpit.desk.metrics.exposition import negotiated
from tests.support.counted_lines import Lines
from tests.support.desk.builders import commitment
from tests.support.desk.desk_harness import PENDING, DeskHarness, World
from tests.support.desk.metrics import OPEN_METRICS, exposition

PRICES, DEADLINES = 10, 20
"""Distinct ones: what is summed by price and deadline is as much for few quotes as for many."""
LINES_OF_A_SLICE = 4_000
"""Lines of Python: the longest slice of this many took 0.4 ms. What asks each of 1,000 quotes takes more."""


async def lines_of_slices(quotes: int, deposits: int = 0) -> list[int]:
    """Return the lines of each slice of a scrape, of the second of two: the first fills caches."""
    desk = DeskHarness(World())
    await desk.start()
    book, now = desk.trading.book, desk.world.wall()
    for number in range(quotes):
        made = commitment(
            str(number),
            amount_in=100_000,
            amount_out=50 * 10**18 - (number % PRICES) * 10**17,
            sent_ns=now,
            life_ms=20_000 + number % DEADLINES * 2_000,
        )
        book.restore(made, ("refused",) if number % 2 else ("accepted",))
    assert book.reservations.signed_count() == quotes
    desk.trading.deposits.deposits = (PENDING,) * deposits
    encoder, _ = negotiated(OPEN_METRICS)
    scrapes = exposition(desk)
    for _ in scrapes.slices(encoder):
        pass
    found, slices = [], scrapes.slices(encoder)
    while True:
        with Lines() as lines:
            part = next(slices, None)
        if part is None:
            break
        found.append(lines.count)
    await desk.end(clean=False)
    return found


async def test_no_slice_is_long() -> None:
    found = await lines_of_slices(200)
    assert len(found) > 150
    assert max(found) < LINES_OF_A_SLICE


@pytest.mark.parametrize("quotes", [5_000, pytest.param(60_000, marks=pytest.mark.slow)])
async def test_a_scrape_takes_no_more_steps_for_many_live_quotes(quotes: int) -> None:
    few, many = await lines_of_slices(1_000), await lines_of_slices(quotes)
    assert len(few) == len(many)
    # Larger numbers are longer texts, and the heading of a list that was empty stands alone.
    assert sum(many) <= sum(few) * 1.02
    assert max(many) <= max(few) * 1.05


async def test_a_bridge_that_lists_as_much_as_is_read_makes_no_slice_longer() -> None:
    few, many = await lines_of_slices(0, 1), await lines_of_slices(0, 5_000)
    assert sum(many) <= sum(few) * 1.02
    assert max(many) < LINES_OF_A_SLICE
