"""The form of the limits: checked here for what cannot be right, decided by the desk."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import ClassVar

import msgspec
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from cockpit.model.commands import Limits
from cockpit.model.formatting import exact
from panels.dialogs.command_dialog import Choice
from panels.dialogs.dialog import Answer
from panels.dialogs.outcome import Message
from panels.dialogs.single_command import SingleCommandDialog
from panels.kit.messages import NO_CONNECTION
from panels.kit.view import View

Changes = Mapping[str, Decimal | int]

FIELDS: tuple[tuple[str, str, str], ...] = (
    ("max_notional_eure", "Max notional of a quote", "EURe"),
    ("max_promised_eure", "All live quotes give at most", "EURe"),
    ("max_asset_share", "Share of one asset at most", "of 1"),
    ("max_quotes_per_second", "Quotes at most", "per s"),
    ("max_fills_per_hour", "Fills at most", "per h"),
    ("max_loss_per_day_eure", "Loss of a day at most", "EURe"),
    ("min_edge_bps", "Least edge", "bps"),
    ("max_reference_age_ms", "Reference at most old", "ms"),
    ("max_inventory_age_ms", "Balances at most old", "ms"),
    ("max_divergence_bps", "Sources at most apart", "bps"),
    ("max_deadline_ms", "A quote lives at most", "ms"),
)
"""Field, what people call it, its unit."""


def shown(limits: Limits, field: str) -> str:
    """A field's value as it is edited."""
    value = getattr(limits, field)
    return exact(value).replace(",", "") if isinstance(value, Decimal) else str(value)


def parse(texts: Mapping[str, str], now: Limits) -> tuple[Changes, tuple[str, ...]]:
    """The fields that differ from ``now``, and one sentence for every value that cannot be used."""
    changes: dict[str, Decimal | int] = {}
    problems: list[str] = []
    for field, label, unit in FIELDS:
        text = texts[field].strip()
        if text == shown(now, field):
            continue
        try:
            changes[field] = Decimal(text) if isinstance(getattr(now, field), Decimal) else int(text)
        except (InvalidOperation, ValueError):
            what = "a number" if isinstance(getattr(now, field), Decimal) else "a whole number"
            problems.append(f"{label}: {text or 'nothing'!r} is not {what} ({unit})")
    if not problems:
        problems += msgspec.structs.replace(now, **changes).problems()
    return changes, tuple(problems)


class LimitsDialog(SingleCommandDialog):
    """Edit the limits; only what was changed is sent, and the desk has the last word."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, view: View, now: Limits, ask: Callable[[Changes, str, Answer], str]) -> None:
        super().__init__(view, "Limits", "Set the limits (space)")
        self._now = now
        self._ask_limits = ask
        self._changes: Changes = {}

    def question(self) -> Iterable[Widget]:
        """A line a field."""
        for field, label, unit in FIELDS:
            with Horizontal(classes="field"):
                yield Label(label, classes="name")
                box = Input(shown(self._now, field), id=field, compact=True)
                box.cursor_blink = False
                yield box
                yield Label(unit, classes="unit")
        yield Static("They bind the next decision; quotes already signed keep their terms.", id="meaning")

    def picture(self, view: View) -> object:
        """The limits that were read: one who corrects them must not undo what somebody else set meanwhile."""
        snapshot = view.snapshot
        return None if snapshot is None else (snapshot.run_id, snapshot.mode, snapshot.account, snapshot.limits)

    def obstacle(self, view: View) -> str:
        """Only a desk that is heard is asked."""
        return "" if view.trusted else NO_CONNECTION

    def on_input_changed(self, event: Input.Changed) -> None:
        """Somebody is typing."""
        event.stop()
        self.touch()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field goes on to the next; only the button sets."""
        event.stop()
        self.focus_next()

    def submit(self, way: Choice) -> None:
        """Check what was typed, and ask."""
        texts = {field: self.query_one(f"#{field}", Input).value for field, _, _ in FIELDS}
        changes, problems = parse(texts, self._now)
        if problems:
            self.tell(Message("\n".join(problems), "warning", False))
        elif not changes:
            self.tell(Message("nothing was changed", "information", False))
        else:
            if changes != self._changes:
                self.forget_doubt()
            self._changes = changes
            super().submit(way)

    def send(self, command_id: str, answer: Answer) -> str:
        """Ask for what was changed; another change is another command."""
        return self._ask_limits(self._changes, command_id, answer)
