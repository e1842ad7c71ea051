"""Fields of a form: a labelled input with room for one sentence under it, and a choice between a few words."""

from collections.abc import Sequence
from typing import ClassVar, Protocol, runtime_checkable

from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from cockpit.model.printable import printable
from panels.kit.rows.plain_text import PlainLabel, PlainText
from panels.kit.textual_internals import LightInput
from panels.kit.theme import styles


@runtime_checkable
class TakesEntries(Protocol):
    """A screen with lines to fill in."""

    def entry_done(self, entry: Input) -> None:
        """Go on from a line on which Enter was pressed; at once, not by a message."""


class EntryInput(LightInput):
    """A line of a form that moves on at once: what is typed right behind Enter or tab belongs to the next control,
    however fast it comes.
    """

    def update_node_styles(self, animate: bool = True) -> None:
        if self.is_attached:  # It is styled once it is mounted; Textual styles it several times while it is made.
            super().update_node_styles(animate)

    def on_key(self, event: events.Key) -> None:
        if self._move_on(event.key):
            event.stop()
            event.prevent_default()

    def _move_on(self, key: str) -> bool:
        """Do at once what Enter and tab do; return False for any other key."""
        if key == "enter" and isinstance(self.screen, TakesEntries):
            self.screen.entry_done(self)
        elif key == "enter":
            self.post_message(self.Submitted(self, self.value, None))
        elif key == "tab":
            self.screen.focus_next()
        elif key == "shift+tab":
            self.screen.focus_previous()
        else:
            return False
        return True


class FormEntry(Vertical):
    """A labelled input. A problem is shown under it, and what was typed stays."""

    def __init__(self, ident: str, label: str, value: str = "", *, placeholder: str = "", unit: str = "") -> None:
        super().__init__(classes="entry")
        self._label = label
        self._unit_text, self._problem_text = unit, ""
        self.input = EntryInput(value, id=ident, placeholder=placeholder, compact=True, select_on_focus=False)
        self.input.cursor_blink = False
        self._unit = PlainLabel(unit, classes="unit")
        self._unit.display = bool(unit)
        self._problem = PlainText("", classes="problem")
        self._problem.display = False

    def compose(self) -> ComposeResult:
        with Horizontal(classes="field"):
            yield PlainLabel(self._label, classes="name")
            yield self.input
            yield self._unit
        yield self._problem

    @property
    def value(self) -> str:
        """The text without the spaces around it."""
        return self.input.value.strip()

    @value.setter
    def value(self, text: str) -> None:
        self.input.value = text

    def show_unit(self, unit: str) -> None:
        """Show something short behind the input."""
        if unit != self._unit_text:
            self._unit_text = unit
            self._unit.update(unit)
            self._unit.display = bool(unit)

    def show_hint(self, hint: str) -> None:
        """Show what can be typed, until something is typed."""
        if hint != self.input.placeholder:
            self.input.placeholder = hint

    def show_problem(self, sentence: str) -> None:
        """Show a problem under the input; an empty one hides it."""
        if sentence != self._problem_text:
            self._problem_text = sentence
            self._problem.update(sentence)
            self._problem.display = bool(sentence)


REVERSE = Style(reverse=True)


class FormChoice(Widget, can_focus=True):
    """One of a few words, chosen with left, right, space or a click."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", show=False),
        Binding("right,space", "turn(1)", show=False),
    ]

    class Changed(Message):
        """Another word was chosen."""

        def __init__(self, choice: "FormChoice") -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, words: Sequence[str], *, id: str | None = None) -> None:
        super().__init__(id=id, classes="choice")
        self._words = tuple(words)
        self._index = 0

    @property
    def value(self) -> str:
        return self._words[self._index]

    def choose(self, word: str) -> None:
        if word in self._words and word != self.value:
            self._index = self._words.index(word)
            self.refresh()
            self.post_message(self.Changed(self))

    def offer(self, words: Sequence[str], chosen: str) -> None:
        """Offer other words with one of them chosen, without a message."""
        self._words = tuple(words)
        self._index = self._words.index(chosen)
        self.refresh(layout=True)

    def action_turn(self, by: int) -> None:
        """Choose the next word or the one before."""
        self.choose(self._words[(self._index + by) % len(self._words)])

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        end = 0
        for word in self._words:
            end += len(word) + 4
            if event.x < end:
                self.choose(word)
                return

    def render(self) -> Text:
        look = styles(self.app.theme)
        text = Text()
        for word in self._words:
            chosen = word == self.value
            style = look["strong"] if chosen else look["muted"]
            # What has the keyboard is reversed, as a button that has it.
            text.append(f"{'●' if chosen else '○'} {word}", style + REVERSE if chosen and self.has_focus else style)
            text.append("  ")
        return text


class FormToggle(Widget, can_focus=True):
    """A word that is on or off, turned by space or a click."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "FormToggle { height: 1; width: auto; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "turn", show=False)]

    class Changed(Message):
        """It was turned."""

        def __init__(self, toggle: "FormToggle") -> None:
            super().__init__()
            self.toggle = toggle

    def __init__(self, word: str, *, on: bool) -> None:
        super().__init__()
        self.word = word
        self.on = on

    def turn(self) -> None:
        """Turn it without a message."""
        self.on = not self.on
        self.refresh()

    def action_turn(self) -> None:
        self.turn()
        self.post_message(self.Changed(self))

    def on_click(self) -> None:
        self.action_turn()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def render(self) -> Text:
        style = styles(self.app.theme)["strong" if self.on else "muted"]
        text = Text()
        text.append(f"{'✓' if self.on else '·'} {printable(self.word)}", style + REVERSE if self.has_focus else style)
        return text
