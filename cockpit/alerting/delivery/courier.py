"""Brings one target its messages, one at a time; a service that stalls holds up no other."""

from collections.abc import Callable

from cockpit.alerting.delivery.outbox import NS_PER_S, Outbox, Patience
from cockpit.alerting.delivery.sending import Sending
from cockpit.alerting.delivery.targets import AlertTarget
from cockpit.alerting.messages import STALLED
from cockpit.model.environment import Environment


class Courier:
    """``step`` often. ``delivered`` counts messages; ``reason``: why the last one was not taken."""

    def __init__(
        self, target: AlertTarget, outbox: Outbox, *, env: Environment, patience: Patience, wake: Callable[[], None]
    ) -> None:
        self.outbox = outbox
        self.delivered = 0
        self.reason = ""
        self._target = target
        self._env = env
        self._stalled_ns = int(patience.stalled_s * NS_PER_S)
        self._stalled_reason = STALLED.format(seconds=patience.stalled_s)
        self._wake = wake
        self._sending: Sending | None = None

    def step(self) -> None:
        """Take the answer of the target, and give it the next message."""
        now, sending = self._env.monotonic_ns(), self._sending
        if sending is not None and not sending.done:
            self._still_waiting(sending, now)
            return
        if sending is not None:
            self._sending = None
            self._answered(sending)
        message = self.outbox.take(now)
        if message is not None:
            self._sending = Sending(self._target, message, now, self._wake)

    def _still_waiting(self, sending: Sending, now: int) -> None:
        if now - sending.started_ns < self._stalled_ns:
            return
        if sending.stalled:
            self.outbox.expire(self._stalled_reason, self._env.wall_ns())
        else:
            sending.stalled = True
            self._failed(self._stalled_reason)

    def _answered(self, sending: Sending) -> None:
        if sending.reason:
            if not sending.stalled:
                self._failed(sending.reason)
            return
        self.delivered += 1
        self.reason = ""
        if sending.stalled:
            self.outbox.arrived_late(sending.message)
        else:
            self.outbox.delivered()

    def _failed(self, reason: str) -> None:
        self.reason = reason
        self.outbox.failed(reason, monotonic_ns=self._env.monotonic_ns(), wall_ns=self._env.wall_ns())
