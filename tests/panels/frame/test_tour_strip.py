"""The tour's strip: all of it fits into two lines of the smallest terminal, with the operator's own keys."""

import re
from typing import get_args

import pytest
from msgspec.structs import replace

from cockpit.app.tour import key_names
from cockpit.model.snapshot import Snapshot
from panels.frame.tour_strip import NAMED, OFFER, STEP_TEXTS, TALL, Place, tour_lines
from panels.kit.actions import ACTIONS
from panels.kit.keymap import KeyMap, remapped
from panels.kit.messages import already
from panels.kit.rows.cells import Line, line_width
from panels.kit.tour_steps import STEPS, WATCH_MS, Step, TourView, start_step
from panels.kit.view import View
from tests.support.cockpit import samples

PLACES: tuple[Place, ...] = get_args(Place)
NARROW = 78
SHADOW = replace(samples.disarmed(), strategy_armed=True)
ORDERED = replace(
    samples.open_for_withdrawals(),
    withdrawals=(replace(samples.withdrawal(), withdrawal_id="w-new", state="requested"),),
)

LATER = replace(SHADOW, at_ns=SHADOW.at_ns + WATCH_MS * 1_000_000)


def strip(step: Step, place: Place, now: Snapshot, *, keys: KeyMap | None = None, reason: str = "") -> list[Line]:
    """The strip at a step started at the sample's start."""
    view = TourView(tour=start_step(step, samples.disarmed()), keys=key_names(keys or KeyMap()), reason=reason)
    return tour_lines(View(snapshot=now, tour=view), place, NARROW)


def text(lines: list[Line]) -> str:
    return " ".join("".join(cell.text for cell in line) for line in lines)


@pytest.mark.parametrize(
    "now", [samples.disarmed(), SHADOW, samples.snapshot(), ORDERED, LATER], ids=["safe", "s", "l", "o", "later"]
)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("step", STEPS)
def test_everything_fits_into_two_lines_uncut(step: Step, place: Place, now: Snapshot) -> None:
    lines = strip(step, place, now)
    assert len(lines) == TALL
    assert max(map(line_width, lines)) <= NARROW
    assert "…" not in text(lines).replace("Review…", "").replace("Unfreeze…", "").replace("Confirm…", "")
    assert "{" not in text(lines)


@pytest.mark.parametrize("step", [step for step in STEPS if step != "over"])
def test_every_step_shows_how_to_leave(step: Step) -> None:
    assert text(strip(step, "panels", samples.disarmed())).rstrip().endswith(" n skips, T leaves")


def test_how_to_leave_is_never_broken_and_no_line_starts_with_the_dot() -> None:
    for step in STEPS:
        for width in range(NARROW, 200):
            view = TourView(tour=start_step(step, samples.disarmed()), keys=key_names(KeyMap()))
            lines = tour_lines(View(snapshot=samples.disarmed(), tour=view), "panels", width)
            texts = ["".join(cell.text for cell in line) for line in lines]
            assert any(("n closes" if step == "over" else "n skips, T leaves") in line for line in texts)
            assert not any(line.startswith("·") for line in texts)


def test_the_step_of_the_takers_says_what_each_kind_is() -> None:
    both = text(strip("takers", "panels", SHADOW)) + text(strip("takers", "panels", LATER))
    for kind in ("Prompt", "patient", "probes", "Holders", "sweepers", "informed"):
        assert f"{kind} " in both


def test_every_key_is_an_action_or_a_key_of_dialogs() -> None:
    named = {name for words in (*STEP_TEXTS.values(), OFFER) for name in NAMED.findall(words)}
    assert named - {action.id for action in ACTIONS} == {"tab", "space", "enter", "esc"}


def test_changed_keys_are_shown() -> None:
    keys = remapped({"arm.strategy": "f7", "tour.skip": [], "jump.decisions": "f5"})
    assert keys.problems == ()
    shown = text(strip("shadow", "panels", samples.disarmed(), keys=keys))
    assert " f7 asks to arm the strategy" in shown
    assert "^p “Next step of the tour” skips" in shown
    assert "Watch: f5 shows" in text(strip("watch", "panels", samples.disarmed(), keys=keys))


def test_why_the_action_is_unavailable_is_shown_and_cut_where_it_is_too_long() -> None:
    cause = strip("live", "panels", SHADOW, reason="decisions seen in SHADOW: 1 actionable decision")
    assert "Not yet: decisions seen in SHADOW: 1 actionable decision" in text(cause)
    long = strip("live", "panels", SHADOW, reason="no end of it " * 30)
    assert len(long) == TALL
    assert max(map(line_width, long)) <= NARROW
    assert text(long).endswith("…")
    assert "Not yet" not in text(strip("live", "panels", SHADOW, reason=already("the executor is", "armed")))


def test_only_dialogs_of_a_step_show_it() -> None:
    assert "esc closes this" in text(strip("shadow", "withdraw", samples.disarmed()))
    assert "Cancel" not in text(strip("stop", "arm", samples.disarmed()))
    assert "Enter never arms" in text(strip("shadow", "arm", samples.disarmed()))


def test_an_order_is_shown_wherever_the_operator_is() -> None:
    for place in ("confirm", "panels"):
        assert re.search(r"Ordered, now requested\. esc closes", text(strip("withdraw", place, ORDERED)))


def test_without_a_tour_the_strip_is_empty_and_an_offer_takes_one_line_of_the_panels() -> None:
    assert tour_lines(View(snapshot=samples.snapshot()), "panels", NARROW) == []
    offered = View(snapshot=samples.snapshot(), tour=TourView(tour=None, keys=key_names(KeyMap())))
    assert len(tour_lines(offered, "panels", NARROW)) == 1
    assert text(tour_lines(offered, "panels", NARROW)).endswith("n declines.")
    assert tour_lines(offered, "arm", NARROW) == []
