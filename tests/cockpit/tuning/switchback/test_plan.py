"""A plan: shuffled by its seed, bounded, and honest about what it can cost."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cockpit.cli.main import main
from cockpit.tuning.switchback.errors import InvalidPlanError
from cockpit.tuning.switchback.plan import WIDTHS, Plan, make_plan, plan_text, read_plan

GIVEN: dict[str, Any] = {
    "every_s": 3_600,
    "rounds": 2,
    "seed": 1,
    "max_notional_eure": Decimal(5),
    "max_fills_per_hour": 60,
    "max_cost_eure": Decimal(25),
}


def plan(**changes: Any) -> Plan:
    return make_plan(**{"widths": WIDTHS, **GIVEN, **changes})


@given(st.integers(0, 2**63 - 1), st.integers(1, 5))
def test_every_round_tries_every_width_once_in_an_order_of_the_seed(seed: int, rounds: int) -> None:
    made = plan(seed=seed, rounds=rounds, max_cost_eure=Decimal(10**6))
    order = [step.half_spread_bps for step in made.steps]
    for start in range(0, len(order), len(WIDTHS)):
        assert Counter(order[start : start + len(WIDTHS)]) == Counter(WIDTHS)
    assert made == plan(seed=seed, rounds=rounds, max_cost_eure=Decimal(10**6))
    assert read_plan(msgspec.json.encode(made).decode()) == made


def test_another_seed_gives_another_order() -> None:
    assert len({plan(seed=seed).steps for seed in range(10)}) > 5


def test_the_worst_cost_is_every_allowed_fill_at_the_narrowest_width_before_a_move_of_one_percent() -> None:
    made = plan(rounds=1)
    assert made.most_fills == 4 * 60
    assert made.worst_cost_eure == Decimal("11.40"), "240 fills of 5 EURe, each 95 bps"
    assert "worst cost 11.40 EURe: 240 fills of 5 EURe, each 95 bps" in plan_text(made)
    assert plan(rounds=1, every_s=1).most_fills == 60, "a short plan may have all fills of an hour"


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"max_notional_eure": Decimal(500)}, "at worst it costs"),
    ({"max_cost_eure": Decimal("11.15"), "rounds": 1}, "at worst it costs"),
    ({"widths": (Decimal(1), Decimal(20))}, "from 2 to 100"),
    ({"widths": (Decimal("NaN"), Decimal(20))}, "from 2 to 100"),
    ({"widths": (Decimal("7.001"), Decimal(20))}, "to 0.01"),
    ({"widths": (Decimal(20),)}, "2 to 12"),
    ({"widths": tuple(Decimal(width) for width in range(5, 19))}, "2 to 12"),
    ({"every_s": 86_400, "rounds": 4}, "at most 14 days"),
    ({"max_notional_eure": Decimal("Infinity")}, "max_notional_eure"),
    ({"max_cost_eure": Decimal(0)}, "max_cost_eure"),
)


@pytest.mark.parametrize(("changes", "named"), WRONG)
def test_a_plan_out_of_its_bounds_is_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidPlanError, match=named):
        plan(**changes)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 2}', "[" * 100_000, "\ud800", '{"seed": 1, "steps": [], "other": 1}']
)
def test_a_file_that_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(InvalidPlanError):
        read_plan(text)


def test_a_plan_that_was_changed_by_hand_is_checked_again() -> None:
    text = msgspec.json.encode(plan()).decode()
    with pytest.raises(InvalidPlanError, match="at worst it costs"):
        read_plan(text.replace('"max_notional_eure":"5"', '"max_notional_eure":"5000"'))


def run(*arguments: str) -> tuple[int, str]:
    ran = CliRunner().invoke(main, ["tune", "plan", *arguments])
    return ran.exit_code, ran.output


def test_the_command_writes_a_new_file_and_tells_the_cost(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    code, printed = run(str(file), "--widths", "20, 9.5", "--every", "60", "--seed", "7")
    assert code == 0
    assert "worst cost 2.72 EURe" in printed
    made = read_plan(file.read_text("utf-8"))
    assert {step.half_spread_bps for step in made.steps} == {Decimal(20), Decimal("9.5")}
    assert file.stat().st_mode & 0o077 == 0
    assert run(str(file))[0] == 1, "a plan that may have progress is not replaced"


def test_as_json_it_holds_the_plan_and_its_cost(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    code, printed = run(str(file), "--json")
    found = json.loads(printed)
    assert (code, found["worst_cost_eure"], found["most_fills"], found["seconds"]) == (0, "11.40", 240, 14_400)
    assert found["plan"] == json.loads(file.read_text("utf-8"))


@pytest.mark.parametrize(
    "arguments",
    [("--widths", "x"), ("--widths", "1,2"), ("--max-notional", "1e9"), ("--max-cost", "nan"), ("--every", "0")],
)
def test_the_command_refuses_what_is_no_plan(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, printed = run(str(tmp_path / "plan.json"), *arguments)
    assert code == 2
    assert "Traceback" not in printed
    assert list(tmp_path.iterdir()) == []
