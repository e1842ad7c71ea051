"""The question before arming: what it means, under which limits, and in which world."""

from collections.abc import Callable, Iterable

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Static

from cockpit.commands import Part
from cockpit.format import exact, left
from cockpit.link import Outcome
from cockpit.snapshot import Snapshot
from panels.cells import Cell, Line
from panels.dialogue import Answer, Dialogue
from panels.outcome import say
from panels.status import mode
from panels.view import View
from panels.words import part_name

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
        return "the desk is not heard, so nobody would see what it does"
    if is_armed(snapshot, part):
        return f"the {part_name(part)} is armed already"
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
        (Cell(f"{'and binds at most':<24}", "muted"), Cell(left(limits.max_deadline_ms), "strong")),
    ]


class ArmDialogue(Dialogue[None]):
    """Asks before arming; opens on Cancel, so that a stray Enter arms nothing."""

    def __init__(self, view: View, part: Part, ask: Callable[[Answer], object]) -> None:
        super().__init__(view, f"Arm the {part_name(part)}?")
        self.part: Part = part
        self._ask = ask
        self._waiting = False
        self._shown: tuple[Line, ...] | None = None

    def body(self) -> Iterable[Widget]:
        """Terms, meaning, the obstacle if there is one, the buttons."""
        yield Static(id="terms")
        yield Static(MEANING[self.part], id="meaning", markup=False)
        yield Static("", id="blocked", markup=False)
        yield self._said
        with Horizontal(id="buttons"):
            yield Button("Cancel", id="cancel", compact=True)
            yield Button(f"Arm the {part_name(self.part)}", id="arm", variant="warning", compact=True)

    def on_mount(self) -> None:
        """Open on Cancel."""
        super().on_mount()
        self.query_one("#cancel", Button).focus()

    def paint(self, view: View) -> None:
        """Keep terms and obstacle true while the question is open."""
        super().paint(view)
        obstacle = blocked(view, self.part)
        snapshot = view.snapshot
        lines: tuple[Line, ...] = () if snapshot is None else tuple(terms(snapshot))
        if snapshot is not None:
            lines += ((), (Cell(consequence(snapshot, self.part), "text"),))
        look = (*lines, (Cell(obstacle),))
        if look != self._shown:
            self._shown = look
            self.query_one("#terms", Static).update(self.text(lines))
            notice = self.query_one("#blocked", Static)
            notice.update(f"blocked: {obstacle}" if obstacle else "")
            notice.display = bool(obstacle)
        self.query_one("#arm", Button).disabled = self._waiting or bool(obstacle)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Cancel, or ask the desk."""
        event.stop()
        if event.button.id != "arm":
            self.dismiss(None)
            return
        if self._waiting or blocked(self.view, self.part):
            return
        self._waiting = True
        self.query_one("#arm", Button).disabled = True
        self.query_one("#cancel", Button).focus()
        self.tell(None)
        self._ask(self._answered)

    def _answered(self, outcome: Outcome) -> bool:
        if not self.is_attached:
            return False
        said = say(outcome)
        if said.done:
            self.dismiss(None)
            return False
        self._waiting = False
        self.tell(said)
        self.paint(self.view)
        return True
