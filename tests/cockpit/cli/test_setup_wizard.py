"""The first start without settings: by asking, checked, never over a file, and nothing is left of half a one."""

import os
from contextlib import suppress
from pathlib import Path

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.cli.errors import SettingsFileError
from cockpit.cli.setup_wizard import (
    NEXT,
    NOTHING_WRITTEN,
    WELCOME,
    first_run,
    fitted,
    problem,
    run_wizard,
    unconfigured,
    write,
)
from cockpit.config.settings import load
from tests.support.processes.processes import bare_environment
from tests.support.processes.terminal import Terminal

KEY = f"ed25519:{'1' * 32}"
BTC = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"


def run(directory: Path, *answers: str) -> tuple[str, list[str], list[bool]]:
    shown: list[str] = []
    hidden: list[bool] = []
    waiting = iter(answers)

    def ask(_question: str, hide: bool) -> str:
        hidden.append(hide)
        return next(waiting)

    return first_run(directory, ask, shown.append), shown, hidden


def test_a_file_is_written_that_the_settings_take(short_dir: Path) -> None:
    chosen, shown, hidden = run(
        short_dir, "x", "2", "", "to#ken'$x", "Maker.near", "maker.near", "ed25519:no", KEY, BTC, ""
    )
    assert chosen == "written"
    assert hidden == [False, False, True, True, False, False, True, True, False, False]
    assert any("NEAR_INTENTS_ACCOUNT_ID: expected a NEAR account id" in text for text in shown)
    assert not any("to#ken" in text or KEY in text or "ed25519:no" in text for text in shown)
    path = short_dir / ".env"
    assert path.stat().st_mode & 0o777 == 0o600
    found = load(path, {"HOME": str(short_dir)})
    assert found.account_id == "maker.near"
    assert found.api_key.reveal() == "to#ken'$x"
    assert found.btc_withdraw_address == BTC
    assert [entry.name for entry in short_dir.iterdir()] == [".env"]


def test_each_question_says_which_it_is_and_one_can_go_back(short_dir: Path) -> None:
    asked: list[str] = []
    answers = iter(("2", "<", "first", "<", "second", "maker.near", KEY, "<", KEY, "", ""))

    def ask(question: str, hide: bool) -> str:
        asked.append(question.partition(" ")[0])
        return next(answers)

    assert first_run(short_dir, ask, lambda _: None) == "written"
    assert asked[1:] == ["1/5", "1/5", "2/5", "1/5", "2/5", "3/5", "4/5", "3/5", "4/5", "5/5"]
    assert load(short_dir / ".env", {"HOME": str(short_dir)}).api_key.reveal() == "second"


def test_no_file_is_overwritten_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("mine")
    with pytest.raises(SettingsFileError, match=NOTHING_WRITTEN):
        run(tmp_path, "2", "token", "maker.near", KEY, "", "")
    assert (tmp_path / ".env").read_text() == "mine"
    (tmp_path / ".env").unlink()
    with pytest.raises(StopIteration):
        run(tmp_path, "2", "token", "maker.near")
    assert list(tmp_path.iterdir()) == []
    assert run(tmp_path, "1")[0] == "sandbox"
    assert run(tmp_path, "q")[0] == "nothing"
    assert list(tmp_path.iterdir()) == []


def test_a_first_start_is_one_without_file_and_without_credentials(tmp_path: Path) -> None:
    assert unconfigured(tmp_path, {"COCKPIT_THEME": "light"})
    assert not unconfigured(tmp_path, {"NEAR_INTENTS_API_KEY": "t"})
    (tmp_path / ".env").touch()
    assert not unconfigured(tmp_path, {})


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60))
def test_any_token_that_the_settings_accept_is_read_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory, token: str
) -> None:
    assert problem("NEAR_INTENTS_API_KEY", token) == ""
    path = tmp_path_factory.mktemp("env") / ".env"
    write(
        path,
        {"NEAR_INTENTS_API_KEY": token, "NEAR_INTENTS_ACCOUNT_ID": "x.near", "NEAR_INTENTS_SIGNER_PRIVATE_KEY": KEY},
    )
    assert load(path, {"HOME": "/"}).api_key.reveal() == token


def test_an_interrupted_wizard_reports_that_nothing_was_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_args: object, **_options: object) -> str:
        raise click.Abort

    monkeypatch.setattr(click, "prompt", interrupt)
    with pytest.raises(click.Abort):
        run_wizard(tmp_path)
    assert capsys.readouterr().err.strip() == NOTHING_WRITTEN
    assert list(tmp_path.iterdir()) == []


async def test_in_a_terminal_secrets_are_not_echoed_and_ctrl_c_leaves_nothing(short_dir: Path) -> None:
    terminal = Terminal((), short_dir, bare_environment(HOME=str(short_dir)))
    try:
        await terminal.shows("There are no settings here")
        terminal.press("2", "enter")
        await terminal.shows("Bearer token")
        terminal.press("hunter2", "enter")
        await terminal.shows("NEAR account that holds")
        assert "hunter2" not in terminal.text
        # Pressed while the echo is being switched back on, a key may be thrown away with what was typed ahead.
        terminal.press("ctrl+c")
        with suppress(AssertionError):
            await terminal.ended(10)
        if terminal.process.poll() is None:
            terminal.press("ctrl+c")
        assert await terminal.ended() == 1
        assert os.listdir(short_dir) == []
    finally:
        terminal.close()


@pytest.mark.parametrize("width", [24, 40, 50, 80, 200])
def test_a_narrow_terminal_breaks_no_word(width: int) -> None:
    text = WELCOME + NEXT.format(path="/home/op/.env")
    shown = fitted(text, width)
    assert shown.split() == text.split()
    assert all(len(line) < width or " " not in line.strip() for line in shown.splitlines())


def test_what_goes_on_stands_under_its_choice() -> None:
    lines = fitted(WELCOME, 50).splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("  1  "))
    assert lines[first + 1].startswith(" " * 5)
    assert lines[first + 1][5] != " "
