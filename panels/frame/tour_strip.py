"""The strip of the tour, below the status bar of the panels and of dialogs: what to look at, what to press."""

import re
from collections.abc import Mapping
from typing import Literal

from cockpit.model.snapshot import Snapshot
from panels.frame.board import LEAST
from panels.kit.messages import is_already
from panels.kit.rows.cells import Cell, Line, flow, line_width
from panels.kit.rows.text_lines import LineView
from panels.kit.tour_steps import (
    STEPS,
    WATCH_MS,
    WATCHED,
    Step,
    Tour,
    TourView,
    decided,
    passed_ms,
    withdrawal_of_step,
)
from panels.kit.view import View

Place = Literal["panels", "row", "arm", "withdraw", "unfreeze", "review", "confirm", "elsewhere"]
"""Where the operator is: at the panels, or in one of the dialogs of the tour."""

TALL = 2
"""Lines of a step, everywhere, so that nothing moves when a dialog opens or the next step starts."""

TITLES: Mapping[Step, str] = {
    "watch": "Watch",
    "decision": "Read a decision",
    "shadow": "Arm to SHADOW",
    "live": "Arm to LIVE",
    "takers": "Takers",
    "withdraw": "Withdraw",
    "stop": "Stop",
    "over": "Done",
}

STEP_TEXTS: Mapping[tuple[Step, Place], str] = {
    ("watch", "panels"): "{jump.decisions} shows requests and what the desk would answer; it is not armed.",
    ("decision", "panels"): "{jump.decisions} is Decisions; {rows.down} {rows.up} move, {rows.open} opens a row with "
    "all its checks.",
    ("decision", "row"): "✗ marks the failed check; without one the request is quoted. {esc} continues.",
    ("shadow", "panels"): "{arm.strategy} asks to arm the strategy; it decides and signs nothing.",
    ("shadow", "arm"): "Read it; Enter never arms. {tab} to the other button, {space} presses it.",
    ("live", "panels"): "{arm.executor} asks to arm the executor; it signs quotes.",
    ("live", "arm"): "A signed quote is binding until its deadline. {tab} to the other button, {space} presses it.",
    ("takers", "panels"): "Prompt takers execute a quote at once, patient ones after some seconds; probes never do.",
    ("withdraw", "panels"): "{withdraw} opens the form. The money is not real, every check is.",
    ("withdraw", "withdraw"): "{tab} to the amount: 0.01. The address is filled in; {enter} moves on, to Review…",
    ("withdraw", "review"): "A new address has a cooling-off time. {tab} to Confirm…, {enter}.",
    ("withdraw", "unfreeze"): "This allows one withdrawal. {tab} to Unfreeze, {space} presses it.",
    (
        "withdraw",
        "confirm",
    ): "Type the amount, {enter}, the last six characters of the address; {tab} {tab}, {space} withdraws.",
    ("stop", "panels"): "{disarm} disarms everything at once, even in a dialog, and never asks. {stop.hard} burns live "
    "quotes.",
    ("over", "panels"): "Watched, armed, withdrawn, stopped. {help} shows all keys; docs/runbook.md tells how to "
    "trade for real.",
}
OFFER = "New here? {tour} starts a seven-step tour; nothing here is real. {tour.skip} declines."
ELSEWHERE = "{esc} closes this; the tour continues."
FIRST_QUOTE = "Armed: the next request worth quoting gets the first quote; {jump.quotes} shows it."
OTHER_TAKERS = "Holders and sweepers execute what pays at its deadline; informed ones know the next move."
"""The second half of the step."""
FROZEN = "Withdrawals are frozen at every start. {tab} to Unfreeze…, {enter}."
ORDERED = "Ordered, now {state}. {esc} closes; {jump.deposits} shows its progress."
DOT = "·"
SKIPS, CLOSES = f"{DOT} {{tour.skip}} skips, {{tour}} leaves", f"{DOT} {{tour.skip}} closes"
NAMED = re.compile(r"\{([a-z._+]+)\}")


def styled_words(text: str, names: Mapping[str, str]) -> list[Line]:
    """Style a text, each word a group that is never broken; ``{an action}`` is its key, ``{tab}`` the key tab."""
    groups: list[Line] = []
    for word in text.split(" "):
        pieces = NAMED.split(word)
        cells = (
            Cell(names.get(piece, piece), "accent") if number % 2 else Cell(piece)
            for number, piece in enumerate(pieces)
        )
        groups.append(tuple(cell for cell in cells if cell.text))
    return groups


def unbroken(text: str, names: Mapping[str, str]) -> Line:
    """Style a text as one group."""
    first, *others = styled_words(text, names)
    return (*first, *(cell for word in others for cell in (Cell(" "), *word)))


def step_text(tour: Tour, snapshot: Snapshot, place: Place) -> str:
    """Return what to do in this step at this place."""
    if tour.step == "withdraw" and (row := withdrawal_of_step(tour, snapshot)) is not None:
        return ORDERED.replace("{state}", row.state)
    if (tour.step, place) == ("withdraw", "review") and snapshot.withdrawals_frozen:
        return FROZEN
    if (tour.step, place) == ("live", "panels") and snapshot.executor_armed:
        return FIRST_QUOTE
    if (tour.step, place) == ("takers", "panels") and passed_ms(tour, snapshot) >= WATCH_MS:
        return OTHER_TAKERS
    return STEP_TEXTS.get((tour.step, place), ELSEWHERE)


def waiting_for(tour_view: TourView, snapshot: Snapshot, place: Place) -> list[Line]:
    """Return what the step still waits for."""
    tour = tour_view.tour
    assert tour is not None
    if tour.step == "watch":
        count = f"{min(WATCHED, decided(tour, snapshot))} of {WATCHED} seen"
        return [(Cell(f"({count})", "muted"),)]
    if tour_view.reason and place == "panels" and not is_already(tour_view.reason):
        return [(Cell(word, "warn"),) for word in f"Not yet: {tour_view.reason}".split(" ")]
    return []


def tour_lines(view: View, place: Place, width: int) -> list[Line]:
    """Return the strip at ``width`` cells, empty without a tour; how to leave it follows where there is room."""
    tour_view, snapshot = view.tour, view.snapshot
    if tour_view is None or snapshot is None:
        return []
    if tour_view.tour is None:
        return flow(styled_words(OFFER, tour_view.keys), width, gap=" ")[:1] if place == "panels" else []
    step = tour_view.tour.step
    number = "" if step == "over" else f" {STEPS.index(step) + 1}/{len(STEPS) - 1}"
    text = [
        (Cell(f" TOUR{number} ", "sandbox"), Cell(f" {TITLES[step]}:", "strong")),
        *styled_words(step_text(tour_view.tour, snapshot, place), tour_view.keys),
        *waiting_for(tour_view, snapshot, place),
    ]
    ends = [unbroken(CLOSES if step == "over" else SKIPS, tour_view.keys)] if place == "panels" else []
    lines = flow([*text, *ends], width, gap=" ")
    if len(lines) > TALL:
        lines = flow(text, width, gap=" ")
    if len(lines) > TALL:
        lines = [*lines[: TALL - 1], with_ellipsis(lines[TALL - 1], width)]
    if lines[-1][0].text == DOT:
        lines[-1] = lines[-1][2:]  # It separates what is on one line.
    return [*lines, *[()] * (TALL - len(lines))]


def with_ellipsis(line: Line, width: int) -> Line:
    """End a line that was cut with an ellipsis."""
    while line_width(line) >= width:
        line = line[:-1]
    return (*line, Cell("…", "muted"))


class TourStrip(LineView):
    """Hidden without a tour or room for it; it never has the keyboard."""

    def __init__(self, place: Place, *, id: str = "tour") -> None:
        super().__init__(id=id)
        self._place = place
        self._tall = 0

    def paint(self, view: View) -> None:
        """Show the step, or hide the strip."""
        size = self.app.size
        fits = size.width >= LEAST.width and size.height >= LEAST.height
        lines = tour_lines(view, self._place, size.width - self.gutter.width) if fits else []
        if bool(lines) != self.display:
            self.display = bool(lines)
        if lines and len(lines) != self._tall:
            self._tall = len(lines)
            self.styles.height = self._tall
        self.show(lines)
