"""The question before arming: what it means, under which limits, and on which account."""

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from cockpit.model.commands import Part, Result
from cockpit.model.formatting import exact, time_left
from cockpit.model.snapshot import Snapshot
from panels.dialogs.choices import Choice, desk_identity
from panels.dialogs.command_dialog import CommandDialog
from panels.dialogs.desk_port import Answer, DeskPort
from panels.dialogs.messages import armed_already
from panels.frame.status_bar import mode
from panels.frame.tour_strip import Place
from panels.kit.alarms import alarm_lines
from panels.kit.labels import part_name
from panels.kit.messages import NO_CONNECTION
from panels.kit.rows.cells import Cell, Line
from panels.kit.rows.plain_text import PlainText
from panels.kit.view import View
from panels.views.interlocks import measured

MEANING: dict[Part, str] = {
    "strategy-engine": "The strategy prices requests and asks the executor to quote. It signs nothing itself.",
    "trade-executor": "The executor signs what the strategy decides. A signed quote binds until its deadline, even "
    "after disarming.",
}
LABEL_WIDTH = 24


def is_armed(snapshot: Snapshot, part: Part) -> bool:
    """Return whether the desk reports the part as armed."""
    return snapshot.strategy_armed if part == "strategy-engine" else snapshot.executor_armed


def arming_blocked_by(view: View, part: Part) -> str:
    """Return why the part cannot be armed now; empty when it can."""
    snapshot = view.snapshot
    if snapshot is None or not view.trusted:
        return NO_CONNECTION
    if is_armed(snapshot, part):
        return armed_already(part)
    if view.too_small:
        return view.too_small
    failed = [row for row in snapshot.interlocks if not row.passed]
    if part == "strategy-engine":
        return "; ".join(f"{row.name}: {measured(row)}" for row in failed if row.rung == "SHADOW")
    return "; ".join(f"{row.name}: {measured(row)}" for row in failed) or snapshot.executor_blocked


def consequence(snapshot: Snapshot, part: Part) -> str:
    """Return what happens on arming, given the other part."""
    if part == "strategy-engine":
        other, armed = "executor", snapshot.executor_armed
    else:
        other, armed = "strategy", snapshot.strategy_armed
    if is_armed(snapshot, part):
        return f"To disarm the {part_name(part)} alone: ^p, “Disarm only the {part_name(part)}”."
    if armed:
        return f"The {other} is armed: quotes go out from the next request."
    return f"The {other} is disarmed: no quote goes out until you arm it too."


def arming_terms(snapshot: Snapshot) -> list[Line]:
    limits = snapshot.limits
    facts = (
        ("max size", f"{exact(limits.max_notional_eure)} EURe"),
        ("min edge", f"{exact(limits.min_edge_bps)} bps"),
        ("quotes valid for up to", time_left(limits.max_deadline_ms)),
    )
    return [
        (*mode(snapshot), Cell(f"  {snapshot.account}", "strong")),
        (),
        *((Cell(f"{label:<{LABEL_WIDTH}}", "muted"), Cell(value, "strong")) for label, value in facts),
    ]


class ArmDialog(CommandDialog[Result]):
    """Its terms are mode, account, limits and what arming leads to."""

    PLACE: ClassVar[Place] = "arm"

    def __init__(self, desk: DeskPort, part: Part) -> None:
        name = part_name(part)
        super().__init__(desk, f"Arm the {name}?", (Choice("do", f"Arm the {name}"),))
        self.part: Part = part
        self._shown: tuple[Line, ...] | None = None

    def question(self) -> Iterable[Widget]:
        yield PlainText(id="terms")
        yield PlainText(MEANING[self.part], id="meaning")

    def blocked_by(self, view: View, choice: Choice) -> str:
        return arming_blocked_by(view, self.part)

    def preconditions(self, view: View, choice: Choice) -> object:
        snapshot = view.snapshot
        return snapshot and (desk_identity(view), snapshot.limits, consequence(snapshot, self.part))

    def send(self, choice: Choice, command_id: str, answer: Answer) -> str:
        return self.desk.arm(self.part, command_id, answer)

    def result(self, answer: Result) -> Result:
        return answer

    def paint(self, view: View) -> None:
        super().paint(view)
        snapshot = view.snapshot
        lines: tuple[Line, ...] = () if snapshot is None else tuple(arming_terms(snapshot))
        if snapshot is not None:
            lines += ((), (Cell(consequence(snapshot, self.part), "text"),), *alarm_lines(snapshot))
        if lines != self._shown:
            self._shown = lines
            self.query_one("#terms", PlainText).update(self.styled(lines))
