"""The .env file: who can read it, what is read from it, and how its mistakes are reported."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.config.env_file import _parse, read_env_file
from cockpit.config.errors import SettingsError
from cockpit.config.settings import load
from tests.support.settings import environ

REQUIRED = "".join(f"{name}={value}\n" for name, value in environ().items() if name != "HOME")


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    path = tmp_path / "my desk.env"
    path.touch(0o600)
    return path


def problems(env_file: Path, given: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(env_file, given or {"HOME": "/home/maker"})
    return caught.value.problems


def test_the_file_applies_where_the_environment_is_silent(env_file: Path) -> None:
    env_file.write_text(REQUIRED + "STRATEGY_HALF_SPREAD_BPS=30 # wide\nexport STRATEGY_MAX_SKEW_BPS='7'\n")
    settings = load(env_file, {"HOME": "/h", "STRATEGY_HALF_SPREAD_BPS": "40", "STRATEGY_MAX_SKEW_BPS": ""})
    assert settings.half_spread_bps == 40
    assert settings.max_skew_bps == 7
    assert settings.account_id == "maker.near"


def test_a_file_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    assert load(tmp_path / ".env", environ()).account_id == "maker.near"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o601])
def test_a_file_open_to_others_is_refused_with_the_command_that_fixes_it(env_file: Path, mode: int) -> None:
    env_file.write_text(REQUIRED)
    env_file.chmod(mode)
    assert problems(env_file, environ()) == (f"{env_file} can be read by other users; run chmod 600 '{env_file}'",)
    env_file.chmod(0o600)
    assert load(env_file, {"HOME": "/h"}).account_id == "maker.near"


def test_what_cannot_be_read_as_a_file_is_refused(env_file: Path, tmp_path: Path) -> None:
    assert problems(tmp_path, environ()) == (f"{tmp_path} is not a regular file",)
    env_file.write_bytes(b"NEAR_INTENTS_API_KEY=\xff\xfe\n")
    assert problems(env_file, environ()) == (f"{env_file} is not UTF-8 text",)


def test_other_programs_lines_are_left_alone(env_file: Path) -> None:
    env_file.write_text(f"{REQUIRED}TRADING_ETH_WITHDRAW_ADDRESS=0x1\nDATABASE_URL=x\n# this is no line\nDEBUG\n")
    assert load(env_file, {"HOME": "/h"}).account_id == "maker.near"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NEAR_INTENT_API_KEY", "NEAR_INTENTS_API_KEY"),
        ("NEAR_INTENTS_APIKEY", "NEAR_INTENTS_API_KEY"),
        ("near_intents_account_id", "NEAR_INTENTS_ACCOUNT_ID"),
        ("STRATEGY_MAX_NOTIONAL_EUR", "STRATEGY_MAX_NOTIONAL_EURE"),
        ("STRATEGY_MAX_NOTOINAL_EURE", "STRATEGY_MAX_NOTIONAL_EURE"),
        ("COCKPIT_STATE_DIT", "COCKPIT_STATE_DIR"),
    ],
)
def test_a_misspelt_name_gets_a_hint_without_its_value(env_file: Path, written: str, meant: str) -> None:
    env_file.write_text(f"{REQUIRED}{written}=hunter2\n")
    assert problems(env_file) == (f"{env_file}, line 4: {written} is not a setting; did you mean {meant}?",)


def test_a_broken_line_of_ours_is_named_by_its_number_only(env_file: Path) -> None:
    env_file.write_text(REQUIRED + 'STRATEGY_MAX_NOTIONAL_EURE="hunter2\nCOCKPIT_PAINT_HZ=2\n')
    assert problems(env_file) == (f"{env_file}, line 4: cannot read STRATEGY_MAX_NOTIONAL_EURE; check its quotes",)


@pytest.mark.parametrize(
    "line",
    [
        "STRATEGY_MAX_NOTIONAL_EURE: 2",
        "STRATEGY_MAX_NOTIONAL_EURE:2",
        "STRATEGY_MAX_NOTIONAL_EURE 2",
        "STRATEGY_MAX_NOTIONAL_EURE",
        "export STRATEGY_MAX_NOTIONAL_EURE",
        "set STRATEGY_MAX_NOTIONAL_EURE=2",
        "setenv STRATEGY_MAX_NOTIONAL_EURE 2",
        "- STRATEGY_MAX_NOTIONAL_EURE=2",
        "  - STRATEGY_MAX_NOTIONAL_EURE: 2",
        "STRATEGY_MAX_NOTIONAL_EURE <- 2",
    ],
)
def test_a_setting_that_is_not_written_with_an_equals_sign_is_an_error(env_file: Path, line: str) -> None:
    env_file.write_text(REQUIRED + line + "\n")
    (problem,) = problems(env_file)
    assert problem.startswith(f"{env_file}, line 4: ")
    assert problem.endswith("STRATEGY_MAX_NOTIONAL_EURE; write STRATEGY_MAX_NOTIONAL_EURE=value") or (
        "has no value; write STRATEGY_MAX_NOTIONAL_EURE=value" in problem
    )


@pytest.mark.parametrize("line", ["hunter2 is no line", "if true; then", "a-b: hunter2", "=hunter2", "{", 'X="hunter2'])
def test_a_line_that_is_not_understood_is_an_error_that_quotes_nothing(env_file: Path, line: str) -> None:
    env_file.write_text(REQUIRED + line + "\n")
    (problem,) = problems(env_file)
    assert problem == f"{env_file}, line 4: not understood; expected NAME=value, or # before a comment"


def test_an_unclosed_quote_of_another_program_does_not_take_our_line_along(env_file: Path) -> None:
    env_file.write_text(f'{REQUIRED}OTHER="open\nSTRATEGY_MAX_NOTIONAL_EURE=2\nLAST="\n')
    found = problems(env_file)
    assert f"{env_file}, line 4: the value of OTHER goes on over the next line" in found[0]
    assert "STRATEGY_MAX_NOTIONAL_EURE" in found[0]


@given(st.text(alphabet="AB_=:\"' #\n\\$-2", max_size=40))
def test_no_text_hides_a_setting(text: str) -> None:
    path = Path("any.env")
    found = _parse(io.StringIO(f"{text}\nNAME_OF_OURS: 2\n", newline=None), path, ["NAME_OF_OURS"])
    assert found.problems


def test_a_value_is_taken_as_it_stands(env_file: Path) -> None:
    env_file.write_text("NEAR_INTENTS_API_KEY=a${HOME}b$c\n")
    found = read_env_file(env_file, ["NEAR_INTENTS_API_KEY"])
    assert found.values == {"NEAR_INTENTS_API_KEY": "a${HOME}b$c"}
