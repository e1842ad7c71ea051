"""What is drawn as a whole text acts on no terminal, and no dialog draws one in another way."""

import ast
from pathlib import Path

import pytest
from rich.text import Text
from textual.app import App, ComposeResult

from cockpit.model.printable import MARK
from panels.kit.rows.plain_text import PlainLabel, PlainText

ROOT = Path(__file__).parents[4]
HOSTILE = "a\x1b]52;c;eA==\x07b [red]c[/red]\u202ed\nlast"
SHOWN = f"a{MARK}]52;c;eA=={MARK}b [red]c[/red]{MARK}d\nlast"


class Drawn(App[None]):
    def compose(self) -> ComposeResult:
        yield PlainText(HOSTILE, id="text")
        yield PlainLabel(HOSTILE, id="label")


@pytest.mark.parametrize("name", ["text", "label"])
async def test_a_text_is_marked_when_it_is_made_and_when_it_changes(name: str) -> None:
    app = Drawn()
    async with app.run_test() as pilot:
        widget = app.query_one(f"#{name}", PlainText if name == "text" else PlainLabel)
        assert str(widget.content) == SHOWN
        widget.update("")
        widget.update(HOSTILE)
        await pilot.pause()
        assert str(widget.content) == SHOWN
        drawn = "".join(segment.text for line in range(4) for segment in widget.render_line(line))
        assert "[red]c[/red]" in drawn
        assert not {"\x1b", "\x07", "\u202e"} & set(drawn)
        widget.update(Text("styled"))
        assert str(widget.content) == "styled"


def test_no_other_widget_draws_a_text_as_a_whole() -> None:
    own = ROOT / "panels" / "kit" / "rows" / "plain_text.py"
    found = []
    for path in [*(ROOT / "panels").rglob("*.py"), *(ROOT / "cockpit" / "app").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
            if names & {"Static", "Label", "Markdown", "RichLog", "Log"} and path != own:
                found.append(path.name)
    assert found == []
