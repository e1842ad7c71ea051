"""The alerts of one desk on their way: from the rules to the targets, kept on disk until each has arrived."""

from collections.abc import Callable, Mapping
from copy import copy as _copy
from functools import partial
from pathlib import Path
from typing import Literal

from cockpit.alerting import messages
from cockpit.alerting.alert_book import AlertBook
from cockpit.alerting.alerts_file import read_rules
from cockpit.alerting.delivery.courier import Courier
from cockpit.alerting.delivery.dead_letters import DeadLetters
from cockpit.alerting.delivery.outbox import Outbox, Patience
from cockpit.alerting.delivery.targets import AlertTarget, make_targets
from cockpit.alerting.errors import AlertsFileError, AppriseMissingError
from cockpit.alerting.message import AlertMessage
from cockpit.alerting.rules import AlertRules
from cockpit.alerting.state_file import KeptState, clear_drafts, read_state, write_state
from cockpit.config.secret import Secret
from cockpit.model.alerts.alert import MAX_TEXT, Alert, Severity
from cockpit.model.alerts.state import AlertsState, UndeliveredRow
from cockpit.model.environment import Environment
from cockpit.model.formatting import counted

FAILING_AFTER = 3
"""So many failures in a row of one target are an alert of their own, to the others."""

Maker = Callable[[Mapping[str, Secret]], tuple[dict[str, AlertTarget], tuple[str, ...]]]


class Dispatcher:
    """Without a file it has no rules and tells nobody anything. ``wake`` is called by other threads."""

    def __init__(
        self,
        alerts_file: Path | None,
        state_dir: Path,
        *,
        mode: Literal["SANDBOX", "LIVE"],
        account: str,
        env: Environment,
        patience: Patience,
        wake: Callable[[], None],
        make: Maker | None = None,
    ) -> None:
        self.heading = f"[{mode}] {account}"
        self._file = alerts_file
        self._state_dir = state_dir
        self._env = env
        self._patience = patience
        self._wake = wake
        self._make = make or partial(make_targets, sandbox=mode == "SANDBOX")
        self._dead = DeadLetters()
        self._failing: dict[str, int] = {}
        self._delivered = 0
        self._trouble: tuple[str, ...] = ()
        self.digest_ns = 0
        clear_drafts(state_dir)
        kept, problem = read_state(state_dir)
        self._kept_problem = problem
        self._written: KeptState | None = None if problem else kept
        self.rules = AlertRules(targets={}, rules=())
        self._apply(self.rules, {}, kept)
        self._seen: object = None
        self.reload()

    def reload(self) -> None:
        """Read the file again when it has changed; one that cannot be used leaves the rules as they are."""
        if self._file is None:
            return
        seen = _stamp(self._file)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            rules = read_rules(self._file)
            targets, problems = self._make(rules.targets)
        except (AlertsFileError, AppriseMissingError) as error:
            self._trouble = error.problems if isinstance(error, AlertsFileError) else (str(error),)
            return
        self._trouble = problems
        self.rules = rules
        self._apply(rules, targets, self._kept())

    def _apply(self, rules: AlertRules, targets: Mapping[str, AlertTarget], kept: KeptState) -> None:
        self.digest_ns = kept.digest_ns
        # Whether the new targets work is not known yet.
        self._failing.clear()
        self._dead = DeadLetters()
        self._dead.load(kept.undelivered, kept.undelivered_count, kept.undelivered_seen)
        self._book = AlertBook(rules.rules, heading=self.heading)
        self._book.acknowledge(kept.acknowledged_ns)
        self._acknowledged_ns = kept.acknowledged_ns
        self._book.load(kept.topics)
        self._delivered = self.delivered if hasattr(self, "_couriers") else 0
        outboxes = {name: Outbox(name, self._patience) for name in rules.targets}
        self._couriers = {
            name: Courier(target, outboxes[name], env=self._env, patience=self._patience, wake=self._wake)
            for name, target in targets.items()
        }
        self._orphans = {name: outboxes[name] for name in outboxes if name not in targets}
        for name, waiting in kept.waiting.items():
            box = outboxes.get(name) or self._orphans.setdefault(name, Outbox(name, self._patience))
            box.load(waiting)

    @property
    def delivered(self) -> int:
        return self._delivered + sum(courier.delivered for courier in self._couriers.values())

    @property
    def idle(self) -> bool:
        """Whether nothing waits for a target."""
        return not any(courier.outbox.messages for courier in self._couriers.values())

    @property
    def unacknowledged(self) -> int:
        """How many alerts escalate unless somebody acknowledges them."""
        return self._book.unacknowledged

    @property
    def longest_escalation_s(self) -> float:
        return max((rule.escalate_ms / 1000 for rule in self.rules.rules if rule.escalate_to), default=0)

    def add(self, alert: Alert) -> None:
        """Take an alert. While there are no rules to go by, it is kept as one that was not delivered."""
        if self._book.add(alert) or not self._trouble or self.rules.rules:
            return
        self._dead.add(
            UndeliveredRow(
                rule="none",
                target="none",
                text=alert.text,
                count=alert.count,
                last_ns=alert.last_ns,
                reason=self._trouble[0][:MAX_TEXT],
            )
        )

    def raise_own(self, severity: Severity, text: str, subject: str) -> None:
        """Raise an alert about the alerts themselves."""
        now = self._env.wall_ns()
        self.add(
            Alert(kind="service", severity=severity, text=text[:MAX_TEXT], first_ns=now, last_ns=now, subject=subject)
        )

    def acknowledge(self, at_ns: int) -> None:
        """Nothing raised until ``at_ns`` escalates any more, and what was not delivered was seen."""
        self._acknowledged_ns = max(self._acknowledged_ns, at_ns)
        self._book.acknowledge(at_ns)
        self._dead.seen = self._dead.count

    def send(self, message: AlertMessage, to: tuple[str, ...]) -> None:
        """Send a message past the rules."""
        for name in to:
            courier = self._couriers.get(name)
            box = (
                courier.outbox if courier is not None else self._orphans.setdefault(name, Outbox(name, self._patience))
            )
            box.put(message)

    def step(self) -> None:
        """Send what is due, take the answers, and note what was not delivered."""
        for told in self._book.due(self._env.wall_ns()):
            # A target that fails is not told so itself.
            about = told.message.key.split("/")[1:3]
            self.send(
                told.message, tuple(name for name in told.to if about != ["service", name] or name not in self._failing)
            )
        for name, courier in self._couriers.items():
            courier.step()
            self._note(name, courier)
        for name, box in self._orphans.items():
            box.give_up_all(next((one for one in self._trouble if f"[targets.{name}]" in one), "no such target"))
            self._bury(box)

    def _note(self, name: str, courier: Courier) -> None:
        box = courier.outbox
        self._bury(box)
        if box.failures >= FAILING_AFTER and name not in self._failing:
            self._failing[name] = self._dead.count
            self.raise_own("warning", messages.TARGET_FAILING.format(target=name, reason=courier.reason), name)
        elif not box.failures and name in self._failing:
            lost = max(0, self._dead.count - self._failing.pop(name))
            self.raise_own("info", messages.TARGET_WORKS.format(target=name, count=lost), name)

    def _bury(self, box: Outbox) -> None:
        for row in box.undelivered:
            self._dead.add(row)
        box.undelivered.clear()

    def save(self) -> None:
        """Write what must survive, when it has changed. What cannot be written is told in ``state``."""
        kept = self._kept()
        if kept == self._written:
            return
        try:
            write_state(self._state_dir, kept)
        except OSError as error:
            self._kept_problem = f"cannot keep alerts on disk: {error.strerror}"
            return
        self._kept_problem = ""
        self._written = kept

    @property
    def saved(self) -> bool:
        """Whether all that was taken is on disk."""
        return self._kept() == self._written

    def _kept(self) -> KeptState:
        # Copies: topics change, and what was written must not change with them.
        boxes = {name: courier.outbox for name, courier in self._couriers.items()} | self._orphans
        return KeptState(
            topics=tuple(_copy(topic) for topic in self._book.topics),
            waiting={name: box.messages for name, box in boxes.items() if box.messages},
            undelivered=self._dead.rows,
            undelivered_count=self._dead.count,
            undelivered_seen=self._dead.seen,
            acknowledged_ns=self._acknowledged_ns,
            digest_ns=self.digest_ns,
        )

    def state(self) -> AlertsState:
        """Return how it goes, as a cockpit shows it."""
        failing = [f"{name}: {self._couriers[name].reason}" for name in self._failing if name in self._couriers]
        problems = (*self._trouble, *failing, *filter(None, (self._kept_problem,)))
        down = bool(self._trouble) and not self._couriers
        targets = len(self._couriers)
        return AlertsState(
            configured=True,
            state="down" if down else "degraded" if problems or self._dead.unseen else "ok",
            detail=("; ".join(problems) or self._fine(targets))[:MAX_TEXT],
            pending=sum(len(courier.outbox.messages) for courier in self._couriers.values()),
            delivered=self.delivered,
            undelivered=self._dead.count,
            unacknowledged=self._book.unacknowledged,
            rows=self._dead.newest,
        )

    def _fine(self, targets: int) -> str:
        if self._dead.unseen:
            return messages.UNDELIVERED.format(count=self._dead.unseen)
        if self._file is None:
            return "no file of alerts; heartbeat only"
        return f"{counted(targets, 'target')}, {counted(self.delivered, 'message')} delivered"


def _stamp(file: Path) -> object:
    try:
        found = file.stat()
    except OSError as error:
        return error.errno
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode
