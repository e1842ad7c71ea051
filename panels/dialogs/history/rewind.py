"""Rewind: the board as it was at a recorded moment, clearly marked, stepping by second, event or fill."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from cockpit.model.formatting import utc_moment
from cockpit.model.recorded.pages import RecordedMoment, Step
from panels.dialogs import messages as dialog_messages
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog, ScrolledPart
from panels.dialogs.history import messages
from panels.dialogs.history.port import HistoryPort
from panels.dialogs.outcome import Message
from panels.kit.rows.cells import Cell, Line
from panels.kit.rows.plain_text import PlainText


class RewindDialog(Dialog[None]):
    """One step is read at a time; keys pressed meanwhile do nothing, so that none is taken for a later picture."""

    ESCAPE: ClassVar[str] = dialog_messages.ESC_BACK
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step('second', -1)", show=False),
        Binding("right", "step('second', 1)", show=False),
        Binding("up,k", "step('event', -1)", show=False),
        Binding("down,j", "step('event', 1)", show=False),
        Binding("F", "step('fill', -1)", show=False),
        Binding("f", "step('fill', 1)", show=False),
        Binding("q", "dismiss", show=False),
    ]

    def __init__(self, desk: DeskPort, history: HistoryPort, at_ns: int) -> None:
        super().__init__(desk, messages.rewound(_to_the_ms(at_ns)))
        self._history = history
        self._at_ns = at_ns
        self._reading = False

    def body(self) -> Iterable[Widget]:
        with ScrolledPart(id="scroll"):
            yield PlainText(messages.READING, id="text")
        yield self.message_line

    def on_mount(self) -> None:
        super().on_mount()
        self._ask("", 0)

    def own_keys(self) -> Iterable[str]:
        yield from messages.REWIND_KEYS

    def action_step(self, step: Step, direction: int) -> None:
        if not self._reading:
            self._ask(step, direction)

    def _ask(self, step: Step, direction: int) -> None:
        self._reading = True
        self._history.moment(self._at_ns, step, direction, self._answered)

    def _answered(self, found: RecordedMoment | str) -> None:
        self._reading = False
        if not self.is_attached:
            return
        if isinstance(found, str):
            self.show_message(Message(found, "warning"))
            return
        self._at_ns = found.at_ns
        self.title_text = messages.rewound(_to_the_ms(found.at_ns))
        self.query_one("#box").border_title = Content(self.title_text)
        self.query_one("#text", PlainText).update(self.styled(_lines(found)))
        text = messages.NOTHING_BEYOND if found.edge else messages.ONLY_RECORDED
        self.show_message(Message(text, "warning" if found.edge else "information"))


def _to_the_ms(at_ns: int) -> str:
    return utc_moment(at_ns).replace(" UTC", f".{at_ns // 1_000_000 % 1_000:03d} UTC")


def _lines(moment: RecordedMoment) -> list[Line]:
    lines: list[Line] = []
    for part in moment.parts:
        if part.title:
            lines += [(), (Cell(part.title, "strong"),)]
        lines += [(Cell(line),) for line in part.lines]
    return lines
