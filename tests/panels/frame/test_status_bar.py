"""The status bar: what is in it at every width, each thing once."""

import re
from datetime import timedelta, timezone

import pytest
from msgspec.structs import replace

from panels.frame.status_bar import status
from panels.kit.labels import outcome
from panels.kit.view import View
from tests.support.cockpit import samples


def bar(view: View, width: int) -> str:
    return "\n".join("".join(cell.text for cell in line) for line in status(view, width))


@pytest.mark.parametrize("width", [40, 60, 80, 120, 160, 200])
@pytest.mark.parametrize("quiet_ms", [0, 1_000, 12_000])
def test_the_clock_runs_on_at_every_width_also_without_new_data(width: int, quiet_ms: int) -> None:
    at_ns = 1_700_000_000 * 10**9
    view = View(snapshot=replace(samples.snapshot(), at_ns=at_ns), quiet_ms=quiet_ms)
    seconds = 20 + quiet_ms // 1000
    assert re.search(rf"22:13:{seconds}( UTC|Z)", bar(view, width))


def test_the_clock_costs_no_other_figure_its_place() -> None:
    first, _, third, *_ = bar(View(snapshot=samples.snapshot()), 78).splitlines()
    assert first.endswith("09:05:54Z")
    assert "fills 38" in third


def test_the_clock_is_local_where_that_was_chosen() -> None:
    at_ns = 1_700_000_000 * 10**9
    view = View(snapshot=replace(samples.snapshot(), at_ns=at_ns), zone=timezone(timedelta(hours=2)))
    assert "00:13:20 local" in bar(view, 120)


def test_a_halt_is_named_once() -> None:
    halted = replace(samples.snapshot(), trading="HALTED", trading_why="HALTED by root on pts/1: bank shut")
    text = bar(View(snapshot=halted), 120)
    assert text.count("HALTED") == 1
    assert "by root on pts/1: bank shut" in text


def test_a_short_queue_does_not_flicker() -> None:
    shown = {bar(View(snapshot=replace(samples.snapshot(), history_queue=count)), 120) for count in (0, 3, 999)}
    assert len(shown) == 1
    assert "queue" not in shown.pop()
    assert "queue 1,000" in bar(View(snapshot=replace(samples.snapshot(), history_queue=1000)), 120)


def test_what_was_burned_is_no_failure() -> None:
    assert "✗" not in outcome("burned").text
