"""What the flows of commands need of the app that carries them."""

from collections.abc import Coroutine
from typing import Any, Protocol

from cockpit.client.desk_client import Outcome
from cockpit.model.snapshot import Snapshot
from panels.dialogs.dialog import Dialog
from panels.kit.view import View


class Host(Protocol):
    """The app, as the flows see it."""

    def newest(self) -> Snapshot | None:
        """The newest snapshot."""

    def now_seen(self) -> View:
        """What is known right now."""

    def clock(self) -> float:
        """Seconds that only go forward."""

    def open(self, dialogue: Dialog[Any]) -> None:
        """Put a dialogue on top."""

    def command(self, work: Coroutine[object, object, None]) -> None:
        """Run it beside the painting; that it failed is said."""

    def toast(self, outcome: Outcome) -> None:
        """Say an outcome that no dialogue shows."""

    def warn(self, text: str) -> None:
        """Say what the operator must know and did not ask for."""
