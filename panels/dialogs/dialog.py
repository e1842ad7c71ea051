"""What every dialogue shares: the live status bar above it, escape out of it, and a line for the desk's answer."""

from collections.abc import Callable, Iterable
from typing import ClassVar, Generic, Protocol, TypeVar, runtime_checkable

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen
from textual.visual import VisualType
from textual.widget import Widget
from textual.widgets import Static

from cockpit.client.desk_client import Outcome
from panels.dialogs.dimmed import Dimmed
from panels.dialogs.outcome import Message
from panels.frame.status_bar import StatusBar
from panels.frame.tour_strip import Place, TourStrip
from panels.kit.cells import Line
from panels.kit.messages import STALE_SCREEN
from panels.kit.theme import styles
from panels.kit.view import View

T = TypeVar("T")
S = TypeVar("S")

LEAST_LINES = 3
"""Of the scrolling part of a dialogue, however little room there is."""
AROUND = 8
"""Lines above and below it in the plainest dialogue: status bar, frame and the hint of the keys."""

Answer = Callable[[Outcome], bool]
"""Takes the outcome of a command; False when the dialogue is gone and it must be shown elsewhere."""


@runtime_checkable
class Moments(Protocol):
    """The app, as dialogues see it."""

    @property
    def unpainted(self) -> bool:
        """Whether its terminal shows an old picture."""

    def now_seen(self) -> View:
        """What is known right now."""

    def clock(self) -> float:
        """Seconds that only go forward."""


class Dialog(ModalScreen[T], Generic[T]):
    """A box over the cockpit. The status bar above it is live, so that nothing is decided on old news."""

    AUTO_FOCUS = "*"
    PLACE: ClassVar[Place] = "elsewhere"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(self, view: View, title: str) -> None:
        super().__init__()
        self.view = view
        self._mounted = False
        self._drawn = False
        self._title = title
        self._said = Static("", id="said", markup=False)

    def compose(self) -> ComposeResult:
        """The status bar, the tour's strip while there is a tour, and the box."""
        yield StatusBar(id="status")
        yield TourStrip(self.PLACE)
        with Vertical(id="box") as box:
            box.border_title = Content(self._title)
            yield from self.body()

    def body(self) -> Iterable[Widget]:
        """What is in the box."""
        yield self._said

    def render(self) -> VisualType:  # type: ignore[override]
        """What is behind the box."""
        behind = super().render()
        return Dimmed(behind.screen, behind.color) if isinstance(behind, BackgroundScreen) else behind

    def _compositor_refresh(self) -> None:
        """Draw what changed, but not the first time: a second layout, where scroll bars have room, follows at once.

        Everything drawn so far stays due, so that the next drawing is of the whole.
        """
        if self._drawn:
            super()._compositor_refresh()
        self._drawn = True

    def on_mount(self) -> None:
        """Show the moment at once."""
        self._mounted = True
        scroll = self.query_one_optional("#scroll")
        if scroll is not None:
            # Near enough that the first picture is most often right; the true room is known after the first layout.
            scroll.styles.max_height = max(LEAST_LINES, self.app.size.height - AROUND)
        self.call_after_refresh(lambda: self.offer(self.view))

    def on_resize(self) -> None:
        """The status bar flows anew."""
        self.call_after_refresh(lambda: self.offer(self.view))

    def offer(self, view: View) -> None:
        """Show the moment, unless the dialogue is not there yet or is being taken down."""
        if self._mounted and self.query_one_optional(StatusBar) is not None:
            self.paint(view)
            self._fit()
            self.call_after_refresh(self._fit)

    def now(self) -> View:
        """What is known right now: what was painted last may be older by as long as the app was busy."""
        return self.app.now_seen() if isinstance(self.app, Moments) else self.view

    def clock(self) -> float:
        """Seconds that only go forward."""
        return self.app.clock() if isinstance(self.app, Moments) else 0.0

    def ask_next(self, dialogue: "Dialog[S]", then: Callable[[S | None], None] | None = None) -> None:
        """Open the next dialogue on top; a button pressed twice in one moment opens one."""
        if self.is_active:
            self.app.push_screen(dialogue, then)

    def on_an_old_picture(self) -> bool:
        """Whether what was pressed just now was pressed on a picture that is no longer true; then that is said."""
        old = isinstance(self.app, Moments) and self.app.unpainted
        if old:
            self.tell(Message(STALE_SCREEN, "warning", False))
        return old

    def paint(self, view: View) -> None:
        """Show the moment."""
        self.view = view
        self.query_one(StatusBar).paint(view)
        self.query_one(TourStrip).paint(view)

    def action_back(self) -> None:
        """Close without doing anything."""
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
        most = max(LEAST_LINES, room - box.gutter.height - taken)
        if scroll.styles.max_height is None or scroll.styles.max_height.value != most:
            scroll.styles.max_height = most

    def tell(self, said: Message | None) -> None:
        """Show a sentence in the box, or nothing."""
        self._said.update(said.text if said else "")
        for severity in ("information", "warning", "error"):
            self._said.set_class(said is not None and said.severity == severity, f"-{severity}")

    def text(self, lines: Iterable[Line]) -> Text:
        """Lines of cells as one text in the colours of the theme."""
        look = styles(self.app.theme)
        text = Text()
        for number, line in enumerate(lines):
            if number:
                text.append("\n")
            for cell in line:
                text.append(cell.text, look[cell.role])
        return text
