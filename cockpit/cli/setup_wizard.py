"""The first start without settings: offers the sandbox, or asks for the settings and writes their file."""

import contextlib
import os
import re
import shutil
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import click
import msgspec

from cockpit.cli.errors import SettingsFileError
from cockpit.config.env_file import read_env_file
from cockpit.config.errors import SettingsError
from cockpit.config.settings import NAMES, SECRET_NAMES, load
from cockpit.model.printable import printable
from cockpit.processes.echo import echo

Choice = Literal["sandbox", "written", "nothing"]
CREDENTIALS = ("NEAR_INTENTS_API_KEY", "NEAR_INTENTS_ACCOUNT_ID", "NEAR_INTENTS_SIGNER_PRIVATE_KEY")
WELCOME = """There are no settings here: no .env in this directory, and none in the environment.

  1  try the sandbox: a venue on this machine, without key, money or network
  2  write a .env for a real account; five questions, of which < goes back one
  q  quit; nothing is written
"""
NEXT = """{path} written; only you can read it. Next:

  cockpit check    checks everything that arming needs; arms nothing
  cockpit          starts the desk, disarmed, and shows the cockpit

All other settings have defaults: see .env.example. For the first live quote: see docs/runbook.md."""
BACK = "<"
_START = re.compile(r"  \w+(?: \w+)?  +")
"""What stands before the text of a line that offers or lists something."""
NOTHING_WRITTEN = "Nothing was written."
PLACEHOLDERS: Mapping[str, str] = {
    "NEAR_INTENTS_API_KEY": "x",
    "NEAR_INTENTS_ACCOUNT_ID": "x.near",
    "NEAR_INTENTS_SIGNER_PRIVATE_KEY": f"ed25519:{'1' * 32}",
    "COCKPIT_STATE_DIR": "/",
    "COCKPIT_MARKETS_FILE": "none",
}
"""Valid values, so that one setting can be checked before the others are known."""


class SettingQuestion(msgspec.Struct, frozen=True):
    """One value to ask for; ``needed`` ones are asked for until they are given."""

    name: str
    text: str
    needed: bool = True

    @property
    def secret(self) -> bool:
        return self.name in SECRET_NAMES


QUESTIONS = (
    SettingQuestion("NEAR_INTENTS_API_KEY", "Bearer token of the Solver Relay (hidden)"),
    SettingQuestion("NEAR_INTENTS_ACCOUNT_ID", "NEAR account that holds the balances"),
    SettingQuestion("NEAR_INTENTS_SIGNER_PRIVATE_KEY", "Private key that signs the quotes, ed25519:… (hidden)"),
    SettingQuestion("TRADING_BTC_WITHDRAW_ADDRESS", "BTC withdrawal address (empty: none)", needed=False),
    SettingQuestion("TRADING_EURE_WITHDRAW_ADDRESS", "EURe withdrawal address (empty: none)", needed=False),
)

Ask = Callable[[str, bool], str]
"""Takes the question and whether the answer is hidden; gives the answer."""


def unconfigured(directory: Path, environ: Mapping[str, str]) -> bool:
    return not (directory / ".env").exists() and not any(environ.get(name, "").strip() for name in CREDENTIALS)


def problem(name: str, value: str) -> str:
    """Return why the settings refuse this value, without quoting it; empty if they accept it."""
    try:
        load(None, {**PLACEHOLDERS, name: value})
    except SettingsError as error:
        return next((found for found in error.problems if found.startswith(name)), "")
    return ""


def run_wizard(directory: Path) -> Choice:
    """Run the wizard in this terminal; exits with 1 and one sentence if it writes nothing."""

    def ask(question: str, hidden: bool) -> str:
        return str(click.prompt(question, default="", show_default=False, hide_input=hidden))

    def say(text: str) -> None:
        echo(fitted(text, shutil.get_terminal_size().columns))

    try:
        return first_run(directory, ask, say)
    except SettingsFileError as exc:
        raise click.ClickException(printable(str(exc))) from None
    except click.Abort:
        echo(f"\n{NOTHING_WRITTEN}", err=True)
        raise


def fitted(text: str, width: int) -> str:
    """Break lines between words, so that the terminal breaks none; what goes on stands under what it belongs to."""
    lines = []
    for line in text.splitlines():
        start = _START.match(line)
        indent = "" if start is None else " " * start.end()
        fill = textwrap.TextWrapper(
            width=max(20, width - 1), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        lines += fill.wrap(line) or [""]
    return "\n".join(lines)


def first_run(directory: Path, ask: Ask, say: Callable[[str], None]) -> Choice:
    """Offer sandbox and settings. Interrupted questions leave no file behind. Raises SettingsFileError."""
    say(WELCOME)
    while (chosen := ask("1, 2 or q", False).strip().lower()) not in ("1", "2", "q"):
        say("Type 1, 2 or q.")
    if chosen == "1":
        return "sandbox"
    if chosen == "q":
        return "nothing"
    values = _answers(ask, say)
    path = directory / ".env"
    write(path, {name: value for name, value in values.items() if value})
    say(NEXT.format(path=path))
    return "written"


def _answers(ask: Ask, say: Callable[[str], None]) -> dict[str, str]:
    values: dict[str, str] = {}
    number = 0
    while number < len(QUESTIONS):
        question = QUESTIONS[number]
        value = _answer(question, f"{number + 1}/{len(QUESTIONS)} {question.text}", ask, say)
        if value == BACK:
            number = max(0, number - 1)
        else:
            values[question.name] = value
            number += 1
    return values


def _answer(question: SettingQuestion, text: str, ask: Ask, say: Callable[[str], None]) -> str:
    while True:
        value = ask(text, question.secret).strip()
        if value == BACK or (not value and not question.needed):
            return value
        wrong = problem(question.name, value) if value else f"{question.name} is required"
        if not wrong:
            return value
        say(wrong)


def write(path: Path, values: Mapping[str, str]) -> None:
    """Write the settings, mode 0600, completely or not at all, never over a file. Raises SettingsFileError."""
    lines = "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())
    part = path.with_name(f".env.{os.getpid()}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            file.write(lines)
            file.flush()
            os.fsync(handle)
        if read_env_file(part, NAMES.keys()).values != dict(values):
            raise SettingsFileError(f"a value cannot be stored in a settings file. {NOTHING_WRITTEN}")
        os.link(part, path)  # Unlike a rename, this fails when the file is there.
    except FileExistsError:
        raise SettingsFileError(f"{path} exists already. {NOTHING_WRITTEN}") from None
    except OSError as error:
        raise SettingsFileError(f"cannot write {path}: {error.strerror}. {NOTHING_WRITTEN}") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
