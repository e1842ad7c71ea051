"""`cockpit pricing`: shown, previewed before it is taken, and never changed without a yes."""

import json
from pathlib import Path

import pytest

from cockpit.cli.common import DONE, REFUSED, UNKNOWN
from cockpit.cli.operate.pricing import GIVE_YES, NOT_CHANGED, UNTIL_RESTART
from cockpit.model.pricing.preview_text import NO_REQUESTS, preview_lines
from tests.support.cockpit import samples
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.processes.command import run

VERBS = [("strategy-engine", "preview"), ("strategy-engine", "pricing")]


def test_without_a_change_it_prints_what_is_in_force_and_the_presets(desk: FakeDesk, tmp_path: Path) -> None:
    there = ("--socket", str(desk.path))
    ran = run("pricing", *there, cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (DONE, "")
    assert "half_spread_bps" in ran.stdout
    assert "preset fixed: half_spread_bps=20" in ran.stdout
    found = json.loads(run("pricing", "--json", *there, cwd=tmp_path).stdout)
    assert set(found) == {"values", "presets", "problems"}
    assert desk.verbs() == []


def test_a_change_is_previewed_and_then_taken_with_the_same_values(desk: FakeDesk, tmp_path: Path) -> None:
    given = ("pricing", "half_spread_bps=8", "max_notional_eure=9", "--preset", "quiet", "--socket", str(desk.path))
    refused = run(*given, cwd=tmp_path)
    assert refused.returncode == REFUSED
    assert f"{NOT_CHANGED} {GIVE_YES}" in refused.stderr
    looked = run(*given, "--preview", cwd=tmp_path)
    assert looked.returncode == DONE
    assert desk.verbs() == [VERBS[0]] * 2
    for words in ("30 (75.0 %) → 40 (100.0 %)", "21.5 bps → 8.25 bps", "edge too thin  10 (25.0 %) → 0 (0.0 %)"):
        assert words in looked.stdout
    taken = run(*given, "--yes", cwd=tmp_path)
    assert taken.returncode == DONE
    assert UNTIL_RESTART in taken.stdout
    assert desk.verbs()[-2:] == VERBS
    bodies = [desk.bodies(verb)[-1] for _, verb in VERBS]
    for body in bodies:
        assert {name: body[name] for name in ("half_spread_bps", "max_notional_eure", "preset")} == {
            "half_spread_bps": "8",
            "max_notional_eure": "9",
            "preset": "quiet",
        }
    found = json.loads(run(*given, "--yes", "--json", cwd=tmp_path).stdout)
    assert found["accepted"] is True
    assert found["preview"]["after"]["quoted"] == 40


def test_what_the_desk_refuses_is_not_sent(desk: FakeDesk, tmp_path: Path) -> None:
    desk.previewing = lambda body: desk.result("preview pricing", False, "half_spread_bps must be from 0 to 5000")
    ran = run("pricing", "half_spread_bps=9999", "--yes", "--socket", str(desk.path), cwd=tmp_path)
    assert (ran.returncode, desk.verbs()) == (REFUSED, [VERBS[0]])
    assert "from 0 to 5000" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("half_spread_bps",), "expected NAME=VALUE"),
        (("half_spread_bps=",), "expected NAME=VALUE"),
        (("spread=8",), "spread is not a value of pricing"),
        (("vol_factor=1", "vol_factor=2"), "given twice"),
        (("--yes",), "need a change"),
    ],
)
def test_what_cannot_be_meant_is_named(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    ran = run("pricing", *arguments, cwd=tmp_path)
    assert ran.returncode == 2
    assert words in ran.stderr


def test_without_a_desk_nothing_is_known(tmp_path: Path) -> None:
    ran = run("pricing", cwd=tmp_path)
    assert ran.returncode == UNKNOWN
    assert "No desk is running" in ran.stderr


def test_a_preview_of_nothing_says_so() -> None:
    import msgspec

    empty = msgspec.structs.replace(samples.pricing_preview({}), requests=0)
    assert preview_lines(empty) == [NO_REQUESTS]
