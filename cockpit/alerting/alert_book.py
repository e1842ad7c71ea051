"""Which alert is told when: once, then repeats together; after quiet hours; again when nobody acknowledged it. Pure."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from cockpit.alerting.message import AlertMessage, message_of
from cockpit.alerting.messages import NOT_ACKNOWLEDGED, QUIET_ENDED
from cockpit.alerting.rules import Rule
from cockpit.model.alerts.alert import MAX_SUBJECTS, Alert, AlertKind

NS_PER_MS = 10**6


class Topic(msgspec.Struct, kw_only=True):
    """What one rule knows of one kind and subject.

    ``waiting``: raised and not told yet; ``held``: quiet hours held it back. ``told_ns``: when it was last told.
    ``unseen``: told at ``unseen_ns``, escalates unless it is acknowledged.
    """

    rule: str
    kind: AlertKind
    subject: str
    waiting: Alert | None = None
    held: bool = False
    told_ns: int | None = None
    unseen: Alert | None = None
    unseen_ns: int = 0


class Told(msgspec.Struct, frozen=True):
    """A message and the names of the targets that it is for."""

    message: AlertMessage
    to: tuple[str, ...]


class AlertBook:
    """The alerts of one desk, by rule, kind and subject. All times are UTC ns; a clock that is set back delays nothing.

    ``heading``: mode and account, of every title.
    """

    def __init__(self, rules: Sequence[Rule], *, heading: str) -> None:
        self._rules = {rule.name: rule for rule in rules}
        self._heading = heading
        self._topics: dict[tuple[str, AlertKind, str], Topic] = {}
        self._acknowledged_ns = 0

    @property
    def unacknowledged(self) -> int:
        """How many alerts escalate unless somebody acknowledges them."""
        return sum(topic.unseen is not None for topic in self._topics.values())

    @property
    def topics(self) -> tuple[Topic, ...]:
        """All that must survive a restart."""
        return tuple(self._topics.values())

    def load(self, topics: Iterable[Topic]) -> None:
        """Take over what an earlier service knew. What it had not told yet goes by the rules of now."""
        for topic in topics:
            rule = self._rules.get(topic.rule)
            if rule is None and topic.waiting is not None:
                self.add(topic.waiting)
            elif rule is not None:
                self._topics[topic.rule, topic.kind, topic.subject] = topic

    def add(self, alert: Alert) -> int:
        """Take an alert; return how many rules take it."""
        takers = [rule for rule in self._rules.values() if rule.takes(alert)]
        for rule in takers:
            topic = self._topic(rule, alert)
            topic.waiting = alert if topic.waiting is None else topic.waiting.merged(alert)
        return len(takers)

    def _topic(self, rule: Rule, alert: Alert) -> Topic:
        known = self._topics.get((rule.name, alert.kind, alert.subject))
        if known is not None:
            return known
        subject = alert.subject
        others = sum(1 for name, kind, _ in self._topics if name == rule.name and kind == alert.kind)
        if subject and others >= MAX_SUBJECTS:
            subject = ""
        topic = Topic(rule=rule.name, kind=alert.kind, subject=subject)
        return self._topics.setdefault((rule.name, alert.kind, subject), topic)

    def acknowledge(self, at_ns: int) -> None:
        """Nothing that was raised until ``at_ns`` escalates any more."""
        self._acknowledged_ns = max(self._acknowledged_ns, at_ns)
        for topic in self._topics.values():
            if topic.unseen is not None and topic.unseen.last_ns <= at_ns:
                topic.unseen = None

    def due(self, now_ns: int) -> tuple[Told, ...]:
        """Return what is to be told now, each once."""
        told = tuple(self._due(now_ns))
        for key, topic in tuple(self._topics.items()):
            if topic.waiting is None and topic.unseen is None and self._repeats(topic, now_ns):
                del self._topics[key]
        return told

    def _due(self, now_ns: int) -> Iterator[Told]:
        for topic in self._topics.values():
            rule = self._rules[topic.rule]
            if topic.waiting is not None:
                quiet = rule.is_quiet(topic.waiting, now_ns)
                topic.held = topic.held or quiet
                if not quiet and self._repeats(topic, now_ns):
                    yield self._tell(rule, topic, topic.waiting, now_ns)
            unseen = topic.unseen
            if unseen is None or rule.is_quiet(unseen, now_ns):
                continue
            if now_ns - topic.unseen_ns >= rule.escalate_ms * NS_PER_MS or now_ns < topic.unseen_ns:
                topic.unseen = None
                note = NOT_ACKNOWLEDGED.format(minutes=rule.escalate_ms // 60_000)
                yield Told(self._message(rule, unseen, now_ns, note, escalated=True), rule.escalate_to)

    def _tell(self, rule: Rule, topic: Topic, alert: Alert, now_ns: int) -> Told:
        note = QUIET_ENDED if topic.held else ""
        topic.waiting, topic.held, topic.told_ns = None, False, now_ns
        if rule.escalate_to and alert.last_ns > self._acknowledged_ns:
            topic.unseen_ns = now_ns if topic.unseen is None else topic.unseen_ns
            topic.unseen = alert if topic.unseen is None else topic.unseen.merged(alert)
        return Told(self._message(rule, alert, now_ns, note), rule.to)

    def _message(self, rule: Rule, alert: Alert, now_ns: int, note: str, *, escalated: bool = False) -> AlertMessage:
        return message_of(rule.name, alert, now_ns, heading=self._heading, note=note, escalated=escalated)

    def _repeats(self, topic: Topic, now_ns: int) -> bool:
        """Return whether the time within which a repeat waits is over."""
        if topic.told_ns is None or now_ns < topic.told_ns:
            return True
        return now_ns - topic.told_ns >= self._rules[topic.rule].repeat_ms * NS_PER_MS
