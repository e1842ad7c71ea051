"""A relay that refuses quotes and keeps their signatures: they are bounded, shown, burned, booked if they settle."""

import asyncio
import logging
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.reconciliation import reconcile
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import LEGACY, Control, VenueProcess
from tests.support.waiting import until
from venue.protocol.tokens import BTC

log = logging.getLogger(__name__)

LIMITS = {
    "STRATEGY_MAX_NOTIONAL_EURE": "100",
    "STRATEGY_MAX_PROMISED_EURE": "100",
    "STRATEGY_MAX_SIGNED_EURE": "150",
    "QUOTE_DEADLINE_MS": "60000",
    "QUOTE_MAX_DEADLINE_MS": "60000",
}


def outcomes(desk: DeskProcess) -> Counter[str]:
    return Counter(row[0] for row in desk.rows("SELECT outcome FROM trade_execution_results"))


async def test_refused_quotes_are_bounded_shown_burned_and_booked_over_a_crash(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch(**LIMITS)
    await desk.arm()
    await control.faults(relay_refuses_taken=True)
    quotes: list[dict[str, Any]] = []
    while found := await taker.ask(
        BTC.token_id, amount_in=50_000 + len(quotes), min_deadline_ms=30_000, max_wait_ms=500
    ):
        quotes += found
    shot = await desk.until(lambda shot: shot.counts.refused == len(quotes) and shot.decisions[0].reason == "signed")
    assert 3 <= len(quotes) <= 6
    assert (shot.alive.quotes, shot.alive.committed_eure, shot.alive.refused) == (0, Decimal(0), len(quotes))
    assert shot.alive.signed_eure is not None
    assert Decimal(100) < shot.alive.signed_eure <= Decimal(150)
    assert 0 < shot.alive.refused_last_ms <= 60_000
    assert all(row.reserved == 0 for row in shot.inventory.rows)

    # One is taken all the same: it is a fill like any other.
    assert (await taker.take(quotes[0]))["status"] == "OK"
    shot = await desk.until(lambda shot: shot.counts.settled == 1 and shot.alive.refused == len(quotes) - 1)
    assert (shot.alive.quotes, shot.counts.accepted, shot.counts.refused) == (0, 1, len(quotes) - 1)
    await until(lambda: outcomes(desk)["settled"] == 1)
    assert (outcomes(desk)["refused"], outcomes(desk)["accepted"]) == (len(quotes), 1)

    # The next desk knows of the others, also of the one that is taken while no desk runs.
    desk.process.kill()
    assert (await taker.take(quotes[1]))["status"] == "OK"
    await desk.start()
    shot = await desk.until(lambda shot: shot.alive.refused == len(quotes) - 2 and shot.inventory.age_ms is not None)
    assert shot.alive.quotes == 0
    assert await desk.link.hard_stop()
    shot = await desk.until(lambda shot: shot.hard_stop is not None and not shot.hard_stop.left, 30)
    assert shot.hard_stop is not None
    assert (shot.hard_stop.asked, shot.hard_stop.burned) == (len(quotes) - 2, len(quotes) - 2)
    assert (shot.alive.refused, shot.alive.last_death_ms) == (0, 0)
    refused = await taker.take(quotes[-1])
    assert (refused["status"], "nonce was already used" in refused["reason"]) == ("FAILED", True)
    await until(lambda: outcomes(desk)["burned"] == len(quotes) - 2)
    assert outcomes(desk)["settled"] == 2


@pytest.mark.slow
async def test_a_relay_that_refuses_everything_and_settles_it_later(tmp_path: Path, short_dir: Path) -> None:
    """Settlements run 20 to 30 s after their publication: a hard stop must be before those that were published."""
    options = ("--rate", "20", "--other-pairs", "0", "--no-rivals", "--deposit-btc", "0", "--settle-s", "0.05", "0.1")
    venue = VenueProcess(tmp_path, *options, *LEGACY)
    limits = {
        **LIMITS,
        "STRATEGY_MAX_PROMISED_EURE": "500",
        "STRATEGY_MAX_SIGNED_EURE": "",
        "STRATEGY_MAX_FILLS_PER_HOUR": "60",
        "QUOTE_MAX_DEADLINE_MS": "125000",
    }
    desk = DeskProcess(short_dir, {**venue.env, **limits})
    control = Control(venue.env)
    try:
        # Without the stream of progress nothing tells of a quote before it has settled.
        await control.faults(relay_refuses_taken=True, relay_plain=True, quotes_settle_s=[20, 30])
        await desk.start()
        await desk.arm()
        started, most, refused = time.monotonic(), Decimal(0), 0
        while time.monotonic() - started < 22:
            shot = await desk.snapshot()
            assert shot.alive.signed_eure is not None
            most, refused = max(most, shot.alive.signed_eure), max(refused, shot.alive.refused)
            await asyncio.sleep(0.2)
        # The mid moves after a quote was signed.
        assert Decimal(4_000) < most <= Decimal(5_000) * Decimal("1.02")
        assert refused > 60
        before = shot.counts.settled
        await desk.link.hard_stop()
        shot = await desk.until(lambda shot: shot.hard_stop is not None and not shot.hard_stop.left, 60)
        assert shot.hard_stop is not None
        assert (shot.alive.quotes, shot.alive.refused) == (0, 0)
        filled = shot.counts.settled
        assert filled - before == shot.hard_stop.settled
        assert shot.hard_stop.burned > 60
        log.info("%s signed at once for %.0f EURe; %s; %s fills", refused, most, shot.hard_stop, filled)
        await control.traders(False)
        # What was published before would have settled by now.
        await asyncio.sleep(31)
        shot = await reconcile(desk, control)
        assert shot.counts.settled == filled, "nothing settles after the hard stop"
        assert outcomes(desk)["settled"] == filled
        assert (await control.state())["settlements"]["failed"] > 60
    finally:
        await desk.close()
        await control.http.aclose()
        venue.process.stop()
