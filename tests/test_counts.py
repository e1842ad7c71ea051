"""One helper counts things in sentences (`counted`), so that no text says "1 fills"."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.model.formatting import counted

ROOT = Path(__file__).parents[1]
NOUNS = (
    "accounts|addresses|alarms|alerts|balances|blocks|candidates|checks|clients|cockpits|columns|commands|days|"
    "decisions|deposits|desks|endpoints|events|faults|figures|files|fills|frames|hours|interlocks|legs|limits|lines|"
    "markets|messages|minutes|nonces|notes|operators|orders|parts|pips|points|quotes|requests|rivals|rounds|rows|"
    "seconds|settings|sources|takers|targets|terms|tokens|trades|widths|withdrawals|words"
)
ADJECTIVES = "actionable|base|credited|dated|dry|ended|live|new|open|other|pending|recorded|router|venue"
NAMED = re.compile(rf" (?:(?:{ADJECTIVES}) )?(?:{NOUNS})\b(?! of )")
RECORDED = {
    "cockpit/desk/risk/trading_state.py",  # The reason of a halt stands in recorded decisions.
    "venue/reference/composite.py",  # As does why there is no price.
}
FILES = sorted(
    path
    for folder in ("cockpit", "panels", "storage", "venue")
    for path in (ROOT / folder).rglob("*.py")
    if path.relative_to(ROOT).as_posix() not in RECORDED
)


def is_bound(value: ast.expr) -> bool:
    """Whether the value is a constant, whose noun cannot be wrong, or counted by the helper."""
    match value:
        case ast.Constant():
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.isupper() or name == "symbol"
        case ast.BinOp(left=left, right=right):
            return is_bound(left) and is_bound(right)
        case ast.Call(func=ast.Name(id="counted")):
            return True
        case _:
            return False


def counts_by_hand(tree: ast.AST) -> Iterator[int]:
    """Return the lines where a number stands before a noun in the plural, or an s depends on a number."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            before = ""
            for part, after in zip(node.values, [*node.values[1:], None], strict=True):
                if isinstance(part, ast.Constant):
                    before = str(part.value)
                elif isinstance(part, ast.FormattedValue):
                    fraction = part.format_spec is not None and "f" in ast.unparse(part.format_spec)[2:]
                    named = isinstance(after, ast.Constant) and NAMED.match(str(after.value))
                    if named and not fraction and not before.endswith("of ") and not is_bound(part.value):
                        yield node.lineno
                    before = ""
        elif isinstance(node, ast.IfExp):
            either = {str(one.value) for one in (node.body, node.orelse) if isinstance(one, ast.Constant)}
            counting = isinstance(node.test, ast.Compare) and "1" in ast.unparse(node.test.comparators[0])
            if counting and (either == {"", "s"} or any(f"{one}s" in either for one in either - {""})):
                yield node.lineno


def test_one_is_counted_as_one() -> None:
    assert counted(1, "fill") == "1 fill"
    assert counted(0, "fill") == "0 fills"
    assert counted(2_000, "fill") == "2,000 fills"
    assert counted(1, "quote expires", "quotes expire") == "1 quote expires"
    assert counted(2, "quote expires", "quotes expire") == "2 quotes expire"


@pytest.mark.parametrize(
    "text",
    [
        'f"{count} fills"',
        'f"{count:,} live quotes may settle"',
        'f"{len(rows)} rows copied"',
        "f\"quote{'' if count == 1 else 's'}\"",
        '"run" if count == 1 else "runs"',
    ],
)
def test_counting_by_hand_is_found(text: str) -> None:
    assert list(counts_by_hand(ast.parse(text))) == [1]


@pytest.mark.parametrize(
    "text",
    ['f"at most {MOST} characters and {MOST} rows"', 'f"{passed} of {total} checks passed"', 'f"{days:.1f} days"'],
)
def test_what_cannot_be_wrong_is_left_alone(text: str) -> None:
    assert list(counts_by_hand(ast.parse(text))) == []


def test_no_sentence_counts_by_hand() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): lines
        for path in FILES
        if (lines := sorted(set(counts_by_hand(ast.parse(path.read_text("utf-8"))))))
    }
    assert found == {}
