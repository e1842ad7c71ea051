"""The question before arming: what it means, under which limits, and in which world."""

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget
from textual.widgets import Static

from cockpit.model.commands import Part
from cockpit.model.formatting import exact, time_left
from cockpit.model.snapshot import Snapshot
from panels.dialogs.single_command import Ask, SingleCommandDialog
from panels.frame.status_bar import mode
from panels.frame.tour_strip import Place
from panels.kit.cells import Cell, Line
from panels.kit.labels import part_name
from panels.kit.messages import NO_CONNECTION, already
from panels.kit.view import View

MEANING: dict[Part, str] = {
    "strategy-engine": "Armed, the strategy prices requests and asks the executor to quote. It signs nothing itself.",
    "trade-executor": "Armed, the executor signs what the strategy decides. A signed quote binds until its deadline, "
    "whatever is disarmed afterwards.",
}


def is_armed(snapshot: Snapshot, part: Part) -> bool:
    """Whether the desk reports the part as armed."""
    return snapshot.strategy_armed if part == "strategy-engine" else snapshot.executor_armed


def blocked(view: View, part: Part) -> str:
    """Why the part cannot be armed now; empty when it can be."""
    snapshot = view.snapshot
    if snapshot is None or not view.trusted:
        return NO_CONNECTION
    if is_armed(snapshot, part):
        return already(f"the {part_name(part)} is", "armed")
    lines = [row for row in snapshot.interlocks if not row.passed]
    if part == "strategy-engine":
        return "; ".join(f"{row.name}: {row.measured}" for row in lines if row.rung == "SHADOW")
    return "; ".join(f"{row.name}: {row.measured}" for row in lines) or snapshot.executor_blocked


def consequence(snapshot: Snapshot, part: Part) -> str:
    """What happens on arming, given the other part."""
    if part == "strategy-engine":
        other, armed = "executor", snapshot.executor_armed
    else:
        other, armed = "strategy", snapshot.strategy_armed
    if armed:
        return f"The {other} is armed: quotes go out from the next request on."
    return f"The {other} is disarmed: no quote goes out until it is armed too."


def terms(snapshot: Snapshot) -> list[Line]:
    """World, account and limits."""
    limits = snapshot.limits
    return [
        (*mode(snapshot), Cell(f"  {snapshot.account}", "strong")),
        (),
        (Cell(f"{'a quote moves at most':<24}", "muted"), Cell(f"{exact(limits.max_notional_eure)} EURe", "strong")),
        (Cell(f"{'and earns at least':<24}", "muted"), Cell(f"{exact(limits.min_edge_bps)} bps", "strong")),
        (Cell(f"{'and binds at most':<24}", "muted"), Cell(time_left(limits.max_deadline_ms), "strong")),
    ]


class ArmDialog(SingleCommandDialog):
    """Asks before arming; opens on Cancel, and Enter arms nothing."""

    PLACE: ClassVar[Place] = "arm"

    def __init__(self, view: View, part: Part, ask: Ask) -> None:
        super().__init__(view, f"Arm the {part_name(part)}?", f"Arm the {part_name(part)} (space)", ask)
        self.part: Part = part
        self._shown: tuple[Line, ...] | None = None

    def question(self) -> Iterable[Widget]:
        """Terms and meaning."""
        yield Static(id="terms")
        yield Static(MEANING[self.part], id="meaning", markup=False)

    def obstacle(self, view: View) -> str:
        """The red lines of the ladder."""
        return blocked(view, self.part)

    def picture(self, view: View) -> object:
        """World, account, limits and consequence."""
        snapshot = view.snapshot
        if snapshot is None:
            return None
        return snapshot.run_id, snapshot.mode, snapshot.account, snapshot.limits, consequence(snapshot, self.part)

    def paint(self, view: View) -> None:
        """Keep the terms true while the question is open."""
        super().paint(view)
        snapshot = view.snapshot
        lines: tuple[Line, ...] = () if snapshot is None else tuple(terms(snapshot))
        if snapshot is not None:
            lines += ((), (Cell(consequence(snapshot, self.part), "text"),))
        if lines != self._shown:
            self._shown = lines
            self.query_one("#terms", Static).update(self.text(lines))
