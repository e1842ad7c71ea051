"""What the operator can command by key, as actions of the app; an unavailable action shows its reason."""

import os
from collections.abc import Callable
from datetime import UTC
from typing import Any

import msgspec
from textual import events
from textual.notifications import SeverityLevel

from cockpit.app.alerts import Alerts
from cockpit.app.availability import unavailable_reason
from cockpit.app.desk_commands import DeskCommands
from cockpit.app.history.rewinding import Rewinding
from cockpit.app.notifications import terminal_title
from cockpit.app.operator_presence import OperatorPresence
from cockpit.app.palette import LiveCommandPalette
from cockpit.app.terminal.driver import NonBlockingApp
from cockpit.app.terminal.early_keys import early_problem
from cockpit.app.terminal.held_keys import HeldKeys, KeyHandled, Typed
from cockpit.app.terminal.options import TerminalOptions
from cockpit.app.tour import TourController, TourSeen
from cockpit.app.view_model import ViewModel
from cockpit.client.desk_client import READ_ONLY, DeskClient
from cockpit.model.commands import Part
from cockpit.model.recorded.pages import Step
from cockpit.model.snapshot import Snapshot
from panels.dialogs import messages
from panels.dialogs.dialog import Dialog
from panels.dialogs.funds.address_book import AddressBook
from panels.dialogs.funds.confirm import ConfirmDialog
from panels.dialogs.funds.deposit import DepositDialog
from panels.dialogs.funds.review import confirming_blocked_by
from panels.dialogs.funds.signing_key import KeyDialog
from panels.dialogs.funds.track import TrackDialog
from panels.dialogs.funds.withdraw import WithdrawDialog
from panels.dialogs.history.history import HistoryDialog
from panels.dialogs.history.messages import NOT_KNOWN
from panels.dialogs.history.moment import MomentDialog
from panels.dialogs.history.port import HistoryPort
from panels.dialogs.messages import armed_already
from panels.dialogs.quit import Leave, QuitDialog
from panels.dialogs.startup_findings import StartupFindingsDialog
from panels.dialogs.trading.arm import ArmDialog, is_armed
from panels.dialogs.trading.hard_stop import HardStopDialog
from panels.dialogs.trading.limits import LimitsDialog
from panels.dialogs.trading.note import NoteDialog
from panels.dialogs.trading.pricing import PricingDialog, pricing_set
from panels.dialogs.trading.trading_state import TradingStateDialog
from panels.frame.board import too_small
from panels.frame.message_line import Sentences
from panels.kit.keymap import KeyMap
from panels.kit.labels import part_name
from panels.kit.notices import NoticeLog
from panels.kit.panel import Panel
from panels.kit.view import View

SHOWN_S = 4.0
NO_SHELL = "no shell started this cockpit, so none could resume it"


class Exit(msgspec.Struct, frozen=True):
    """Whether the operator wants the desk stopped."""

    stop_desk: bool


class OperatorActions(NonBlockingApp[Exit], inherit_bindings=False):
    """The commanding half of the app.

    ``clock`` counts seconds, ``wall_ns`` is UTC; ``new_key`` makes a withdrawal's idempotency key.
    """

    def __init__(
        self,
        client: DeskClient,
        history: HistoryPort | None,
        *,
        clock: Callable[[], float],
        wall_ns: Callable[[], int],
        new_key: Callable[[], str],
        keys: KeyMap | None,
        options: TerminalOptions,
        tour_seen: TourSeen | None,
        address_book: AddressBook,
    ) -> None:
        # Without it Textual would paint greys under NO_COLOR: colours all the same.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.clock = clock
        self._zone = None if options.local_times else UTC
        self.wall_ns = wall_ns
        self.client = client
        self.history = history
        self.keys = keys or KeyMap()
        self.sentences = Sentences()
        self.view_model = ViewModel(clock, read_only=client.read_only, actor=client.actor)
        self.notices = NoticeLog(clock)
        self.tour = TourController(self.keys, None if client.read_only else tour_seen)
        self.desk = DeskCommands(
            self,
            client,
            view=lambda: self.view,
            clock=clock,
            new_key=new_key,
            sentences=self.sentences,
            address_book=address_book,
        )
        self.alerts = Alerts(self, self.notices, options, title=lambda: terminal_title(self.view), clock=clock)
        self.rewinding = Rewinding(
            history,
            clock=clock,
            course_s=lambda: self.chart_range_s,
            say=lambda text: self.notify(text, severity="warning", markup=False),
            changed=self._paint,
        )
        self.held_keys = HeldKeys(self, give=self._give_key, drop=self._drop_held, clock=clock)
        self.presence = OperatorPresence(
            self,
            self.desk,
            view=lambda: self.view_model.view,
            ring=lambda: self.alerts.call_operator(messages.STILL_THERE),
            clock=clock,
        )

    @property
    def view(self) -> View:
        """Return what is known right now."""
        view = msgspec.structs.replace(
            self.view_model.view,
            asked=self.desk.arming.asked,
            zone=self._zone,
            rewound=self.rewinding.rewound,
            too_small=too_small(self.size),
            reads_history=self.history is not None,
        )
        tour = self.tour.shown(view)
        return view if tour is None else msgspec.structs.replace(view, tour=tour)

    async def on_event(self, event: events.Event) -> None:
        if self.presence.take(event, self._stops):
            return
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif isinstance(event, events.Key) and self._stops(event):
            # Before all that is held.
            await super().on_event(event)
        else:
            await self.held_keys.take(event)

    async def on_key_handled(self, message: KeyHandled) -> None:
        message.stop()
        await self.held_keys.handled(message.number)

    async def _give_key(self, typed: Typed, early: bool) -> None:
        if early and isinstance(typed, events.Key) and typed.key == "enter" and self._names_command():
            return
        problem = early_problem(typed, self.focused, self.screen, self.keys.actions) if early else ""
        if not problem:
            await super().on_event(typed)
        elif isinstance(self.screen, Dialog):
            self.screen.answer_key(problem)
        else:
            self.notify(problem, severity="warning", markup=False)

    def _names_command(self) -> bool:
        """Run what the palette's text names, if there is a palette."""
        palette = self.screen if isinstance(self.screen, LiveCommandPalette) else None
        if palette is not None:
            palette.run_named()
        return palette is not None

    def _drop_held(self) -> None:
        self.notify(messages.HELD_KEYS_DROPPED, severity="warning", markup=False)

    def _stops(self, key: events.Key) -> bool:
        keys = next((action.keys for action in self.keys.actions if action.id == "disarm"), ())
        return bool({key.key, *key.aliases} & set(keys))

    def action_arm(self, part: Part) -> None:
        if isinstance(self.screen, Dialog) or self._refuse_read_only():
            return
        view = self.view
        if view.rewound is not None or view.too_small:
            self._refuse(f"arm.{part_name(part)}")
            return
        if view.trusted and view.snapshot is not None and is_armed(view.snapshot, part):
            self.notify(f"{armed_already(part)}; ^x disarms everything, ^p “Disarm” one part", markup=False)
            return
        self.push_screen(ArmDialog(self.desk, part))

    def action_disarm(self) -> None:
        if not self._refuse_read_only():
            self.desk.arming.disarm_all()

    def action_disarm_part(self, part: Part) -> None:
        """Disarm one part: never asks."""
        if not self._refuse(f"disarm.{part_name(part)}"):
            self.desk.arming.disarm(part)

    def action_findings(self) -> None:
        self.push_screen(StartupFindingsDialog(self.desk))

    def action_history(self) -> None:
        """Open the recorded rows of the list that has the keyboard: older than its last row from there, else all."""
        self.open_history(self.shown_list)

    def open_history(self, panel: Panel[Any] | None) -> None:
        """Open the recorded rows of a list, with its filter; of a panel without one, the fills."""
        if isinstance(self.screen, Dialog):
            return
        if self.history is None:
            self.notify(NOT_KNOWN, severity="warning", markup=False)
        else:
            name, snapshot = None if panel is None else panel.RECORDED, self.shown_snapshot
            live, from_ns = None, None
            if panel is not None and snapshot is not None:
                live, from_ns = panel.history_filter(snapshot), panel.history_from(snapshot)
            dialog = HistoryDialog(self.desk, self.history, name or "fills", live=live, from_ns=from_ns)
            self.push_screen(dialog, self._rewind_to)

    def action_rewind(self) -> None:
        """Show the board of the moment of the row under the cursor, or of now."""
        snapshot = self.shown_snapshot
        if isinstance(self.screen, Dialog):
            return
        at_ns = self.row_moment_ns
        if at_ns is None:
            at_ns = self.wall_ns() if snapshot is None else snapshot.at_ns
        self.rewinding.go(at_ns)

    def action_step(self, step: Step, direction: int) -> None:
        """Go a step on or back from the moment that is shown."""
        name = step if direction > 0 else f"{step}.back"
        if not isinstance(self.screen, Dialog) and not self._refuse(f"rewind.{name}"):
            self.rewinding.step(step, direction)

    def action_rewind_to_time(self) -> None:
        """Ask for the time to show."""
        if isinstance(self.screen, Dialog):
            return
        newest = self.view_model.newest
        now_ns = self.wall_ns() if newest is None else newest.at_ns
        self.push_screen(MomentDialog(self.desk, now_ns, self.rewinding.at_ns or now_ns), self._rewind_to)

    def _rewind_to(self, at_ns: int | None) -> None:
        if at_ns is not None:
            self.rewinding.go(at_ns)

    def on_panel_history_wanted(self, event: Panel.HistoryWanted) -> None:
        self.open_history(event.panel)

    def on_panel_live_wanted(self) -> None:
        self.rewinding.leave()

    def action_hard_stop(self) -> None:
        if not isinstance(self.screen, Dialog) and not self._refuse("stop.hard"):
            if self.rewinding.active:
                # It acts on what is live: nobody decides it before a picture of another time.
                self.rewinding.leave()
            self.push_screen(HardStopDialog(self.desk))

    def action_limits(self) -> None:
        snapshot = self.view_model.newest
        if snapshot is not None and not self._refuse("limits"):
            self.push_screen(LimitsDialog(self.desk, snapshot.limits))

    def action_pricing(self) -> None:
        snapshot = self.view_model.newest
        if snapshot is not None and not self._refuse("pricing"):
            self.push_screen(PricingDialog(self.desk, pricing_set(snapshot)))

    def action_trading(self) -> None:
        if not isinstance(self.screen, Dialog) and not self._refuse("trading"):
            self.push_screen(TradingStateDialog(self.desk))

    def action_withdraw(self) -> None:
        """Open the form of a withdrawal, or the order whose outcome is unknown, which comes first."""
        withdrawals = self.desk.withdrawals
        if withdrawals.unresolved is None and self._refuse("withdraw"):
            return
        recovered = withdrawals.check()
        for text in (recovered.unresolved, *recovered.unreadable):
            if text:
                self.alerts.warn(text)
        unresolved, snapshot = withdrawals.unresolved, self.view_model.newest
        if unresolved is not None:
            order, review, unknown = unresolved.order, unresolved.review, unresolved.unknown
            self.push_screen(ConfirmDialog(self.desk, order, review, None, confirming_blocked_by, unknown))
        elif snapshot is not None:
            self.push_screen(WithdrawDialog(self.desk, snapshot, recovered.unreadable))

    def action_deposit(self) -> None:
        snapshot = self.view_model.newest
        if not self._refuse("deposit") and snapshot is not None:
            self.push_screen(DepositDialog(self.desk, snapshot))

    def action_freeze_withdrawals(self) -> None:
        if not self._refuse("freeze.withdrawals"):
            self.desk.freeze_withdrawals()

    def action_track(self) -> None:
        snapshot = self.view_model.newest
        if not self._refuse("track") and snapshot is not None:
            self.push_screen(TrackDialog(self.desk, snapshot))

    def action_signing_key(self) -> None:
        if not self._refuse("key"):
            self.push_screen(KeyDialog(self.desk))

    def action_note(self) -> None:
        if not self._refuse("note"):
            self.push_screen(NoteDialog(self.desk))

    def action_refresh_desk(self) -> None:
        if not self._refuse_read_only() and not self._refuse("refresh"):
            self.desk.refresh()

    def action_tour(self) -> None:
        """Start the tour of the sandbox, or leave it."""
        snapshot = self.view_model.newest
        if snapshot is not None and not self._refuse("tour"):
            self.tour.toggle(snapshot)
            self._paint()

    def action_skip_tour(self) -> None:
        """Go on to the tour's next step, or decline it."""
        snapshot = self.view_model.newest
        if snapshot is not None and not self._refuse("tour.skip"):
            self.tour.skip(snapshot)
            self._paint()

    async def action_quit(self) -> None:
        """Ask whether to stop the desk; asked again, leave it running.

        A read-only cockpit has no say in it, and a desk that somebody stopped leaves nothing to ask.
        """
        if self.client.read_only or self.view.stopped_by:
            self.exit(Exit(stop_desk=False))
        elif isinstance(self.screen, QuitDialog):
            self.screen.leave("leave")
        else:
            self.push_screen(QuitDialog(self.desk), self._leave)

    def action_suspend_process(self) -> None:
        """Stop this process as a shell's job; the desk goes on, and nobody is seen to look."""
        if os.getsid(0) == os.getpid():
            self.notify(NO_SHELL, severity="warning", markup=False)
        else:
            super().action_suspend_process()

    def _leave(self, choice: Leave | None) -> None:
        if choice is not None:
            self.exit(Exit(stop_desk=choice == "stop"))

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Say it in place of the key bar: a toast would cover buttons, or the newest rows."""
        number = self.sentences.add(f"{title}: {message}" if title else message, severity)
        self._end_sentence_after(number, SHOWN_S if timeout is None else timeout)
        # Not at once: whoever notifies may be painting.
        self.call_later(self._paint)

    def clear_notifications(self) -> None:
        self.sentences.clear()
        self._paint()

    def _end_sentence_after(self, number: int, seconds: float) -> None:
        self.set_timer(seconds, lambda: self._end_sentence(number))

    def _end_sentence(self, number: int) -> None:
        if len(self.screen_stack) > 1:
            # Behind a dialog nobody may have read it.
            self._end_sentence_after(number, SHOWN_S)
            return
        self.sentences.end(number)
        self._paint()

    def _paint(self) -> None:
        raise NotImplementedError

    @property
    def shown_panel(self) -> str:
        """Return the id of the panel that has the keyboard, or had it last."""
        raise NotImplementedError

    @property
    def shown_list(self) -> Panel[Any] | None:
        """Return that panel."""
        raise NotImplementedError

    @property
    def shown_snapshot(self) -> Snapshot | None:
        """Return what the panels show: a recorded moment, what was frozen, or the newest."""
        return self.rewinding.snapshot or self.view_model.shown

    @property
    def row_moment_ns(self) -> int | None:
        """Return when the row under the cursor happened, UTC ns; None without a cursor."""
        raise NotImplementedError

    @property
    def chart_range_s(self) -> int:
        """Return the seconds that the chart shows."""
        raise NotImplementedError

    def _refuse_read_only(self) -> bool:
        if self.client.read_only:
            self.notify(f"{READ_ONLY}: it cannot command the desk", severity="warning", markup=False)
        return self.client.read_only

    def _refuse(self, action_id: str) -> bool:
        reason = unavailable_reason(action_id, self.view)
        if reason:
            self.notify(reason, severity="warning", markup=False)
        return bool(reason)
