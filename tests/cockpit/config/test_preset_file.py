"""The operator's own presets: a section each, checked value by value; the built-in ones are always there."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.config.preset_file import BUILT_IN, MOST_PRESETS, read_presets
from cockpit.config.pricing_presets import PRESETS
from cockpit.model.commands import Limits, PriceParams
from cockpit.model.pricing.pricing_set import PRICING_FIELDS, PRICING_LIMITS, PricingSet, QuoteLives

NOW = PricingSet(params=PriceParams(), limits=Limits(), lives=QuoteLives())


def written(directory: Path, text: str, mode: int = 0o600) -> str:
    path = directory / "presets.toml"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_the_built_in_ones_are_those_of_the_settings_and_valid() -> None:
    assert BUILT_IN.keys() == PRESETS.keys()
    for values in BUILT_IN.values():
        wanted, problems = NOW.changed(values)
        assert (wanted is not None, problems) == (True, ())
    assert read_presets(()).values == {name: dict(values) for name, values in BUILT_IN.items()}


def test_every_value_of_the_set_is_in_the_form() -> None:
    names = {field.name for field in PRICING_FIELDS}
    assert names == {*PriceParams.__struct_fields__, *QuoteLives.__struct_fields__, *PRICING_LIMITS}
    assert list(NOW.values()) == [field.name for field in PRICING_FIELDS]


def test_the_first_file_that_exists_adds_its_sections(tmp_path: Path) -> None:
    file = written(tmp_path, '[quiet]\nhalf_spread_bps = 9.5\nvol_factor = "0.25"\nquote_deadline_ms = 2000\n', 0o644)
    found = read_presets((str(tmp_path / "missing.toml"), file))
    assert found.problems == ()
    assert found.values["quiet"] == {"half_spread_bps": "9.5", "vol_factor": "0.25", "quote_deadline_ms": "2000"}
    assert found.values.keys() == {*BUILT_IN, "quiet"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[quiet", "not TOML"),
        ("[quiet]\nspread = 9", "spread: not a value of pricing"),
        ("[quiet]\nhalf_spread_bps = true", "half_spread_bps: expected a number"),
        ("[quiet]\nhalf_spread_bps = nan", "half_spread_bps: expected a number"),
        ('[quiet]\nhalf_spread_bps = "wide"', "half_spread_bps: expected a number"),
        ("[quiet]\nhalf_spread_bps = [9]", "half_spread_bps: expected a number"),
        (f"[quiet]\nhalf_spread_bps = {'9' * 60}", "half_spread_bps: expected a number"),
        ("[quiet]", "expected a section of values"),
        ("quiet = 9", "expected a section of values"),
        ("[fixed]\nhalf_spread_bps = 9", "a preset's name is"),
        ('["b\\u001bd"]\nhalf_spread_bps = 9', "[b?d]: a preset's name is"),
    ],
)
def test_a_preset_with_a_problem_is_left_out_and_named(tmp_path: Path, text: str, problem: str) -> None:
    found = read_presets((written(tmp_path, text),))
    assert found.values.keys() == BUILT_IN.keys()
    assert any(problem in one for one in found.problems), found.problems


def test_a_file_that_others_may_change_is_not_read(tmp_path: Path) -> None:
    found = read_presets((written(tmp_path, "[quiet]\nhalf_spread_bps = 9", 0o666),))
    assert found.values.keys() == BUILT_IN.keys()
    assert "can be changed by other users" in found.problems[0]


def test_there_are_not_endlessly_many(tmp_path: Path) -> None:
    found = read_presets((written(tmp_path, "".join(f"[p{n}]\nhalf_spread_bps = 9\n" for n in range(99))),))
    assert len(found.values) == MOST_PRESETS + len(BUILT_IN)
    assert "more than" in found.problems[-1]


@given(st.text(max_size=80))
def test_whatever_is_in_the_file_what_is_read_can_be_shown(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    found = read_presets((written(tmp_path_factory.mktemp("presets"), text.encode("utf-8", "replace").decode()),))
    assert found.values.keys() >= BUILT_IN.keys()
    assert all(problem.isprintable() for problem in found.problems)
