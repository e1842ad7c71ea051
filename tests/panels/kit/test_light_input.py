"""A form's inputs cost little until they are used, and look and select as Textual's own."""

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from cockpit.model.pricing.pricing_set import PRICING_FIELDS, PricingSet
from panels.kit.textual_internals import LightInput, screen_strips
from panels.kit.value_rows import ValueRows
from tests.support.cockpit import samples

Typed = tuple[str, ...]


class Inputs(App[None]):
    """An input of this kind, and below it one that is empty."""

    def __init__(self, kind: type[Input]) -> None:
        super().__init__()
        self.kind = kind

    def compose(self) -> ComposeResult:
        with Vertical():
            for ident, value, placeholder in (("first", "1,234.5", ""), ("second", "", "or max")):
                entry = self.kind(value, id=ident, placeholder=placeholder, compact=True)
                entry.cursor_blink = False
                yield entry


async def drawn(kind: type[Input], keys: Typed) -> list[object]:
    """The segments of the screen after these keys."""
    app = Inputs(kind)
    async with app.run_test(size=(30, 4)) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        return [list(strip) for strip in screen_strips(app.screen)]


async def test_a_light_input_is_drawn_as_an_input() -> None:
    for keys in ((), ("left", "left"), ("shift+left",), ("end", "x", "home"), ("tab",), ("tab", "7")):
        assert await drawn(LightInput, keys) == await drawn(Input, keys), keys


async def test_a_theme_that_is_changed_reaches_the_cursor_of_a_light_input() -> None:
    async def pictures(kind: type[Input]) -> list[object]:
        app = Inputs(kind)
        async with app.run_test(size=(30, 4)) as pilot:
            await pilot.press("left")
            app.theme = "textual-light"
            await pilot.pause()
            return [list(strip) for strip in screen_strips(app.screen)]

    assert await pictures(LightInput) == await pictures(Input)


async def test_another_selection_ends_that_of_a_light_input() -> None:
    app = Inputs(LightInput)
    async with app.run_test(size=(30, 4)) as pilot:
        entry = app.query_one("#first", Input)
        await pilot.press("home", "shift+end")
        assert not entry.selection.is_empty
        app.screen.text_selection_started_signal.publish(app.screen)
        assert entry.selection.is_empty


class Rows(App[None]):
    """The rows of the pricing."""

    changed = 0

    def compose(self) -> ComposeResult:
        snapshot = samples.snapshot()
        values = PricingSet(params=snapshot.pricing, limits=snapshot.limits, lives=snapshot.lives).values()
        yield ValueRows(PRICING_FIELDS, values)

    def on_input_changed(self) -> None:
        self.changed += 1


async def test_a_form_styles_no_part_of_an_input_and_says_nothing_of_what_nobody_typed() -> None:
    app = Rows()
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.pause()
        entries = list(app.query_one(ValueRows).inputs.values())
        unused = [entry for entry in entries if not entry.has_focus]
        assert len(unused) > 10
        assert not [entry for entry in unused if entry._component_styles]
        assert app.changed == 0
        await pilot.press("7")
        await pilot.pause()
        assert app.changed > 0
