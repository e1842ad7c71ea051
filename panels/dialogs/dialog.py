"""What every dialog shares: the live status bar above it, the line of its keys, and one for the desk's answer."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Generic, TypeVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input

from cockpit.model.printable import printable
from panels.dialogs import messages
from panels.dialogs.controls import control_hint
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dimmed import DimmedLines, dimmed_behind
from panels.dialogs.outcome import Message
from panels.frame.message_line import said_lines
from panels.frame.status_bar import StatusBar
from panels.frame.tour_strip import Place, TourStrip
from panels.kit.messages import STALE_SCREEN
from panels.kit.rows.cells import Line
from panels.kit.rows.plain_text import PlainText
from panels.kit.rows.text_lines import LineView
from panels.kit.textual_internals import WholeScreen
from panels.kit.theme import styles
from panels.kit.view import View

T = TypeVar("T")
S = TypeVar("S")

MIN_SCROLL_LINES = 3
"""Of the scrolling part of a dialog, however little room there is."""
LINES_AROUND_SCROLL = 6
"""Above and below it in the plainest dialog: status bar and frame."""


class ScrolledPart(VerticalScroll, can_focus=False):
    """What scrolls in a dialog. It never has the keyboard: the dialog scrolls it from anywhere."""


class Dialog(WholeScreen[T], Generic[T]):
    """A box over the cockpit. The status bar above it is live, so that nobody decides on old data.

    ``view`` is what was painted last; ``desk.view`` what is known right now. The lower edge of the box says which keys
    do what, and answers a key that does nothing. What scrolls is scrolled from anywhere in the dialog, and never has
    the keyboard.
    """

    AUTO_FOCUS = "*"
    ESCAPE: ClassVar[str] = messages.ESC_CLOSES
    """What the line of keys says about escape."""
    PLACE: ClassVar[Place] = "elsewhere"
    ARROWS_SCROLL: ClassVar[bool] = True
    """Whether the arrows scroll; in a form they go from line to line, and it scrolls with them."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pageup", "scroll(-8)", show=False),
        Binding("pagedown", "scroll(8)", show=False),
        Binding("home,g", "scroll_edge(-1)", show=False),
        Binding("end,G", "scroll_edge(1)", show=False),
    ]

    def __init__(self, desk: DeskPort, title: str) -> None:
        super().__init__()
        self.desk = desk
        self.view = desk.view
        self.title_text = title
        self.message_line = PlainText("", id="message")
        self._mounted = False
        self._message = ""
        self._behind = DimmedLines()
        self._answer = ""
        """What the last key was answered, until the next one."""
        self._keys_shown: tuple[str, bool] | None = None

    def compose(self) -> ComposeResult:
        self.take_breakpoints()
        yield StatusBar(id="status")
        yield TourStrip(self.PLACE)
        yield LineView(id="said")
        with Vertical(id="box") as box:
            box.border_title = Content(self.title_text)
            yield from self.body()

    def body(self) -> Iterable[Widget]:
        """Yield what is in the box."""
        yield self.message_line

    def render(self) -> Any:
        return dimmed_behind(super().render(), self.app.theme, self._behind)

    def draw_behind(self) -> None:
        """Draw what is behind again: it was painted."""
        self._behind.forget()
        self.refresh()

    def on_mount(self) -> None:
        self._mounted = True
        scroll = self.query_one_optional("#scroll", VerticalScroll)
        if scroll is not None:
            # Near enough that the first picture is most often right; the true room is known after the first layout.
            scroll.styles.max_height = max(MIN_SCROLL_LINES, self.app.size.height - LINES_AROUND_SCROLL)
        # What is painted before the first layout is in the first picture; what depends on the layout follows it.
        self.offer(self.view)
        self.call_after_refresh(lambda: self.offer(self.view))

    def on_key(self, event: events.Key) -> None:
        self._answer = ""
        self.call_after_refresh(self.show_keys)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.show_keys()

    def on_resize(self) -> None:
        self.call_after_refresh(lambda: self.offer(self.view))

    def offer(self, view: View) -> None:
        """Paint the view, unless the dialog is not mounted yet or is being taken down."""
        if self._mounted and self.query_one_optional(StatusBar) is not None:
            self.paint(view)
            self._fit()
            self.show_keys()
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
        self.show_said()

    def show_said(self) -> None:
        """Show what was just said at the lower edge of the screen, lit: what is behind the dialog is dim."""
        said = self.desk.said
        line = self.query_one("#said", LineView)
        if said is not None and said.text in self._message:
            said = None
        lines = () if said is None else tuple(said_lines(said, self.size.width))
        line.display = bool(lines)
        line.styles.height = max(1, len(lines))
        line.show(lines)

    def keys(self) -> Iterable[str]:
        """Yield what the line of keys says before ESCAPE, the most important first."""
        focused = self.focused
        hint = control_hint(focused)
        if hint:
            yield hint
        if not isinstance(focused, Input):
            yield from self.own_keys()
        if len(self.focus_chain) > 1:
            yield messages.NEXT_CONTROL
        scroll = self.query_one_optional("#scroll", VerticalScroll)
        if self.ARROWS_SCROLL and scroll is not None and scroll.max_scroll_y > 0 and not isinstance(focused, Input):
            yield messages.SCROLLS

    def own_keys(self) -> Iterable[str]:
        """Yield what keys of this dialog do while no text is typed."""
        return ()

    def show_keys(self) -> None:
        """Write the line of keys, as much of it as there is room for; the answer to a key stands before it."""
        box = self.query_one_optional("#box", Vertical)
        if box is None:
            return
        answered = self._answer
        room = box.size.width + box.styles.padding.width - 4
        words = [answered] if answered else []
        for more in self.keys():
            if len(" · ".join((*words, more, self.ESCAPE))) > room:
                break
            words.append(more)
        line = " · ".join((*words, self.ESCAPE))
        if (line, bool(answered)) != self._keys_shown:
            self._keys_shown = (line, bool(answered))
            box.border_subtitle = Content.styled(line, "$warning" if answered else "")

    def answer_key(self, text: str) -> None:
        """Answer a key that does nothing, or not what was expected of it."""
        self._answer = text
        self.show_keys()

    def leaves_by_space(self) -> bool:
        """Whether space presses a button that leaves the dialog."""
        return True

    def action_leave_by_space(self) -> None:
        button = self.focused
        if isinstance(button, Button) and self.leaves_by_space():
            button.press()
        else:
            self.answer_key(messages.ENTER_LEAVES)

    def action_refuse_enter(self) -> None:
        self.answer_key(messages.ENTER_NEVER)

    def action_scroll(self, rows: int) -> None:
        scroll = self.query_one_optional("#scroll", VerticalScroll)
        if scroll is not None:
            scroll.scroll_relative(y=rows, animate=False)

    def action_scroll_edge(self, to: int) -> None:
        scroll = self.query_one_optional("#scroll", VerticalScroll)
        if scroll is not None:
            scroll.scroll_to(y=0 if to < 0 else scroll.max_scroll_y, animate=False)

    def action_back(self) -> None:
        self.dismiss(None)

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        # Textual takes down what is on top: for a dialog that is gone already, that would be the board or another one.
        # An answer of the desk and esc may come in one moment.
        if self not in self.app.screen_stack:
            return AwaitComplete()
        return super().dismiss(result)

    def _fit(self) -> None:
        """Give the scrolling part the room that the rest of the box leaves, so that the buttons stay in sight."""
        scroll, box = self.query_one_optional("#scroll"), self.query_one_optional("#box")
        if scroll is None or box is None or not box.size:
            return  # The room is known after the first layout.
        # A dialog that is being taken down has lost some of them.
        around = filter(None, map(self.query_one_optional, ("StatusBar", "TourStrip", "#said")))
        room = self.size.height - sum(bar.outer_size.height for bar in around if bar.display)
        others = [child for child in box.children if child is not scroll and child.display]
        taken = sum(child.outer_size.height + child.styles.margin.height for child in others)
        most = max(MIN_SCROLL_LINES, room - box.gutter.height - taken)
        if scroll.styles.max_height is None or scroll.styles.max_height.value != most:
            scroll.styles.max_height = most

    def show_message(self, message: Message | None) -> None:
        """Show a sentence in the box, or none."""
        self._message = message.text if message else ""
        self.message_line.update(self._message)
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
