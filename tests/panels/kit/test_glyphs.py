"""Every glyph on the screen is one cell wide, for the library that lays it out and for the terminal that draws it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from rich.cells import cell_len
from wcwidth import wcwidth

from panels.dialogs.funds.qr import qr_lines
from panels.kit.drawing.canvas import BLANK

ROOT = Path(__file__).parents[3]
SOURCES = sorted(path for folder in ("panels", "cockpit") for path in (ROOT / folder).rglob("*.py"))


def drawn(path: Path) -> Iterator[str]:
    """The characters beyond ASCII in a module's texts, its docstrings apart."""
    source = path.read_text("utf-8")
    if source.isascii() and not any(escape in source for escape in ("\\u", "\\U", "\\x", "\\N")):
        return
    tree = ast.parse(source)
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from (letter for letter in node.value if not letter.isascii())


@cache
def glyphs() -> frozenset[str]:
    # Not when the module is imported: every process of the tests imports it.
    return frozenset(glyph for path in SOURCES for glyph in drawn(path))


def test_the_glyphs_were_found() -> None:
    assert {"●", "○", "◐", "✓", "✗", "▲", "▼", "━", "…", "◌", "▁", "█"} <= glyphs()


def test_a_glyph_takes_one_cell() -> None:
    every = [*glyphs(), *(chr(BLANK + dots) for dots in (0, 0x47, 0xFF))]
    wide = [f"U+{ord(glyph):04X}" for glyph in every if cell_len(glyph) != 1 or wcwidth(glyph) != 1]
    assert not wide


def test_a_code_is_as_wide_as_it_is_long() -> None:
    lines = qr_lines("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")
    assert len({cell_len(line) for line in lines}) == 1
