"""The README is short, and what it tells to type works."""

import re

from docs.make.commands import command_names
from docs.make.pictures import DOCS
from tests.docs.pages import ROOT

README = (ROOT / "README.md").read_text("utf-8")
HASHED = "python3 -m venv .venv && .venv/bin/pip install -q --require-hashes -r requirements.lock && "
INSTALL = ".venv/bin/pip install -q --no-build-isolation "
TRY = f"{HASHED}{INSTALL}--no-deps -e . && .venv/bin/cockpit sandbox"
TESTS = f"{HASHED}{INSTALL}-c constraints.txt -e '.[dev]' && .venv/bin/pytest"


def test_it_has_fewer_than_120_lines() -> None:
    assert len(README.splitlines()) < 120


def test_each_of_the_two_commands_is_all_the_set_up_there_is() -> None:
    lines = [line for line in README.splitlines() if line.startswith("python3 ")]
    assert lines == [TRY, TESTS]


def test_the_checks_run_its_line_of_tests() -> None:
    run = (ROOT / ".ci" / "run").read_text("utf-8")
    found = re.search(r"^tests=\$\(grep -E '(.+)' README\.md\)$", run, re.MULTILINE)
    assert found is not None
    assert re.findall(found[1], README, re.MULTILINE) == [TESTS]


def test_it_names_every_command() -> None:
    commands = [name for name in command_names() if name.count(" ") < 2]
    assert [name for name in commands if f"`{name}`" not in README] == []


def test_it_links_every_page() -> None:
    assert [page.name for page in DOCS.glob("*.md") if f"(docs/{page.name})" not in README] == []


def test_the_unit_starts_the_desk_with_a_settings_file() -> None:
    unit = (DOCS / "near-cockpit.service").read_text("utf-8")
    assert re.search(r"^ExecStart=\S+/cockpit desk --env-file \S+/\.env$", unit, re.MULTILINE)
