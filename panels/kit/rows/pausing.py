"""Short pauses between the rows that are drawn, in which the desk beside the cockpit gets the processor."""

from typing import Generic, TypeVar

from textual.app import App
from textual.widget import Widget

T = TypeVar("T")


class PausingApp(App[T], Generic[T]):
    """An app that may be asked to pause between two pieces of work."""

    def pause(self) -> None:
        """Pause when it is time to."""


def pause(widget: Widget) -> None:
    """Have the app of a widget pause when it is time to."""
    app = widget.app
    if isinstance(app, PausingApp):
        app.pause()
