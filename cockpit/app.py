"""The cockpit: attaches to a desk, paints what it says, and sends what the operator asks."""

import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from textual import events, work
from textual.app import App, ComposeResult, SystemCommand
from textual.screen import Screen
from textual.widgets import Footer
from textual.worker import Worker, WorkerState

from cockpit.arm_flow import ArmFlow
from cockpit.commands import REFRESHABLE, Part
from cockpit.keys import ACTIONS, PANELS, bindings
from cockpit.link import READ_ONLY, DeskLink, LinkLost, Outcome
from cockpit.money_flow import MoneyFlow
from cockpit.obstacles import obstacle
from cockpit.snapshot import Snapshot, Trading
from cockpit.theme import DARK_NAME, LIGHT_NAME, THEMES
from cockpit.watch import Watch
from panels.arm import ArmDialogue, is_armed
from panels.banner import Banner, Tabs
from panels.board import Board
from panels.dialogue import Answer, Dialogue
from panels.drill import DrillDown
from panels.findings import FindingsDialogue
from panels.grid import LiveGrid
from panels.help import HelpDialogue
from panels.leave import Leave, LeaveDialogue
from panels.limits import Changes, LimitsDialogue
from panels.notice import Notice
from panels.outcome import say
from panels.panel import Panel
from panels.status import StatusBar
from panels.stop import StopDialogue
from panels.trading import TradingDialogue
from panels.view import View
from panels.words import part_name

if TYPE_CHECKING:
    from textual.binding import BindingType

WIDTHS = [(0, "-narrow"), (110, "-normal"), (170, "-wide")]
COMMANDING = frozenset(
    {
        "arm",
        "disarm",
        "hard_stop",
        "limits",
        "trading",
        "withdraw",
        "deposit",
        "freeze_withdrawals",
        "track",
        "signing_key",
        "refresh_desk",
    }
)
"""Actions that ask the desk for something, which a read-only cockpit must not."""
HEIGHTS = [(0, "-short"), (34, "-tall")]


class Exit(msgspec.Struct, frozen=True):
    """What the operator wants to become of the desk."""

    stop_desk: bool


class CockpitApp(App[Exit], inherit_bindings=False):
    """One terminal's view of a desk. It holds no truth of its own.

    ``paint_hz`` is how often the newest snapshot is given to the panels, 1 to 30. ``on_start`` is awaited beside
    the first picture (to start a desk); what it raises is shown and the cockpit stays. ``clock`` counts seconds;
    ``new_key`` makes the idempotency key of a withdrawal.
    """

    TITLE = "NEAR Intents cockpit"
    CSS_PATH = "app.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list["BindingType"]] = bindings("app")
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def __init__(
        self,
        link: DeskLink,
        *,
        paint_hz: int = 4,
        on_start: Callable[[], Awaitable[None]] | None = None,
        clock: Callable[[], float] = time.monotonic,
        new_key: Callable[[], str] = lambda: f"k-{os.urandom(8).hex()}",
    ) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK_NAME
        self.link = link
        self._paint_hz = paint_hz
        self._on_start = on_start
        self._clock = clock
        self.arming = ArmFlow(link, self)
        self.heard = Watch(clock, lambda: self.arming.asked, read_only=link.read_only)
        self.money = MoneyFlow(link, self, new_key)
        self._zoomed = False

    def compose(self) -> ComposeResult:
        """The whole screen; the panels wait behind the notice until there is a snapshot."""
        yield StatusBar(id="status")
        yield Tabs(PANELS, id="tabs")
        yield Banner(id="banner")
        yield Notice(str(self.link.socket_path), id="notice")
        yield Board(id="board")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Paint at once, then attach and start the timer."""
        self._show_panel(self.board.shown)
        self._paint()
        self.set_interval(1 / self._paint_hz, self._paint, name="paint")
        self._follow()
        if self._on_start is not None:
            self._run_start(self._on_start)

    def on_resize(self) -> None:
        """The status bar flows anew."""
        self.call_after_refresh(self._paint)

    @property
    def view(self) -> View:
        """What is known right now."""
        return self.heard.view

    @work(group="link", exit_on_error=False, exclusive=True)
    async def _follow(self) -> None:
        async for item in self.link.snapshots():
            former = self.heard.newest
            self.heard.take(item)
            if isinstance(item, LinkLost):
                continue
            self.arming.took(former, item)
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

    def _paint(self) -> None:
        view, screens = self.view, self.screen_stack
        if not screens:
            return
        screen = screens[-1]
        if screen is not screens[0]:
            if isinstance(screen, Dialogue):
                screen.offer(view)
            return
        status = self.query_one_optional(StatusBar)
        if status is None:
            return  # The screen is being taken down.
        status.paint(view)
        self.query_one(Banner).paint(view)
        board, notice = self.board, self.query_one(Notice)
        snapshot = self.heard.shown
        if snapshot is None:
            notice.paint(view)
            return
        if not board.display:
            board.display, notice.display = True, False
            board.focus_panel()
        board.set_class(view.silent, "-stale")
        board.offer(snapshot)

    def action_arm(self, part: Part) -> None:
        """Ask whether to arm."""
        if isinstance(self.screen, Dialogue) or self._read_only():
            return
        view = self.view
        if view.trusted and view.snapshot is not None and is_armed(view.snapshot, part):
            self.notify(f"the {part_name(part)} is armed already; ^x disarms", markup=False)
            return
        self.push_screen(ArmDialogue(view, part, lambda answer: self.arming.arm(part, answer)))

    def action_disarm(self) -> None:
        """Disarm everything at once."""
        if not self._read_only():
            self.arming.disarm_all()

    def action_findings(self) -> None:
        """Show what the start found."""
        self.push_screen(FindingsDialogue(self.view))

    def action_hard_stop(self) -> None:
        """Ask whether to burn what is alive."""
        if not isinstance(self.screen, Dialogue) and not self._hindered("stop.hard"):
            self.push_screen(StopDialogue(self.view, lambda answer: self._hard_stop(answer)))

    @work(group="commands", exit_on_error=False)
    async def _hard_stop(self, answer: Answer) -> None:
        outcome = await self.link.hard_stop()
        if not answer(outcome):
            self.toast(outcome)

    def _read_only(self) -> bool:
        """Whether this cockpit cannot command; said when it was asked to."""
        if self.link.read_only:
            self.notify(f"{READ_ONLY}: it shows the desk and cannot command it", severity="warning", markup=False)
        return self.link.read_only

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out in the footer what this cockpit may not do."""
        if self.link.read_only and action in COMMANDING:
            return None
        return True

    def action_limits(self) -> None:
        """Open the form of the limits."""
        snapshot = self.heard.newest
        if snapshot is not None and not self._hindered("limits"):
            self.push_screen(LimitsDialogue(self.view, snapshot.limits, self._set_limits))

    @work(group="commands", exit_on_error=False)
    async def _set_limits(self, changes: Changes, answer: Answer) -> None:
        outcome = await self.link.limits(changes)
        if not answer(outcome):
            self.toast(outcome)

    def action_trading(self) -> None:
        """Show the trading state, and ask for another one."""
        if not isinstance(self.screen, Dialogue) and not self._hindered("trading"):
            self.push_screen(TradingDialogue(self.view, self._set_trading))

    @work(group="commands", exit_on_error=False)
    async def _set_trading(self, state: Trading, reason: str, answer: Answer) -> None:
        outcome = await self.link.trading(state, reason)
        if not answer(outcome):
            self.toast(outcome)

    def action_withdraw(self) -> None:
        """Open the form of a withdrawal, or the order whose outcome is unknown."""
        if self.money.unsettled is not None or not self._hindered("withdraw"):
            self.money.open_withdrawal()

    def action_deposit(self) -> None:
        """Show where to deposit."""
        if not self._hindered("deposit"):
            self.money.open_deposit()

    def action_freeze_withdrawals(self) -> None:
        """Freeze withdrawals again."""
        if not self._hindered("freeze.withdrawals"):
            self.money.freeze_now()

    def action_track(self) -> None:
        """Take up a withdrawal made elsewhere."""
        if not self._hindered("track"):
            self.money.open_tracking()

    def action_signing_key(self) -> None:
        """Show the signing key."""
        if not self._hindered("key"):
            self.money.open_key()

    def _hindered(self, action_id: str) -> bool:
        """Whether the action can do nothing now; why is said."""
        why = obstacle(action_id, self.view)
        if why:
            self.notify(why, severity="warning", markup=False)
        return bool(why)

    def action_refresh_desk(self) -> None:
        """Ask the desk to read everything again."""
        if self._read_only():
            return
        for part in REFRESHABLE:
            self._refresh_part(part)

    @work(group="commands", exit_on_error=False)
    async def _refresh_part(self, part: Part) -> None:
        self.toast(await self.link.send(part, "refresh"))

    def newest(self) -> Snapshot | None:
        """The newest snapshot."""
        return self.heard.newest

    def now_seen(self) -> View:
        """What is known right now."""
        return self.view

    def clock(self) -> float:
        """Seconds that only go forward."""
        return self._clock()

    def open(self, dialogue: Dialogue[Any]) -> None:
        """Put a dialogue on top."""
        self.push_screen(dialogue)

    def command(self, work: Coroutine[object, object, None]) -> None:
        """Run it beside the painting."""
        self.run_worker(work, group="commands", exit_on_error=False)

    def toast(self, outcome: Outcome) -> None:
        """Say an outcome that no dialogue shows."""
        said = say(outcome)
        seconds = 4 if said.done else 12
        self.notify(said.text, severity=said.severity, timeout=seconds, markup=False)

    def warn(self, text: str) -> None:
        """Say what the operator must know and did not ask for."""
        self.notify(text, severity="warning", timeout=12, markup=False)

    async def action_quit(self) -> None:
        """Ask what becomes of the desk; it is not a read-only cockpit's to decide."""
        if self.link.read_only:
            self.exit(Exit(stop_desk=False))
            return
        if not isinstance(self.screen, LeaveDialogue):
            self.push_screen(LeaveDialogue(self.view, self.arming.disarm_to_leave), self._leave)

    def _leave(self, choice: Leave | None) -> None:
        if choice is not None:
            self.exit(Exit(stop_desk=choice == "stop"))

    def action_freeze(self) -> None:
        """Freeze the panels, or let them go on."""
        self.heard.toggle_freeze()
        self._paint()

    def action_zoom(self) -> None:
        """Give the focused panel the whole screen, or take it back."""
        self._zoomed = not self._zoomed
        self.screen_stack[0].set_class(self._zoomed, "-zoomed")

    def action_theme(self) -> None:
        """Change between dark and light."""
        self.theme = LIGHT_NAME if self.theme == DARK_NAME else DARK_NAME

    def action_jump(self, ident: str) -> None:
        """Go to a panel."""
        self._show_panel(ident)
        self.board.focus_panel()

    def action_turn(self, by: int) -> None:
        """Go to the next or the previous panel."""
        idents = [ident for ident, _ in PANELS]
        self.action_jump(idents[(idents.index(self.board.shown) + by) % len(idents)])

    def action_help(self) -> None:
        """Show all keys."""
        self.push_screen(HelpDialogue(self.view))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The table of actions, for the palette; what can do nothing now says why."""
        view = self.view
        for action in ACTIONS:
            if action.palette:
                why = obstacle(action.id, view)
                yield SystemCommand(
                    action.name,
                    f"✗ not now: {why}" if why else f"{action.help}  [{action.shown}]",
                    lambda action=action: self.call_later(self.run_action, action.action),
                )

    def on_live_grid_opened(self, event: LiveGrid.Opened) -> None:
        """Show everything about a row."""
        panel = self.board.panel_of(event.grid)
        shown = self.heard.shown
        detail = None if panel is None or shown is None else panel.detail(shown, event.key)
        if panel is not None and detail is not None:
            find, key = panel.detail, event.key
            self.push_screen(DrillDown(self.view, detail, lambda snapshot: find(snapshot, key)))

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
        """Let go of the sockets."""
        await self.link.close()

    @property
    def board(self) -> Board:
        """The panels, whatever is open above them."""
        return self.screen_stack[0].query_one(Board)

    def _show_panel(self, ident: str) -> None:
        self.board.show_panel(ident)
        self.screen_stack[0].query_one(Tabs).show_active(ident)
