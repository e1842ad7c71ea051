"""The shape of the tree: small packages of one subject, one name for one thing, tests that keep to their own folder."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = ("cockpit", "panels", "venue", "storage")
PACKAGES = sorted(init.parent for folder in CODE for init in (ROOT / folder).rglob("__init__.py"))
IN_ANY_PACKAGE = {"__init__.py", "__main__.py", "errors.py", "messages.py"}
MAX_MODULES = 14
LARGER = {"cockpit/cli": 17}
"""One file a command."""
SANDBOX = "venue/sandbox/"
"""Plays the other side of every wire, so that its classes may be named as their counterparts on ours."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def public_classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for folder in CODE:
        for path in (ROOT / folder).rglob("*.py"):
            for node in tree(path).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    yield name_of(path), node


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_tests_import_others_only_from_support_and_their_own_folder() -> None:
    strange = [
        (name_of(path), module)
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for module in imported(path)
        if module.startswith("tests.")
        and not module.startswith("tests.support")
        and module.rpartition(".")[0] != name_of(path.parent).replace("/", ".")
    ]
    assert strange == []


def test_each_package_says_in_one_sentence_what_is_in_it() -> None:
    texts = {name_of(package): ast.get_docstring(tree(package / "__init__.py")) or "" for package in PACKAGES}
    one_sentence = re.compile(r"(?!.*[a-z`)]\. [A-Z])[^\n]+\.")
    assert {
        name: text for name, text in texts.items() if not one_sentence.fullmatch(text) or len(text.split()) < 4
    } == {}


def test_a_package_has_a_dozen_modules_or_so_at_most() -> None:
    counts = {
        name_of(package): sum(path.name not in IN_ANY_PACKAGE for path in package.glob("*.py")) for package in PACKAGES
    }
    assert {name: count for name, count in counts.items() if count > LARGER.get(name, MAX_MODULES)} == {}


def test_no_public_class_has_the_name_of_another() -> None:
    places = defaultdict(list)
    for path, node in public_classes():
        places[node.name].append(path)
    counterparts = {name for name, paths in places.items() if sum(path.startswith(SANDBOX) for path in paths) == 1}
    allowed = {name: 2 if name in counterparts else 1 for name in places}
    assert {name: sorted(paths) for name, paths in places.items() if len(paths) > allowed[name]} == {}


def test_public_exceptions_end_in_error() -> None:
    bases = {node.name: [ast.unparse(base).rpartition(".")[2] for base in node.bases] for _, node in public_classes()}

    def is_exception(name: str) -> bool:
        if name not in bases:
            return name in ("Exception", "BaseException") or name.endswith("Error")
        return any(is_exception(base) for base in bases[name])

    assert [name for name in bases if is_exception(name) and not name.endswith("Error")] == []
