"""A question before something that cannot be taken back: what it means, Cancel first, the desk's answer in the box."""

from collections.abc import Callable, Iterable

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Static

from cockpit.link import Outcome
from panels.dialogue import Answer, Dialogue
from panels.outcome import say
from panels.view import View


class Question(Dialogue[None]):
    """Asks, opening on Cancel. ``obstacle`` says why it cannot be done now, empty when it can."""

    def __init__(
        self,
        view: View,
        title: str,
        meaning: str,
        label: str,
        ask: Callable[[Answer], object],
        obstacle: Callable[[View], str],
    ) -> None:
        super().__init__(view, title)
        self._meaning = meaning
        self._label = label
        self._ask = ask
        self._obstacle = obstacle
        self._waiting = False
        self._shown = "?"

    def body(self) -> Iterable[Widget]:
        """Meaning, obstacle, answer, buttons."""
        yield Static(self._meaning, id="meaning", markup=False)
        yield Static("", id="blocked", markup=False)
        yield self._said
        with Horizontal(id="buttons"):
            yield Button("Cancel", id="cancel", compact=True)
            yield Button(self._label, id="do", variant="warning", compact=True)

    def on_mount(self) -> None:
        """Open on Cancel."""
        super().on_mount()
        self.query_one("#cancel", Button).focus()

    def paint(self, view: View) -> None:
        """Keep the obstacle true while the question is open."""
        super().paint(view)
        obstacle = self._obstacle(view)
        if obstacle != self._shown:
            self._shown = obstacle
            notice = self.query_one("#blocked", Static)
            notice.update(f"blocked: {obstacle}" if obstacle else "")
            notice.display = bool(obstacle)
        self.query_one("#do", Button).disabled = self._waiting or bool(obstacle)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Cancel, or ask the desk."""
        event.stop()
        if event.button.id != "do":
            self.dismiss(None)
        elif not self._waiting and not self._obstacle(self.view):
            self._waiting = True
            self.query_one("#do", Button).disabled = True
            self.query_one("#cancel", Button).focus()
            self.tell(None)
            self._ask(self._answered)

    def _answered(self, outcome: Outcome) -> bool:
        if not self.is_attached:
            return False
        said = say(outcome)
        if said.done:
            self.dismiss(None)
            return False
        self._waiting = False
        self.tell(said)
        self.paint(self.view)
        return True
