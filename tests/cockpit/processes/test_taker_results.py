"""What each kind of taker brought: the desk's fills joined with the venue's word on who took them."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.model.events import AnyEvent, ExecuteTrade
from cockpit.processes.taker_results import (
    OTHERS,
    OptionResult,
    TakerResult,
    lines,
    option_line,
    option_result,
    taker_results,
)
from storage.history import Run
from storage.reader import LATER_NS, Span
from storage.reporting.trading import fills
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history.small_history import EUR, mid, result, sent
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_S

KINDS = {"prompt": {"asked": 5, "published": 1}, "holder": {"asked": 2, "published": 1}, "probe": {"asked": 3}}


def worth_two_cents(event: AnyEvent) -> AnyEvent:
    """Return a command with what its option was worth, any other event as it is."""
    return replace(event, written=EUR // 50) if isinstance(event, ExecuteTrade) else event


async def written(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(Run(run_id="run-1", mode="SANDBOX", account="maker.near", started_ns=NOW))
    bought = sent("a", 8, (BTC.token_id, 100_000), (EURE.token_id, 499 * EUR // 10))
    sold = sent("b", 9, (EURE.token_id, 50 * EUR), (BTC.token_id, 100_000))
    await history.write(
        [
            mid(0, "50000"),
            *map(worth_two_cents, bought),
            result("a", 10, "settled"),
            *map(worth_two_cents, sold),
            mid(20, "50300"),
            result("b", 66, "settled"),
            mid(72, "50400"),
        ]
    )
    await history.close(NOW + 100 * NS_PER_S)


def results_of(path: Path, taken: Mapping[str, str]) -> dict[str, TakerResult]:
    view: dict[str, Any] = {
        "mix": "mixed",
        "kinds": KINDS,
        "taken": [{"quote_hash": name, "kind": kind} for name, kind in taken.items()],
    }
    asyncio.run(written(path))
    with SqliteReader(path) as reader:
        found = taker_results(reader, DEFAULT_TOKENS, fills(reader, Span(0, LATER_NS)), view)
    return {one.kind: one for one in found}


def test_each_fill_counts_for_the_kind_that_took_it(tmp_path: Path) -> None:
    found = results_of(tmp_path / "history.sqlite", {"hash-a": "prompt", "hash-b": "holder", "hash-x": "prompt"})
    assert [(name, one.asked, one.fills) for name, one in found.items()] == [
        ("prompt", 5, 1),
        ("holder", 2, 1),
        ("probe", 3, 0),
    ]
    # Bought 0.001 BTC for 49.9 at a mid of 50,000; it is 50,400 at the end.
    prompt = found["prompt"]
    assert (prompt.eure, prompt.at_booking, prompt.pnl) == (Decimal("49.9"), Decimal("0.1"), Decimal("0.5"))
    # Sold 0.001 BTC for 50; the mid was 50,300 when that was booked.
    holder = found["holder"]
    assert (holder.eure, holder.at_booking, holder.pnl) == (Decimal(50), Decimal("-0.3"), Decimal("-0.4"))
    for one in (prompt, holder):
        assert one.spread is not None
        assert one.at_booking is not None
        assert one.given_away == one.spread - one.at_booking


def test_a_markout_beyond_the_last_mid_is_unknown_and_not_zero(tmp_path: Path) -> None:
    found = results_of(tmp_path / "history.sqlite", {"hash-a": "prompt", "hash-b": "holder"})
    assert found["prompt"].markouts == (Decimal("20.04"), Decimal("80.16"), Decimal("80.16"), None)
    assert found["holder"].markouts == (Decimal("-60.00"), None, None, None)
    assert found["probe"].markouts == (None, None, None, None)


def test_a_fill_that_the_venues_traders_did_not_take_has_a_line_of_its_own(tmp_path: Path) -> None:
    found = results_of(tmp_path / "history.sqlite", {"hash-a": "prompt"})
    assert (found[OTHERS].asked, found[OTHERS].fills) == (0, 1)
    assert sum(one.fills for one in found.values()) == 2


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("holder", "  holder: 2 asked, 1 fill of 50.00 EURe, P&L -0.40, spread "),
        ("probe", "  probe: 3 asked, no fill"),
    ],
)
def test_a_kind_has_a_line(tmp_path: Path, kind: str, line: str) -> None:
    found = results_of(tmp_path / "history.sqlite", {"hash-a": "prompt", "hash-b": "holder"})
    assert lines([found[kind]])[0].startswith(line)


def test_what_holders_took_is_told_beside_what_was_written_and_given_away(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    results = tuple(results_of(path, {"hash-a": "prompt", "hash-b": "holder"}).values())
    with SqliteReader(path) as reader:
        found = option_result(reader, DEFAULT_TOKENS, results)
    holder = next(one for one in results if one.kind == "holder")
    assert holder.at_booking is not None
    assert found.taken == -holder.at_booking == Decimal("0.3")
    assert found.given_away == sum(one.given_away for one in results if one.given_away is not None)
    assert found.written == Decimal("0.04")
    assert found.given_away is not None
    assert option_line(found) == (
        "options in quotes: written 0.04 EURe by the model, "
        f"given away {found.given_away:.2f} ({found.given_away / found.written * 100:.1f} %), "
        "taken by holders 0.30 (750.0 %)"
    )


def test_what_was_not_recorded_is_unknown_and_no_zero() -> None:
    nothing = OptionResult(written=None, given_away=None, taken=Decimal(0))
    assert option_line(nothing) == (
        "options in quotes: written unknown EURe by the model, given away unknown, taken by holders 0.00"
    )
