"""The page of security names a test for everything that it says of a peer."""

import re

import pytest

from docs.make.pictures import DOCS
from tests.docs.pages import ROOT

PAGE = (DOCS / "security.md").read_text("utf-8")
TESTED, _, OPEN = PAGE.partition("\n## What stays open\n")
ROWS = [line for line in TESTED.splitlines() if line.startswith("| ") and " tests |" not in line]
_TEST = re.compile(r"`(test_\w+)` in \[(tests/[\w/]+\.py)\]")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(cell.strip() for cell in row.split("|")[1:3])[:60])
def test_each_row_names_tests_of_the_suite(row: str) -> None:
    tests = _TEST.findall(row.split("|")[-2])
    assert tests
    for name, path in tests:
        assert re.search(rf"^(?:async )?def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), name


def test_every_peer_of_the_desk_has_a_row() -> None:
    peers = {row.split("|")[1].strip() for row in ROWS if row.count("|") == 5}
    assert peers >= {"Relay", "NEAR RPC", "PoA and Omni bridge", "Exchange", "SHIELD, status page", "Operator", "Shell"}
    assert peers >= {"Terminal", "Disk, database", "Clock", "Machine", "Dependency", "Other user of the machine"}


def test_what_stays_open_is_said() -> None:
    assert "What the code does not do yet" in OPEN
    assert "What no code of the desk can do" in OPEN
