"""The Textual app: attaches to a desk, paints its snapshots, and takes the operator's keys."""

import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from textual import events, work
from textual.app import ComposeResult, SystemCommand
from textual.geometry import Size
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from cockpit.app.availability import unavailable_reason
from cockpit.app.idle.work import IdlePlan, IdleWork
from cockpit.app.notifications import Notification, diff_snapshots, terminal_title
from cockpit.app.operator_actions import Exit, OperatorActions
from cockpit.app.palette import LiveCommandPalette, action_commands, theme_commands
from cockpit.app.past.figures import PastFigures
from cockpit.app.past.past_view import PastView
from cockpit.app.terminal.choices import ScreenChoices
from cockpit.app.terminal.escape_codes import KEEP_TITLE, RESTORE_TITLE, window_title
from cockpit.app.terminal.options import DEFAULT_OPTIONS, TerminalOptions
from cockpit.app.terminal.preferences import PreferencesFile
from cockpit.app.tour import TourSeen
from cockpit.client.desk_client import DeskClient
from cockpit.model.environment import Environment
from cockpit.model.processor.pauses import Pauses
from cockpit.model.snapshot import Snapshot
from panels.dialogs import messages
from panels.dialogs.columns import ColumnsDialog
from panels.dialogs.dialog import Dialog
from panels.dialogs.funds.address_book import AddressBook
from panels.dialogs.help import HelpDialog
from panels.dialogs.history.port import HistoryPort
from panels.dialogs.row_details import RowDetails, Trace
from panels.dialogs.trading.earned_since import EarnedSinceDialog
from panels.frame.banners import Banner, ConnectingNotice, FaultBar
from panels.frame.board import ROOMS, Board, room
from panels.frame.key_bar import KeyBar
from panels.frame.rewind_bar import RewindBar
from panels.frame.small_board import SmallBoard
from panels.frame.status_bar import StatusBar
from panels.frame.tabs import Tabs
from panels.frame.tour_strip import TourStrip
from panels.kit.actions import PANELS
from panels.kit.keymap import KeyMap, display
from panels.kit.panel import Panel
from panels.kit.rows.pausing import PausingApp
from panels.kit.textual_internals import free_lines_at_once, set_bindings
from panels.kit.theme import NAMES, PLAIN_NAME, THEMES
from panels.kit.view import View
from panels.views.reconciliation import ReconciliationStrip

__all__ = ["CockpitApp", "Exit"]

BEHIND_EVERY_S = 1.0
IDLE_AFTER_S = 3.0
"""Where no desk answers, work that can wait begins so long after the start."""
NO_IDLE_WORK = IdlePlan()
LEAST_WITH_PROOF = 8
"""Lines of a terminal that has room for the balance reconciliation below what is armed."""
WIDTHS = [(0, "-narrow"), (110, "-normal"), (170, "-wide")]
HEIGHTS = [(0, "-short"), (34, "-tall")]


def _new_key() -> str:
    return f"k-{Environment().new_id()}"


class CockpitApp(OperatorActions, PausingApp[Exit], inherit_bindings=False):
    """One terminal's view of a desk. It holds no truth of its own.

    ``paint_hz``: how often the newest snapshot is given to the panels, 1 to 30. ``on_start`` is awaited beside the
    first picture (to start a desk); what it raises is shown and the cockpit stays. ``keys``: the operator's key map.
    ``clock`` counts seconds, ``wall_ns`` is UTC; ``new_key`` makes the idempotency key of a withdrawal.
    ``tour_seen`` remembers whether the tour was offered before; without it, it never is.
    ``history`` reads what was recorded, ``past`` the figures of it. ``pauses``: how painting leaves the processor to
    others; without it, it does not. ``idle_plan`` is done while no key waits.
    """

    TITLE = "NEAR Intents cockpit"
    CSS_PATH = "app.tcss"
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def __init__(
        self,
        client: DeskClient,
        *,
        paint_hz: int = 4,
        options: TerminalOptions = DEFAULT_OPTIONS,
        on_start: Callable[[], Awaitable[None]] | None = None,
        keys: KeyMap | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_ns: Callable[[], int] = time.time_ns,
        new_key: Callable[[], str] = _new_key,
        tour_seen: TourSeen | None = None,
        history: HistoryPort | None = None,
        past: PastFigures | None = None,
        preferences: PreferencesFile | None = None,
        address_book: AddressBook | None = None,
        pauses: Pauses | None = None,
        idle_plan: IdlePlan = NO_IDLE_WORK,
    ) -> None:
        super().__init__(
            client,
            clock=clock,
            wall_ns=wall_ns,
            new_key=new_key,
            keys=keys,
            options=options,
            tour_seen=tour_seen,
            history=history,
            address_book=address_book or AddressBook(),
        )
        self.past = PastView(past, self._read_past, clock)
        set_bindings(self, self.keys.bindings("app"))
        for theme in THEMES:
            self.register_theme(theme)
        self._choices = ScreenChoices(preferences, options, lambda: self.board)
        self.theme = PLAIN_NAME if self.no_color else NAMES[self._choices.theme]
        self._pauses = pauses
        self._paint_hz = paint_hz
        self._on_start = on_start
        self._title = ""
        self._behind_s = float("-inf")
        self.idle_work = IdleWork(self, idle_plan, lambda: self.held_keys.busy)

    def compose(self) -> ComposeResult:
        # Before there is anything on the screen: a class that comes later styles every widget anew.
        self._make_room(self.size)
        for steps, length in ((WIDTHS, self.size.width), (HEIGHTS, self.size.height)):
            _, fits = max(step for step in steps if step[0] <= length)
            self.screen.add_class(fits)
        yield StatusBar(id="status")
        yield TourStrip("panels")
        yield RewindBar(self.keys, id="rewind")
        yield Tabs(PANELS, id="tabs")
        yield FaultBar(id="faults")
        yield Banner(id="banner")
        yield ConnectingNotice(str(self.client.socket_path), id="notice")
        yield Board(self.keys, self.notices, id="board")
        yield SmallBoard(id="small")
        yield ReconciliationStrip(id="proof")
        yield KeyBar(self.keys.actions, unavailable_reason, self.sentences, id="keybar")

    def on_mount(self) -> None:
        free_lines_at_once()
        self.desk.begin()
        self.emit(KEEP_TITLE)
        self._make_room(self.size)
        self._show_panel(self._choices.restore())
        for problem in (*self._choices.problems, *self.desk.address_book.problems):
            self.alerts.warn(problem)
        self._paint()
        self.set_interval(1 / self._paint_hz, self._paint, name="paint")
        for problem in self.keys.problems:
            self.notices.note(problem, "warn")
        if self.keys.problems:
            self.notify("\n".join(self.keys.problems), severity="warning", timeout=30, markup=False)
        recovered = self.desk.withdrawals.recover()
        if recovered.unresolved:
            self.alerts.warn(recovered.unresolved)
        for text in recovered.unreadable:
            self.alerts.announce(Notification("fault", text))
        self._follow()
        self.set_timer(IDLE_AFTER_S, self.idle_work.begin)
        if self._on_start is not None:
            self._run_start(self._on_start)

    def on_key(self, event: events.Key) -> None:
        screen = self.screen
        if isinstance(screen, Dialog) and event.key not in screen.active_bindings:
            screen.answer_key(messages.does_nothing(display(event.key)))

    def on_resize(self, event: events.Resize) -> None:
        self._make_room(event.size)
        self.call_after_refresh(self._paint)

    def _make_room(self, size: Size) -> None:
        """Show one panel, two columns or all panels, by the size of the terminal."""
        fits = "one" if self._choices.zoomed and room(size) != "tiny" else room(size)
        board = self.screen_stack[0]
        grown = board.has_class("-tiny") and fits != "tiny"
        for name in ROOMS:
            board.set_class(name == fits, f"-{name}")
        board.set_class(size.height < LEAST_WITH_PROOF, "-squat")
        if grown and board.focused is None:
            # What has no place on the screen loses the keyboard.
            self.call_after_refresh(self.board.focus_panel)

    @work(group="link", exit_on_error=False, exclusive=True)
    async def _follow(self) -> None:
        async for item in self.client.snapshots(self.presence.report):
            previous, was_lost = self.view_model.newest, bool(self.view_model.lost)
            self.view_model.take(item)
            self.notices.received(previous, item)
            if isinstance(item, Snapshot):
                self._snapshot_arrived(previous, item)
            elif previous is not None and not was_lost and not previous.stopped_by:
                self.alerts.announce(Notification("fault", messages.CONNECTION_LOST))

    def _snapshot_arrived(self, previous: Snapshot | None, snapshot: Snapshot) -> None:
        for item in diff_snapshots(previous, snapshot, self.client.sent_ids) if previous is not None else ():
            self.alerts.announce(item)
        self.desk.arming.snapshot_arrived()
        self.tour.snapshot_arrived(snapshot)
        another_run = previous is None or previous.run_id != snapshot.run_id
        if snapshot.findings and (another_run or previous is None or not previous.findings):
            self.notify(messages.first_finding(snapshot.findings[0]), markup=False)
        if previous is None:
            self._paint()

    @work(group="start", exit_on_error=False)
    async def _run_start(self, on_start: Callable[[], Awaitable[None]]) -> None:
        try:
            await on_start()
        except Exception as error:
            self.view_model.start_problem = str(error) or type(error).__name__
            self._paint()

    def action_acknowledge(self) -> None:
        self.alerts.acknowledge()
        snapshot = self.view_model.newest
        if snapshot is not None and snapshot.alerts.waits_for_operator and not self.client.read_only:
            self.desk.acknowledge_alerts()
        self._paint()

    def pause(self) -> None:
        # A dialog that is being opened is waited for.
        if self._pauses is not None and len(self.screen_stack) == 1:
            self._pauses()

    def _paint(self) -> None:
        if self._pauses is not None:
            self._pauses.restart()
        view = self.view
        if not self.screen_stack:
            return
        self.alerts.announce_fills()
        screens = self.screen_stack
        self.presence.paint(view, shown=screens[0].has_class("-connected"))
        title = terminal_title(view)
        if title != self._title:
            self._title = title
            self.emit(window_title(title))
        screen = screens[-1]
        if isinstance(screen, Dialog | LiveCommandPalette):
            screen.offer(view)
        if screen is screens[0]:
            self._paint_board(screen, view)
        elif self.clock() - self._behind_s >= BEHIND_EVERY_S:
            # What is behind a dialog stays true, once a second.
            self._behind_s = self.clock()
            self._paint_board(screens[0], view)
            for above in screens[1:]:
                if isinstance(above, Dialog | LiveCommandPalette):
                    above.draw_behind()

    def _paint_board(self, screen: Screen[object], view: View) -> None:
        status = screen.query_one_optional("#status", StatusBar)
        if status is None:
            return  # The screen is being taken down.
        status.paint(view)
        screen.query_one(TourStrip).paint(view)
        screen.query_one(RewindBar).paint(view)
        screen.query_one(FaultBar).paint(self.alerts.faults)
        screen.query_one(Banner).paint(view)
        screen.query_one(Tabs).paint(view)
        screen.query_one(ReconciliationStrip).paint(view)
        screen.query_one(KeyBar).paint(view)
        screen.query_one(SmallBoard).paint(view)
        board, notice = self.board, screen.query_one(ConnectingNotice)
        snapshot = self.shown_snapshot
        if snapshot is None:
            screen.remove_class("-connected")
            notice.paint(view)
            return
        if not screen.has_class("-connected"):
            screen.add_class("-connected", update=False)
            # The class shows and hides these two; it changes nothing inside of them.
            self.stylesheet.update_nodes((board, notice))
            board.focus_panel()
            self.call_after_refresh(self.idle_work.begin)
        if view.rewound is not None:
            self.rewinding.look()
            board.offer(self.rewinding.added_to(view), snapshot)
            return
        self.past.look(snapshot, board.market.range_beyond_s)
        board.offer(self.past.added_to(view), snapshot)

    def action_freeze(self) -> None:
        if self._refuse("freeze"):
            return
        self.view_model.toggle_freeze()
        self._paint()

    @work(group="past", exit_on_error=False)
    async def _read_past(self, reading: Coroutine[None, None, None]) -> None:
        await reading

    def action_zoom_chart(self, by: int) -> None:
        """Chart of a longer or shorter time."""
        if not self.board.market.zoom_chart(by):
            self.notify(messages.CHART_ENDS, markup=False)
        else:
            self.rewinding.read_again()
        self._paint()

    def action_earned_since(self) -> None:
        """Choose the time from which the P&L panel counts, too, and go there."""

        def chosen(from_ns: int | None) -> None:
            if from_ns is not None:
                self.past.choose(from_ns)
                self.action_jump("earnings")
                self._paint()

        if self._refuse("earnings.since"):
            return
        if self.view_model.newest is not None and not isinstance(self.screen, Dialog):
            self.push_screen(EarnedSinceDialog(self.desk), chosen)

    def action_zoom(self) -> None:
        self._choices.zoomed = not self._choices.zoomed
        self._make_room(self.size)
        self._choices.keep()

    def action_times(self) -> None:
        self._choices.toggle_times()

    def use_theme(self, name: str) -> None:
        """Use a theme from now on, and in the next cockpit."""
        self.theme = name
        if not self.no_color:
            self._choices.use_theme(name)

    def action_theme(self) -> None:
        names = list(NAMES.values())
        self.use_theme(PLAIN_NAME if self.no_color else names[(names.index(self.theme) + 1) % len(names)])

    def action_jump(self, ident: str) -> None:
        if ident == self.board.shown and room(self.size) == "two" and not self._choices.zoomed:
            # Its number once more gives the place back to the panel that is there first.
            ident = self.board.first_of_place(ident)
        self._show_panel(ident)
        self.board.focus_panel()

    def action_turn(self, by: int) -> None:
        idents = [ident for ident, _ in PANELS]
        self.action_jump(idents[(idents.index(self.board.shown) + by) % len(idents)])

    def action_side(self, by: int) -> None:
        if self.rewinding.active:
            self.rewinding.step("second", by)
            return
        self.action_jump(self.board.beside(by))

    def action_help(self) -> None:
        self.push_screen(HelpDialog(self.desk, self.keys.actions, unavailable_reason))

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, LiveCommandPalette):
            self.push_screen(LiveCommandPalette(id="--command-palette"))
            self.call_after_refresh(self._paint)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield from action_commands(
            self.keys.actions,
            lambda ident: unavailable_reason(ident, self.view),
            lambda name: self.call_later(self.run_action, name),
        )
        yield from theme_commands(self.theme, self.use_theme, plain_only=self.no_color)

    def on_panel_opened(self, event: Panel.Opened) -> None:
        panel, key, shown = event.panel, event.key, self.shown_snapshot
        detail = None if shown is None else panel.detail(shown, key)
        if detail is None or shown is None:
            self.notify(messages.ROW_IS_GONE, severity="warning", markup=False)
            return
        # What was then stays as it was.
        found = detail if self.rewinding.active else None
        quote_id = panel.quote_of(shown, key)
        self.push_screen(
            RowDetails(
                self.desk,
                detail,
                lambda snapshot: found or panel.detail(snapshot, key),
                self._trace_of(shown.run_id, quote_id) if quote_id else None,
            ),
            lambda _: self._row_closed(panel, event.followed),
        )

    def _trace_of(self, run_id: str, quote_id: str) -> Trace | None:
        history = self.history
        return None if history is None else lambda answer: history.trace(run_id, quote_id, answer)

    def _row_closed(self, panel: Panel[Any], followed: bool) -> None:
        if followed:
            panel.grid.follow()
        self.tour.row_read(panel.id or "", self.view_model.newest)

    def on_panel_columns_wanted(self, event: Panel.ColumnsWanted) -> None:
        panel = event.panel
        arranger = panel.arranger
        dialog = ColumnsDialog(self.desk, panel.TITLE, arranger.titles, arranger.arrangement, panel.arrange_list)
        self.push_screen(dialog)

    def on_panel_arranged(self) -> None:
        self._choices.keep()

    def on_panel_copied(self, event: Panel.Copied) -> None:
        self.copy_to_clipboard(event.field.value.text)
        self.notify(messages.copied(f"{event.field.label} {event.field.value.text}"), markup=False)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        # The focused panel is the one shown where there is room for one only.
        panel = next((node for node in event.widget.ancestors if isinstance(node, Panel)), None)
        if panel is not None and panel.id is not None and panel.id != self.board.shown:
            self._show_panel(panel.id)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        # A worker that failed is shown, not swallowed.
        if event.state is WorkerState.ERROR:
            self.log.error(event.worker.error)
            if event.worker.group == "link":
                self.view_model.lost = f"the cockpit failed: {event.worker.error}"
            self.notify(f"Unexpected error: {event.worker.error}", severity="error", markup=False)

    async def action_quit(self) -> None:
        self._choices.keep()
        await super().action_quit()

    async def on_unmount(self) -> None:
        self.emit(RESTORE_TITLE)
        await self.client.close()

    @property
    def shown_panel(self) -> str:
        return self.board.shown

    @property
    def shown_list(self) -> Panel[Any] | None:
        return next((one for one in self.board.panels if one.id == self.board.shown), None)

    @property
    def row_moment_ns(self) -> int | None:
        panel, snapshot = self.shown_list, self.shown_snapshot
        return None if panel is None or snapshot is None else panel.moment_of_cursor(snapshot)

    @property
    def chart_range_s(self) -> int:
        return self.board.market.range_s

    @property
    def board(self) -> Board:
        return self.screen_stack[0].query_one(Board)

    def _show_panel(self, ident: str) -> None:
        self.board.show_panel(ident)
        self.screen_stack[0].query_one(Tabs).show_active(ident)
