"""What the operator can ask of the desk by key, as actions of the app; what can do nothing now says why."""

import os
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import msgspec
from textual import work

from cockpit.app.arming import ArmingActions
from cockpit.app.availability import obstacle
from cockpit.app.funds import FundsActions
from cockpit.app.terminal.driver import NonBlockingApp
from cockpit.app.terminal.tour_seen import TourSeen
from cockpit.app.tour import TourController
from cockpit.app.view_model import ViewModel
from cockpit.client.desk_client import READ_ONLY, DeskClient, Outcome
from cockpit.model.commands import REFRESHABLE, Part
from cockpit.model.snapshot import Snapshot
from panels.dialogs.arm import ArmDialog, is_armed
from panels.dialogs.dialog import Dialog
from panels.dialogs.hard_stop import HardStopDialog
from panels.dialogs.limits import LimitsDialog
from panels.dialogs.outcome import say
from panels.dialogs.quit import Leave, QuitDialog
from panels.dialogs.startup_findings import StartupFindingsDialog
from panels.dialogs.trading_state import TradingStateDialog
from panels.kit.keymap import KeyMap
from panels.kit.labels import part_name
from panels.kit.messages import already
from panels.kit.notices import NoticeLog
from panels.kit.view import View


class Exit(msgspec.Struct, frozen=True):
    """What the operator wants to become of the desk."""

    stop_desk: bool


class OperatorActions(NonBlockingApp[Exit], inherit_bindings=False):
    """The half of the app that commands. ``clock`` counts seconds; ``new_key`` makes a withdrawal's idempotency key."""

    def __init__(
        self,
        link: DeskClient,
        *,
        clock: Callable[[], float] = time.monotonic,
        new_key: Callable[[], str] = lambda: f"k-{os.urandom(8).hex()}",
        keys: KeyMap | None = None,
        tour_note: TourSeen | None = None,
    ) -> None:
        # Without it Textual would paint greys under NO_COLOR: colours all the same.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.link = link
        self.keys = keys or KeyMap()
        self._clock = clock
        self.arming = ArmingActions(link, self)
        self.heard = ViewModel(clock, lambda: self.arming.asked, read_only=link.read_only)
        self.noticed = NoticeLog(clock)
        self.money = FundsActions(link, self, new_key)
        self.touring = TourController(self.keys, None if link.read_only else tour_note)

    @property
    def view(self) -> View:
        """What is known right now."""
        view = self.heard.view
        touring = self.touring.shown(view)
        return view if touring is None else msgspec.structs.replace(view, tour=touring)

    def action_arm(self, part: Part) -> None:
        """Ask whether to arm."""
        if isinstance(self.screen, Dialog) or self._read_only():
            return
        view = self.view
        if view.trusted and view.snapshot is not None and is_armed(view.snapshot, part):
            self.notify(f"{already(f'the {part_name(part)} is', 'armed')}; ^x disarms", markup=False)
            return
        self.push_screen(ArmDialog(view, part, partial(self.arming.arm, part)))

    def action_disarm(self) -> None:
        """Disarm everything at once."""
        if not self._read_only():
            self.arming.disarm_all()

    def action_findings(self) -> None:
        """Show what the start found."""
        self.push_screen(StartupFindingsDialog(self.view))

    def action_hard_stop(self) -> None:
        """Ask whether to burn what is alive."""
        if not isinstance(self.screen, Dialog) and not self._hindered("stop.hard"):
            self.push_screen(HardStopDialog(self.view, self.money.hard_stop))

    def action_limits(self) -> None:
        """Open the form of the limits."""
        snapshot = self.heard.newest
        if snapshot is not None and not self._hindered("limits"):
            self.push_screen(LimitsDialog(self.view, snapshot.limits, self.money.set_limits))

    def action_trading(self) -> None:
        """Show the trading state, and ask for another one."""
        if not isinstance(self.screen, Dialog) and not self._hindered("trading"):
            self.push_screen(TradingStateDialog(self.view, self.money.set_trading))

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

    def action_refresh_desk(self) -> None:
        """Ask the desk to read everything again."""
        if self._read_only():
            return
        for part in REFRESHABLE:
            self._refresh_part(part)

    @work(group="commands", exit_on_error=False)
    async def _refresh_part(self, part: Part) -> None:
        self.toast(await self.link.send(part, "refresh"))

    def action_tour(self) -> None:
        """Begin the tour of the sandbox, or leave it."""
        snapshot = self.heard.newest
        if snapshot is not None and not self._hindered("tour"):
            self.touring.toggle(snapshot)
            self._paint()

    def action_skip_tour(self) -> None:
        """Go on to the tour's next step, or decline it."""
        snapshot = self.heard.newest
        if snapshot is not None and not self._hindered("tour.skip"):
            self.touring.skip(snapshot)
            self._paint()

    def _paint(self) -> None:
        """Show the moment."""
        raise NotImplementedError

    def newest(self) -> Snapshot | None:
        """The newest snapshot."""
        return self.heard.newest

    def now_seen(self) -> View:
        """What is known right now."""
        return self.view

    def clock(self) -> float:
        """Seconds that only go forward."""
        return self._clock()

    def open(self, dialogue: Dialog[Any]) -> None:
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
        """Say what the operator must know and did not ask for; it stays in the log."""
        self.noticed.note(text, "warn")
        self.notify(text, severity="warning", timeout=12, markup=False)

    async def action_quit(self) -> None:
        """Ask what becomes of the desk; it is not a read-only cockpit's to decide."""
        if self.link.read_only:
            self.exit(Exit(stop_desk=False))
            return
        if not isinstance(self.screen, QuitDialog):
            self.push_screen(QuitDialog(self.view, self.arming.disarm_to_leave), self._leave)

    def _leave(self, choice: Leave | None) -> None:
        if choice is not None:
            self.exit(Exit(stop_desk=choice == "stop"))

    def _read_only(self) -> bool:
        """Whether this cockpit cannot command; said when it was asked to."""
        if self.link.read_only:
            self.notify(f"{READ_ONLY}: it shows the desk and cannot command it", severity="warning", markup=False)
        return self.link.read_only

    def _hindered(self, action_id: str) -> bool:
        """Whether the action can do nothing now; why is said."""
        why = obstacle(action_id, self.view)
        if why:
            self.notify(why, severity="warning", markup=False)
        return bool(why)
