"""What runs beside the quote path takes no more steps for 100,000 live quotes than for 1,000."""

import pytest

from tests.support.counted_lines import Lines
from tests.support.desk.builders import commitment
from tests.support.desk.desk_harness import DeskHarness, World
from venue.protocol.units import NS_PER_MS

FEW, MANY = 1_000, 100_000
PRICES, DEADLINES = 10, 20
"""Distinct ones: what is summed by price and deadline is as much for few quotes as for many."""


async def steps_with(quotes: int) -> tuple[int, int]:
    """Return the lines of a tick with a snapshot, and of a reading that finds nothing new."""
    world = World()
    desk = DeskHarness(world)
    await desk.start()
    book, now = desk.trading.book, world.wall()
    for number in range(quotes):
        made = commitment(
            str(number),
            amount_in=100_000,
            amount_out=50 * 10**18 - (number % PRICES) * 10**17,
            sent_ns=now,
            life_ms=20_000 + number % DEADLINES * 2_000,
        )
        book.restore(made, ("refused",) if number % 2 else ("accepted",))
    assert desk.trading.book.reservations.signed_count() == quotes
    await desk.pass_ms(0)
    assert desk.shot().alive.quotes == quotes // 2
    meter, sigma = desk.trading.option_meter, desk.trading.pricing.current.unknown_sigma_bps
    with Lines() as ticking:
        for part in range(1, 9):
            at_ns = now + part * 250 * NS_PER_MS
            book.tick(at_ns)
            desk.trading.reference.recompute()
            desk.trading.markouts.tick(at_ns, book.reported(), desk.trading.reference)
            for _ in meter.tick(at_ns, world.mid, sigma):
                pass
            desk.shot()
    assert meter.reading is not None
    with Lines() as reading:
        await desk.trading.inventory.sync("poll")
    await desk.end(clean=True)
    return ticking.count, reading.count


@pytest.mark.slow
async def test_ticks_snapshots_and_readings_take_no_more_steps_for_a_hundred_times_the_live_quotes() -> None:
    few, many = await steps_with(FEW), await steps_with(MANY)
    assert many[0] <= few[0] * 1.05
    assert many[1] <= few[1] * 1.05
