"""The example of the page is a scenario that plays to its end, and shows every entry of a step."""

import io
import re
from pathlib import Path
from typing import Any

from venue.sandbox.config import VenueConfig
from venue.sandbox.scenario.model import ACTIONS, FLOW
from venue.sandbox.scenario.reading import read_scenario
from venue.sandbox.virtual.playing import play

PAGE = Path(__file__).parents[4] / "docs" / "sandbox.md"


def example() -> str:
    (found,) = re.findall(r"```toml\n(name = .*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return str(found)


def test_the_example_plays_to_its_end() -> None:
    scenario = read_scenario(example())
    found = play(VenueConfig(**scenario.settings()), scenario, io.BytesIO())
    state: Any = found.state
    assert state["scenario"]["problems"] == []
    assert state["scenario"]["done"] == state["scenario"]["events"]
    assert state["failures"] == 0


def test_the_page_shows_every_entry_of_a_step_and_every_setting_of_the_flow() -> None:
    text = example()
    assert [name for name in (*ACTIONS, "note", "for_s") if not re.search(rf"^{name} = ", text, re.MULTILINE)] == []
    page = PAGE.read_text("utf-8")
    assert [name for name in (*ACTIONS, *FLOW) if f"`{name}`" not in page] == []
