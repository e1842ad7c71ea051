"""The cockpit: attaches to a desk, paints what it says, and takes the operator's keys."""

import os
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from textual import events, work
from textual.app import ComposeResult, SystemCommand
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from cockpit.app.availability import obstacle
from cockpit.app.notifications import FILLS_APART_S, FaultLog, FillCounter, Notification, happened, title
from cockpit.app.operator_actions import Exit, OperatorActions
from cockpit.app.palette import LiveCommandPalette, theme_commands
from cockpit.app.terminal.escape_codes import KEEP_TITLE, RESTORE_TITLE, notification, window_title
from cockpit.app.terminal.options import LOOK, TerminalOptions
from cockpit.app.terminal.tour_seen import TourSeen
from cockpit.client.desk_client import ConnectionLost, DeskClient
from panels.dialogs.dialog import Dialog
from panels.dialogs.help import HelpDialog
from panels.dialogs.row_details import RowDetails
from panels.frame.banners import Banner, ConnectingNotice, FaultBar, TooSmall
from panels.frame.board import ROOMS, Board, room
from panels.frame.key_bar import KeyBar
from panels.frame.status_bar import StatusBar
from panels.frame.tabs import Tabs
from panels.frame.tour_strip import TourStrip
from panels.kit.actions import PANELS
from panels.kit.keymap import KeyMap, displayed
from panels.kit.messages import unavailable
from panels.kit.panel import Panel
from panels.kit.textual_internals import set_bindings
from panels.kit.theme import DARK_NAME, NAMES, PLAIN_NAME, THEMES
from panels.views.proof import ReconciliationStrip

__all__ = ["CockpitApp", "Exit"]

WIDTHS = [(0, "-narrow"), (110, "-normal"), (170, "-wide")]
HEIGHTS = [(0, "-short"), (34, "-tall")]


class CockpitApp(OperatorActions, inherit_bindings=False):
    """One terminal's view of a desk. It holds no truth of its own.

    ``paint_hz`` is how often the newest snapshot is given to the panels, 1 to 30. ``on_start`` is awaited beside
    the first picture (to start a desk); what it raises is shown and the cockpit stays. ``keys`` is the operator's own
    map of them. ``clock`` counts seconds; ``new_key`` makes the idempotency key of a withdrawal.
    ``tour_note`` remembers whether the tour was offered before; without it, it never is.
    """

    TITLE = "NEAR Intents cockpit"
    CSS_PATH = "app.tcss"
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def __init__(
        self,
        link: DeskClient,
        *,
        paint_hz: int = 4,
        look: TerminalOptions = LOOK,
        on_start: Callable[[], Awaitable[None]] | None = None,
        keys: KeyMap | None = None,
        clock: Callable[[], float] = time.monotonic,
        new_key: Callable[[], str] = lambda: f"k-{os.urandom(8).hex()}",
        tour_note: TourSeen | None = None,
    ) -> None:
        super().__init__(link, clock=clock, new_key=new_key, keys=keys, tour_note=tour_note)
        set_bindings(self, self.keys.bindings("app"))
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = PLAIN_NAME if self.no_color else NAMES.get(look.theme, DARK_NAME)
        self._paint_hz = paint_hz
        self._on_start = on_start
        self._zoomed = False
        self._look = look
        self._title = ""
        self.faults = FaultLog()
        self._fills = FillCounter()

    def compose(self) -> ComposeResult:
        """The whole screen; the panels wait behind the notice until there is a snapshot."""
        yield StatusBar(id="status")
        yield TourStrip("panels")
        yield Tabs(PANELS, id="tabs")
        yield FaultBar(id="faults")
        yield Banner(id="banner")
        yield ConnectingNotice(str(self.link.socket_path), id="notice")
        yield Board(self.keys, self.noticed, id="board")
        yield TooSmall(self.keys.shown, id="small")
        yield ReconciliationStrip(id="proof")
        yield KeyBar(self.keys.actions, obstacle, id="keybar")

    def on_mount(self) -> None:
        """Paint at once, then attach and start the timer."""
        self.emit(KEEP_TITLE)
        self._make_room(self.size)
        self._show_panel(self.board.shown)
        self._paint()
        self.set_interval(1 / self._paint_hz, self._paint, name="paint")
        for problem in self.keys.problems:
            self.noticed.note(problem, "warn")
        if self.keys.problems:
            self.notify("\n".join(self.keys.problems), severity="warning", timeout=30, markup=False)
        for told in self.money.recover():
            self._happened(Notification("fault", told))
        self._follow()
        if self._on_start is not None:
            self._run_start(self._on_start)

    def on_key(self, event: events.Key) -> None:
        """A letter typed before its line had the keyboard goes into the line: it must not act as a key.

        An input takes every letter that reaches it, so that only those on their way to the former focus come here.
        """
        entry = self.focused
        if isinstance(entry, Input) and event.is_printable and event.character is not None:
            event.prevent_default()
            event.stop()
            entry.insert_text_at_cursor(event.character)

    def on_resize(self, event: events.Resize) -> None:
        """Show what there is room for; the status bar flows anew."""
        self._make_room(event.size)
        self.call_after_refresh(self._paint)

    def _make_room(self, size: Size) -> None:
        """One panel, two columns or all of them, by the size of the terminal."""
        fits = "one" if self._zoomed and room(size) != "tiny" else room(size)
        for name in ROOMS:
            self.screen_stack[0].set_class(name == fits, f"-{name}")

    @work(group="link", exit_on_error=False, exclusive=True)
    async def _follow(self) -> None:
        async for item in self.link.snapshots():
            former, was_lost = self.heard.newest, bool(self.heard.lost)
            self.heard.take(item)
            self.noticed.heard(former, item)
            if isinstance(item, ConnectionLost):
                if former is not None and not was_lost:
                    self._happened(Notification("fault", "the link to the desk was lost"))
                continue
            for happening in happened(former, item, self.link.sent_ids) if former is not None else ():
                self._happened(happening)
            self.arming.took()
            self.touring.took(item)
            if item.findings and (former is None or not former.findings or former.run_id != item.run_id):
                self.notify(f"{item.findings[0]}; ^p “What the start found” tells more", markup=False)
            if former is None:
                self._paint()

    @work(group="start", exit_on_error=False)
    async def _run_start(self, on_start: Callable[[], Awaitable[None]]) -> None:
        try:
            await on_start()
        except Exception as error:
            self.heard.start_problem = str(error) or type(error).__name__
            self._paint()

    def _happened(self, happening: Notification) -> None:
        """Say it, keep it when it is a fault, and have the terminal tell when it is meant to."""
        kind, text = happening.kind, happening.text
        if kind == "fill":
            self._fills.add(happening)
            self._tell_fills()
            return
        if kind == "other":
            self.notify(text, markup=False, timeout=8)
        elif text in self.faults.texts:
            return
        else:
            self.faults.add(text)
        self.noticed.note(text, "info" if kind == "other" else "bad")
        self._notify_outside(happening)

    def _tell_fills(self) -> None:
        fill = self._fills.due(self._clock())
        if fill is not None:
            self.notify(fill.text, markup=False, timeout=FILLS_APART_S)
            self._notify_outside(fill)

    def _notify_outside(self, happening: Notification) -> None:
        if happening.kind in self._look.occasions:
            self.emit(notification(title(self.view), happening.text, self._look.notify))

    def action_acknowledge(self) -> None:
        """Say that the faults were seen."""
        for text in self.faults.acknowledge():
            self.noticed.note(f"acknowledged: {text}")
        self._paint()

    def _paint(self) -> None:
        view, screens = self.view, self.screen_stack
        if not screens:
            return
        self._tell_fills()
        named = title(view)
        if named != self._title:
            self._title = named
            self.emit(window_title(named))
        screen = screens[-1]
        if screen is not screens[0]:
            if isinstance(screen, Dialog | LiveCommandPalette):
                screen.offer(view)
            return
        status = self.query_one_optional(StatusBar)
        if status is None:
            return  # The screen is being taken down.
        status.paint(view)
        self.query_one(TourStrip).paint(view)
        self.query_one(FaultBar).paint(self.faults.texts)
        self.query_one(Banner).paint(view)
        self.query_one(Tabs).paint(view)
        self.query_one(ReconciliationStrip).paint(view)
        self.query_one(KeyBar).paint(view)
        self.query_one(TooSmall).paint(view)
        board, notice = self.board, self.query_one(ConnectingNotice)
        snapshot = self.heard.shown
        if snapshot is None:
            notice.paint(view)
            return
        if not screen.has_class("-heard"):
            screen.add_class("-heard")
            board.focus_panel()
        board.offer(view, snapshot)

    def action_freeze(self) -> None:
        """Freeze the panels, or let them go on."""
        self.heard.toggle_freeze()
        self._paint()

    def action_zoom(self) -> None:
        """Give the focused panel the whole screen, or take it back."""
        self._zoomed = not self._zoomed
        self._make_room(self.size)

    def action_theme(self) -> None:
        """Turn to the next theme."""
        names = list(NAMES.values())
        self.theme = PLAIN_NAME if self.no_color else names[(names.index(self.theme) + 1) % len(names)]

    def action_jump(self, ident: str) -> None:
        """Go to a panel."""
        self._show_panel(ident)
        self.board.focus_panel()

    def action_turn(self, by: int) -> None:
        """Go to the next or the previous panel."""
        idents = [ident for ident, _ in PANELS]
        self.action_jump(idents[(idents.index(self.board.shown) + by) % len(idents)])

    def action_side(self, by: int) -> None:
        """Go to the column on the left or on the right."""
        self.action_jump(self.board.beside(by))

    def action_help(self) -> None:
        """Show all keys."""
        self.push_screen(HelpDialog(self.view, self.keys.actions, obstacle))

    def action_command_palette(self) -> None:
        """Find a command by its name."""
        if not isinstance(self.screen, LiveCommandPalette):
            self.push_screen(LiveCommandPalette(id="--command-palette"))
            self.call_after_refresh(self._paint)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The table of actions and the themes, for the palette; what can do nothing now says why."""
        view = self.view
        for action in self.keys.actions:
            if action.palette:
                why = obstacle(action.id, view)
                yield SystemCommand(
                    action.name,
                    f"✗ {unavailable(why)}" if why else f"{action.help}  [{displayed(action)}]",
                    lambda action=action: self.call_later(self.run_action, action.action),
                )
        yield from theme_commands(self.theme, partial(setattr, self, "theme"), plain_only=self.no_color)

    def on_panel_opened(self, event: Panel.Opened) -> None:
        """Show everything about a row."""
        panel, key, shown = event.panel, event.key, self.heard.shown
        detail = None if shown is None else panel.detail(shown, key)
        if detail is None:
            self.notify("the desk no longer lists this row", severity="warning", markup=False)
            return
        self.push_screen(
            RowDetails(self.view, detail, lambda snapshot: panel.detail(snapshot, key)),
            lambda _: self.touring.read(panel.id or "", self.heard.newest),
        )

    def on_panel_copied(self, event: Panel.Copied) -> None:
        """Send it to the terminal's clipboard, as far as the terminal lets it."""
        self.copy_to_clipboard(event.field.value.text)
        self.notify(f"sent to the terminal's clipboard: {event.field.label} {event.field.value.text}", markup=False)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The focused panel is the one shown where there is room for one only."""
        panel = next((node for node in event.widget.ancestors if isinstance(node, Panel)), None)
        if panel is not None and panel.id is not None and panel.id != self.board.shown:
            self._show_panel(panel.id)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker that failed is said, not swallowed."""
        if event.state is WorkerState.ERROR:
            self.log.error(event.worker.error)
            if event.worker.group == "link":
                self.heard.lost = f"the cockpit failed: {event.worker.error}"
            self.notify(f"the cockpit failed at something: {event.worker.error}", severity="error", markup=False)

    async def on_unmount(self) -> None:
        """Let go of the sockets, and give the window its name back."""
        self.emit(RESTORE_TITLE)
        await self.link.close()

    @property
    def board(self) -> Board:
        """The panels, whatever is open above them."""
        return self.screen_stack[0].query_one(Board)

    def _show_panel(self, ident: str) -> None:
        self.board.show_panel(ident)
        self.screen_stack[0].query_one(Tabs).show_active(ident)
