"""The strip of the tour, below the status bar on the cockpit and over its dialogues: what to look at, what to press."""

import re
from collections.abc import Mapping
from typing import Literal

from cockpit.model.snapshot import Snapshot
from panels.frame.board import LEAST
from panels.kit.cells import Cell, Line, flow, line_width
from panels.kit.messages import is_already
from panels.kit.text_lines import LineView
from panels.kit.tour_steps import STEPS, WATCHED, Step, Tour, Touring, decided, ordered
from panels.kit.view import View

Place = Literal["panels", "row", "arm", "withdraw", "unfreeze", "review", "confirm", "elsewhere"]
"""Where the operator is: at the panels, or in one of the dialogues that the tour leads through."""

TALL = 2
"""Lines of a step, everywhere, so that nothing moves when a dialogue opens or one step gives way to the next."""

TITLES: Mapping[Step, str] = {
    "watch": "Watch",
    "decision": "Read a decision",
    "shadow": "Arm to SHADOW",
    "live": "Arm to LIVE",
    "withdraw": "Withdraw",
    "stop": "Stop",
    "over": "That was all",
}

WORDS: Mapping[tuple[Step, Place], str] = {
    ("watch", "panels"): "{jump.decisions} shows what takers ask and what the desk would do; it is not armed.",
    ("decision", "panels"): "{jump.decisions} is Decisions; {rows.down} {rows.up} move, {rows.open} opens a row with "
    "all its checks.",
    ("decision", "row"): "✗ marks the check that decided; without one, it is quoted. {esc} goes on.",
    ("shadow", "panels"): "{arm.strategy} asks to arm the strategy, which then decides and signs nothing.",
    ("shadow", "arm"): "Read it: Enter arms nothing. {tab} to the other button, {space} presses it.",
    ("live", "panels"): "{arm.executor} asks to arm the executor, which signs quotes.",
    ("live", "arm"): "What it signs binds until its deadline. {tab} to the other button, {space} presses it.",
    ("withdraw", "panels"): "{withdraw} opens the form. The money is the sandbox's, every gate is real.",
    ("withdraw", "withdraw"): "{tab} to the amount: 0.01. The address is filled in; {enter} goes on, to Review…",
    ("withdraw", "review"): "A new address waits out its time here. {tab} to Confirm…, {enter}.",
    ("withdraw", "unfreeze"): "It lets one withdrawal out. {tab} to Unfreeze, {space} presses it.",
    (
        "withdraw",
        "confirm",
    ): "Type the amount, {enter}, the address's last six; {tab} {tab} to Withdraw, {space} orders it.",
    ("stop", "panels"): "{disarm} disarms all at once, even in a dialogue, and never asks. {stop.hard} would burn what "
    "still binds.",
    ("over", "panels"): "Watched, armed, withdrawn, stopped. {help} shows all keys; docs/runbook.md leads to real "
    "money.",
}
OFFER = "New here? {tour} starts a tour of six steps; nothing here is real. {tour.skip} not now."
ELSEWHERE = "{esc} leaves this, and the tour goes on."
QUOTING = "Armed: the first quote goes out with the next request worth one; {jump.quotes} shows it."
FROZEN = "Money is frozen at every start. {tab} to Unfreeze…, {enter}."
ORDERED = "Ordered, now {state}. {esc} closes; {jump.deposits} follows it to the end."
DOT = "·"
SKIPS, CLOSES = f"{DOT} {{tour.skip}} skips, {{tour}} leaves", f"{DOT} {{tour.skip}} closes"
NAMED = re.compile(r"\{([a-z._+]+)\}")


def spoken(text: str, names: Mapping[str, str]) -> list[Line]:
    """A text's words, each a group that is never broken; ``{an action}`` is its key here, ``{tab}`` the key tab."""
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
    """A text as one group."""
    first, *others = spoken(text, names)
    return (*first, *(cell for word in others for cell in (Cell(" "), *word)))


def words(tour: Tour, snapshot: Snapshot, place: Place) -> str:
    """What the step says at this place."""
    if tour.step == "withdraw" and (row := ordered(tour, snapshot)) is not None:
        return ORDERED.replace("{state}", row.state)
    if (tour.step, place) == ("withdraw", "review") and snapshot.withdrawals_frozen:
        return FROZEN
    if (tour.step, place) == ("live", "panels") and snapshot.executor_armed:
        return QUOTING
    return WORDS.get((tour.step, place), ELSEWHERE)


def waits(touring: Touring, snapshot: Snapshot, place: Place) -> list[Line]:
    """What the step still waits for."""
    tour = touring.tour
    assert tour is not None
    if tour.step == "watch":
        count = f"{min(WATCHED, decided(tour, snapshot))} of {WATCHED} seen"
        return [(Cell(f"({count})", "muted"),)]
    if touring.why and place == "panels" and not is_already(touring.why):
        return [(Cell(word, "warn"),) for word in f"Not yet: {touring.why}".split(" ")]
    return []


def tour_lines(view: View, place: Place, width: int) -> list[Line]:
    """The strip at ``width`` cells; nothing while there is no tour. How to leave it is told where there is room."""
    touring, snapshot = view.tour, view.snapshot
    if touring is None or snapshot is None:
        return []
    if touring.tour is None:
        return flow(spoken(OFFER, touring.keys), width, gap=" ")[:1] if place == "panels" else []
    step = touring.tour.step
    number = "" if step == "over" else f" {STEPS.index(step) + 1}/{len(STEPS) - 1}"
    said = [
        (Cell(f" TOUR{number} ", "sandbox"), Cell(f" {TITLES[step]}:", "strong")),
        *spoken(words(touring.tour, snapshot, place), touring.keys),
        *waits(touring, snapshot, place),
    ]
    ends = [unbroken(CLOSES if step == "over" else SKIPS, touring.keys)] if place == "panels" else []
    lines = flow([*said, *ends], width, gap=" ")
    if len(lines) > TALL:
        lines = flow(said, width, gap=" ")
    if len(lines) > TALL:
        lines = [*lines[: TALL - 1], ended(lines[TALL - 1], width)]
    if lines[-1][0].text == DOT:
        lines[-1] = lines[-1][2:]  # It parts what stands on one line.
    return [*lines, *[()] * (TALL - len(lines))]


def ended(line: Line, width: int) -> Line:
    """A line that goes on elsewhere, with an ellipsis."""
    while line_width(line) >= width:
        line = line[:-1]
    return (*line, Cell("…", "muted"))


class TourStrip(LineView):
    """There only while there is a tour and room for it; it never has the keyboard."""

    def __init__(self, place: Place, *, id: str = "tour") -> None:
        super().__init__(id=id)
        self._place = place
        self._tall = 0

    def paint(self, view: View) -> None:
        """Show the moment, in as many lines as it takes."""
        size = self.app.size
        fits = size.width >= LEAST.width and size.height >= LEAST.height
        lines = tour_lines(view, self._place, size.width - self.gutter.width) if fits else []
        if bool(lines) != self.display:
            self.display = bool(lines)
        if lines and len(lines) != self._tall:
            self._tall = len(lines)
            self.styles.height = self._tall
        self.show(lines)
