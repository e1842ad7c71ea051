"""The private names of Textual that the cockpit uses, each behind a function that says what for.

Textual may rename them in any release: tests/panels/kit/test_textual_internals.py names the one that is gone.
"""

from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from rich.console import RenderableType
from rich.style import Style as RichStyle
from textual import events, keys
from textual._styles_cache import StylesCache
from textual.app import App
from textual.binding import BindingsMap
from textual.css.styles import RenderStyles
from textual.dom import DOMNode
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

T = TypeVar("T")


class PrivateName(NamedTuple):
    """``owner`` is what has the name: a module, a class, or an instance where ``__init__`` sets it."""

    owner: object
    name: str
    used_for: str


def private_names() -> Sequence[PrivateName]:
    """List every private name in use, with what it is used for."""
    screen = Screen[Any]()
    return (
        PrivateName(keys, "_character_to_key", "naming the key that types a character"),
        PrivateName(DOMNode(), "_bindings", "giving a widget the operator's own keys"),
        PrivateName(screen, "_compositor", "reading the lines of a screen"),
        PrivateName(getattr(screen, "_compositor", None), "render_strips", "reading the lines of a screen"),
        PrivateName(Screen, "_compositor_refresh", "sparing a dialog its first drawing"),
        PrivateName(DOMNode(), "_attach", "styling a part of an input"),
        PrivateName(DOMNode(), "_component_styles", "styling a part of an input"),
        PrivateName(DOMNode, "_inherit_component_classes", "styling no part of an input before it is drawn"),
        PrivateName(Input, "_on_mount", "sparing an input the timer of a cursor that does not blink"),
        PrivateName(DOMNode, "_get_default_css", "parsing the styles of a widget before the first one is made"),
        PrivateName(StylesCache, "get_inner_outer", "letting go of what was drawn of widgets that are gone"),
        PrivateName(getattr(StylesCache, "get_inner_outer", None), "cache_clear", "letting go of it"),
        PrivateName(App, "_display", "skipping frames that a terminal does not read"),
        PrivateName(_attributes_of(App), "_driver", "writing escape sequences between two frames"),
        PrivateName(_attributes_of(Driver), "_app", "telling the app about its terminal"),
        PrivateName(_attributes_of(LinuxDriver), "_file", "writing to the terminal without blocking"),
        PrivateName(_attributes_of(LinuxDriver), "_writer_thread", "writing to the terminal without blocking"),
        PrivateName(_attributes_of(LinuxDriver), "_must_signal_resume", "painting again once the process goes on"),
    )


def character_key(character: str) -> str:
    """Name the key that types this character, as Textual does: ``?`` is question_mark."""
    return keys._character_to_key(character)


def set_bindings(node: DOMNode, bindings: BindingsMap) -> None:
    """Replace the key bindings of a widget or app; Textual only offers to declare them in the class."""
    node._bindings = bindings


def screen_strips(screen: Screen[Any], size: Size | None = None) -> list[Strip]:
    """Return the lines of a screen as it would be painted now."""
    return screen._compositor.render_strips(size)


class LightInput(Input):
    """An input whose parts (cursor, selection, placeholder) are styled when they are drawn first, which for most of a
    form is never: each part costs as much as a widget. A cursor that does not blink has no timer.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set()

    def notify_style_update(self) -> None:
        self._component_styles.clear()
        super().notify_style_update()

    def get_component_styles(self, *names: str) -> RenderStyles:
        for name in names:
            if name not in self._component_styles and name in Input.COMPONENT_CLASSES:
                part = DOMNode(classes=name)
                part._attach(self)
                self.app.stylesheet.apply(part)
                self._component_styles[name] = part.styles
        return super().get_component_styles(*names)

    def _on_mount(self, event: events.Mount) -> None:
        if not self.cursor_blink:
            event.prevent_default()
            self.screen.text_selection_started_signal.subscribe(self, self._unselect, immediate=True)

    def _unselect(self, _screen: Screen[Any]) -> None:
        self.cursor_position = self.cursor_position  # Without a selection.


LightInput._inherit_component_classes = False  # Textual sets it anew where a class of widgets is made.


def add_default_styles(kinds: Iterable[type[Widget]], app: App[Any]) -> None:
    """Parse the default styles of classes of widgets, as Textual does when the first one of each is made."""
    for kind in kinds:
        # An instance is all that Textual's reading of the class asks for; it is never used as a widget.
        for location, css, tie_breaker, scope in kind.__new__(kind)._get_default_css():
            app.stylesheet.add_source(css, location, is_default_css=True, tie_breaker=tie_breaker, scope=scope)
    _ = app.stylesheet.rules


def forget_drawn() -> None:
    """Let go of what was drawn of widgets that are gone: a cache of Textual keeps the drawings of a thousand of them,
    and a pass over their objects takes 0.2 s.
    """
    StylesCache.get_inner_outer.cache_clear()


def free_lines_at_once() -> None:
    """Have no line of the screen remember itself as what it was cut to: only a pass of the garbage collector would free
    it then, and every picture makes hundreds of lines. May be called again.
    """
    Strip.crop_extend = _cut_or_extended  # type: ignore[assignment, method-assign]
    Strip.divide = _divided  # type: ignore[assignment, method-assign]


_crop_extend, _divide = Strip.crop_extend, Strip.divide


def _cut_or_extended(strip: Strip, start: int, end: int, style: RichStyle | None) -> Strip:
    return strip if start == 0 and end == strip.cell_length else _crop_extend(strip, start, end, style)


def _divided(strip: Strip, cuts: Iterable[int]) -> Sequence[Strip]:
    length = strip.cell_length
    inside = [cut for cut in cuts if cut <= length]
    return [strip] if inside == [length] else _divide(strip, inside)


class SkippingApp(App[T], Generic[T]):
    """An app that can leave out frames."""

    def skips_frame(self) -> bool:
        """Whether the frame that is due now is left out."""
        return False

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if not self.skips_frame():
            super()._display(screen, renderable)


class WholeScreen(ModalScreen[T], Generic[T]):
    """A screen that is drawn from its first whole picture on, and whose styles are right from the start.

    Textual draws each layout on the way there, with everything behind the screen. Everything that is drawn too early
    stays due, so that the first drawing is of the whole.
    """

    def __init__(self) -> None:
        super().__init__()
        self._layouts = 0

    @property
    def drawn(self) -> bool:
        """Whether the whole of it has been drawn, at least once."""
        return self._layouts > 1

    def take_breakpoints(self) -> None:
        """Take the classes of the terminal's size before anything is styled: later all of it would be styled again."""
        size = self.app.size
        for cells, classes in (
            (size.width, self.app.HORIZONTAL_BREAKPOINTS or ()),
            (size.height, self.app.VERTICAL_BREAKPOINTS or ()),
        ):
            fitting = max((least, name) for least, name in classes if least <= cells)
            for least, name in classes:
                self.set_class((least, name) == fitting, name, update=False)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        if not self._layouts:
            # Everything was styled a moment ago, when it was mounted; that again is a fifth of the opening.
            event.refresh_styles = False

    def _compositor_refresh(self) -> None:
        self._layouts += 1
        if self._layouts > 1:
            super()._compositor_refresh()


def app_driver(app: App[Any]) -> Driver | None:
    """Return what writes to the app's terminal; None before the app runs."""
    return app._driver


def post_to_app(driver: Driver, message: Message) -> None:
    """Send the app a message; safe in every thread. Raises RuntimeError once the app's loop is closed."""
    driver._app.post_message(message)


def paint_again_when_resumed(driver: LinuxDriver) -> None:
    """Have the app paint everything once the driver has the terminal again."""
    driver._must_signal_resume = True


def driver_writer(driver: LinuxDriver) -> object:
    """Return the thread that writes to the terminal; None outside of application mode."""
    return driver._writer_thread


def replace_writer(driver: LinuxDriver, make: Callable[[int], Any]) -> None:
    """Stop Textual's own writer thread, and write with the one that ``make`` makes of the file descriptor."""
    if driver._writer_thread is not None:
        driver._writer_thread.stop()
    assert driver._file is not None
    driver._writer_thread = make(driver._file.fileno())


def _attributes_of(owner: type) -> SimpleNamespace:
    """The attributes that ``__init__`` of a class uses, of which an instance is hard to make."""
    return SimpleNamespace(**dict.fromkeys(vars(owner)["__init__"].__code__.co_names))
