"""The messages that wait for one target, what is tried when, and when it is given up. Pure."""

from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from cockpit.alerting.message import AlertMessage
from cockpit.alerting.messages import QUEUE_FULL
from cockpit.model.alerts.state import UndeliveredRow

MOST_WAITING = 100
NS_PER_S = 10**9


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """``first_retry_s`` doubles up to ``last_retry_s``; a message older than ``give_up_s`` is given up when it fails.

    ``stalled_s``: how long a target may take for one message.
    """

    first_retry_s: float = 5.0
    last_retry_s: float = 120.0
    give_up_s: float = 900.0
    stalled_s: float = 30.0


class Outbox:
    """One target's messages, oldest first, those of one key merged. ``failures``: how many times in a row it failed.

    Whatever is given up is in ``undelivered`` until somebody takes it.
    """

    def __init__(self, target: str, patience: Patience) -> None:
        self.target = target
        self.failures = 0
        self.sending: AlertMessage | None = None
        self.undelivered: list[UndeliveredRow] = []
        self._patience = patience
        self._waiting: OrderedDict[str, AlertMessage] = OrderedDict()
        self._not_before_ns = 0

    @property
    def messages(self) -> tuple[AlertMessage, ...]:
        """All that was not delivered yet, the one that is being sent first."""
        return (*(() if self.sending is None else (self.sending,)), *self._waiting.values())

    def load(self, messages: Iterable[AlertMessage]) -> None:
        for message in messages:
            self.put(message)

    def put(self, message: AlertMessage) -> None:
        known = self._waiting.get(message.key)
        if known is not None:
            self._waiting[message.key] = known.merged(message)
            return
        self._waiting[message.key] = message
        if len(self._waiting) > MOST_WAITING:
            _, oldest = self._waiting.popitem(last=False)
            self._give_up(oldest, QUEUE_FULL.format(most=MOST_WAITING))

    def take(self, monotonic_ns: int) -> AlertMessage | None:
        """Return what is to be sent now, to be answered by ``delivered`` or ``failed``; None for nothing."""
        if self.sending is not None or not self._waiting or monotonic_ns < self._not_before_ns:
            return None
        _, self.sending = self._waiting.popitem(last=False)
        return self.sending

    def delivered(self) -> None:
        self.sending = None
        self.failures = 0
        self._not_before_ns = 0

    def arrived_late(self, message: AlertMessage) -> None:
        """Note that a message arrived after it was taken for failed."""
        self.failures = 0
        self._not_before_ns = 0
        if self._waiting.get(message.key) is message:
            del self._waiting[message.key]

    def failed(self, reason: str, *, monotonic_ns: int, wall_ns: int) -> None:
        """Note that the target did not take its message, and give up whatever has waited too long."""
        self.failures += 1
        delay_s = min(self._patience.first_retry_s * 2 ** min(self.failures - 1, 20), self._patience.last_retry_s)
        self._not_before_ns = monotonic_ns + int(delay_s * NS_PER_S)
        message, self.sending = self.sending, None
        if message is not None:
            # Behind the others: one that the target never takes must not hold them up.
            newer = self._waiting.pop(message.key, None)
            self._waiting[message.key] = message if newer is None else message.merged(newer)
        self.expire(reason, wall_ns)

    def expire(self, reason: str, wall_ns: int) -> None:
        """Give up what has waited too long."""
        for key, message in tuple(self._waiting.items()):
            if wall_ns - message.queued_ns >= self._patience.give_up_s * NS_PER_S:
                del self._waiting[key]
                self._give_up(message, reason)

    def give_up_all(self, reason: str) -> None:
        """Give up everything: the target is no more."""
        for message in self.messages:
            self._give_up(message, reason)
        self.sending = None
        self._waiting.clear()

    def _give_up(self, message: AlertMessage, reason: str) -> None:
        self.undelivered.append(
            UndeliveredRow(
                rule=message.rule,
                target=self.target,
                text=f"{message.title}: {message.text}",
                count=message.count,
                last_ns=message.last_ns,
                reason=reason,
            )
        )
