"""What every dialog shares: the live status bar above it, escape out of it, and a line for the desk's answer."""

from collections.abc import Callable, Iterable
from typing import ClassVar, Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.renderables.background_screen import BackgroundScreen
from textual.visual import VisualType
from textual.widget import Widget

from cockpit.model.printable import printable
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dimmed import Dimmed
from panels.dialogs.outcome import Message
from panels.frame.status_bar import StatusBar
from panels.frame.tour_strip import Place, TourStrip
from panels.kit.messages import STALE_SCREEN
from panels.kit.rows.cells import Line
from panels.kit.rows.plain_text import PlainText
from panels.kit.textual_internals import SecondLayoutScreen
from panels.kit.theme import styles
from panels.kit.view import View

T = TypeVar("T")
S = TypeVar("S")

MIN_SCROLL_LINES = 3
"""Of the scrolling part of a dialog, however little room there is."""
LINES_AROUND_SCROLL = 8
"""Above and below it in the plainest dialog: status bar, frame and the hint of the keys."""


class Dialog(SecondLayoutScreen[T], Generic[T]):
    """A box over the cockpit. The status bar above it is live, so that nobody decides on old data.

    ``view`` is what was painted last; ``desk.view`` what is known right now.
    """

    AUTO_FOCUS = "*"
    PLACE: ClassVar[Place] = "elsewhere"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(self, desk: DeskPort, title: str) -> None:
        super().__init__()
        self.desk = desk
        self.view = desk.view
        self.title_text = title
        self.message_line = PlainText("", id="message")
        self._mounted = False

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        yield TourStrip(self.PLACE)
        with Vertical(id="box") as box:
            box.border_title = Content(self.title_text)
            yield from self.body()

    def body(self) -> Iterable[Widget]:
        """Yield what is in the box."""
        yield self.message_line

    def render(self) -> VisualType:  # type: ignore[override]
        behind = super().render()
        return Dimmed(behind.screen, behind.color) if isinstance(behind, BackgroundScreen) else behind

    def on_mount(self) -> None:
        self._mounted = True
        scroll = self.query_one_optional("#scroll")
        if scroll is not None:
            # Near enough that the first picture is most often right; the true room is known after the first layout.
            scroll.styles.max_height = max(MIN_SCROLL_LINES, self.app.size.height - LINES_AROUND_SCROLL)
        self.call_after_refresh(lambda: self.offer(self.view))

    def on_resize(self) -> None:
        self.call_after_refresh(lambda: self.offer(self.view))

    def offer(self, view: View) -> None:
        """Paint the view, unless the dialog is not mounted yet or is being taken down."""
        if self._mounted and self.query_one_optional(StatusBar) is not None:
            self.paint(view)
            self._fit()
            self.call_after_refresh(self._fit)

    def open_next(self, dialog: "Dialog[S]", then: Callable[[S | None], None] | None = None) -> None:
        """Open another dialog on top; a button pressed twice in one moment opens one."""
        if self.is_active:
            self.app.push_screen(dialog, then)

    def refuses_stale_picture(self) -> bool:
        """Return whether the key just pressed must not count, since the terminal showed an old picture; then say so."""
        stale = self.desk.picture_is_stale
        if stale:
            self.show_message(Message(STALE_SCREEN, "warning"))
        return stale

    def paint(self, view: View) -> None:
        self.view = view
        self.query_one(StatusBar).paint(view)
        self.query_one(TourStrip).paint(view)

    def action_back(self) -> None:
        self.dismiss(None)

    def _fit(self) -> None:
        """Give the scrolling part the room that the rest of the box leaves, so that the buttons stay in sight."""
        scroll, box = self.query_one_optional("#scroll"), self.query_one_optional("#box")
        if scroll is None or box is None:
            return
        above = (self.query_one(StatusBar), self.query_one(TourStrip))
        room = self.size.height - sum(bar.outer_size.height for bar in above if bar.display)
        others = [child for child in box.children if child is not scroll and child.display]
        taken = sum(child.outer_size.height + child.styles.margin.height for child in others)
        most = max(MIN_SCROLL_LINES, room - box.gutter.height - taken)
        if scroll.styles.max_height is None or scroll.styles.max_height.value != most:
            scroll.styles.max_height = most

    def show_message(self, message: Message | None) -> None:
        """Show a sentence in the box, or none."""
        self.message_line.update(message.text if message else "")
        for severity in ("information", "warning", "error"):
            self.message_line.set_class(message is not None and message.severity == severity, f"-{severity}")

    def styled(self, lines: Iterable[Line]) -> Text:
        """Return lines of cells as one text in the colours of the theme."""
        look = styles(self.app.theme)
        text = Text()
        for number, line in enumerate(lines):
            if number:
                text.append("\n")
            for cell in line:
                text.append(printable(cell.text), look[cell.role])
        return text
