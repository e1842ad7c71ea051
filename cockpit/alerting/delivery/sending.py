"""One message to one target, whatever its service does. A thread waits for it: none can be cancelled."""

import threading
from collections.abc import Callable

from cockpit.alerting.delivery.targets import AlertTarget
from cockpit.alerting.errors import DeliveryError
from cockpit.alerting.message import AlertMessage
from cockpit.alerting.messages import STALLED


class Sending:
    """A message on its way since ``started_ns``. Once ``done``, ``reason`` says why it was not taken, if so.

    ``wake`` is called from the thread.
    """

    def __init__(self, target: AlertTarget, message: AlertMessage, started_ns: int, wake: Callable[[], None]) -> None:
        self.message = message
        self.started_ns = started_ns
        self.stalled = False
        self.done = False
        self.reason = ""
        self._target = target
        self._wake = wake
        threading.Thread(target=self._send, daemon=True).start()

    def _send(self) -> None:
        # Whatever a plugin raises, the job must not look as if it had been done; an error's text may hold the URL.
        reason = "apprise failed"
        try:
            self._target.send(self.message)
            reason = ""
        except DeliveryError as error:
            reason = str(error)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
            reason = f"apprise failed with {type(error).__name__}"
        finally:
            self.reason = reason
            self.done = True
            self._wake()


def send_within(target: AlertTarget, message: AlertMessage, seconds: float) -> str:
    """Send and wait; return why it was not taken, empty when it was."""
    answered = threading.Event()
    sending = Sending(target, message, 0, answered.set)
    return sending.reason if answered.wait(seconds) else STALLED.format(seconds=seconds)
