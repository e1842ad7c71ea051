"""The first start without any setting: the sandbox, or a settings file written by asking for what it needs."""

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from cockpit.config.env_file import read_env_file
from cockpit.config.settings import NAMES, SECRET_NAMES, SettingsError, load

Choice = Literal["sandbox", "written", "nothing"]
CREDENTIALS = ("NEAR_INTENTS_API_KEY", "NEAR_INTENTS_ACCOUNT_ID", "NEAR_INTENTS_SIGNER_PRIVATE_KEY")
WELCOME = """There are no settings here: no .env in this directory, and none in the environment.

  1  rehearse in the sandbox: a venue of its own on this machine, no key, no money, no network
  2  write a .env for a real account, by answering five questions
  q  neither; nothing is written
"""
NEXT = """{path} is written, readable by you alone. What comes next:

  cockpit check    looks at everything that arming would want, and arms nothing
  cockpit          the desk and its cockpit; it starts disarmed

Every other setting has a default; .env.example explains them, docs/runbook.md the way to the first live quote."""
STAND_INS: Mapping[str, str] = {
    "NEAR_INTENTS_API_KEY": "x",
    "NEAR_INTENTS_ACCOUNT_ID": "x.near",
    "NEAR_INTENTS_SIGNER_PRIVATE_KEY": f"ed25519:{'1' * 32}",
    "COCKPIT_STATE_DIR": "/",
}
"""Settings that hold by themselves, so that one value can be judged before the others are known."""


class SettingQuestion(msgspec.Struct, frozen=True):
    """One value to ask for; ``needed`` ones are asked for until they are given."""

    name: str
    text: str
    needed: bool = True

    @property
    def secret(self) -> bool:
        """Whether it must not be seen while it is typed."""
        return self.name in SECRET_NAMES


QUESTIONS = (
    SettingQuestion("NEAR_INTENTS_API_KEY", "Bearer token of the solver relay (not shown)"),
    SettingQuestion("NEAR_INTENTS_ACCOUNT_ID", "NEAR account that holds the balances"),
    SettingQuestion("NEAR_INTENTS_SIGNER_PRIVATE_KEY", "Key that signs the quotes, ed25519:… (not shown)"),
    SettingQuestion("TRADING_BTC_WITHDRAW_ADDRESS", "Where BTC may be withdrawn to (empty: nowhere)", needed=False),
    SettingQuestion("TRADING_EURE_WITHDRAW_ADDRESS", "Where EURe may be withdrawn to (empty: nowhere)", needed=False),
)

Ask = Callable[[str, bool], str]
"""Takes the question and whether the answer is hidden; gives the answer."""


class CannotWriteError(Exception):
    """The file was not written, and why."""


def unconfigured(directory: Path, environ: Mapping[str, str]) -> bool:
    """Whether this is a first start: no ``.env`` here, and no credential in the environment."""
    return not (directory / ".env").exists() and not any(environ.get(name, "").strip() for name in CREDENTIALS)


def problem(name: str, value: str) -> str:
    """Why the settings would refuse this value, in one sentence that does not hold it; empty when they take it."""
    try:
        load(None, {**STAND_INS, name: value})
    except SettingsError as error:
        return next((found for found in error.problems if found.startswith(name)), "")
    return ""


def first_run(directory: Path, ask: Ask, say: Callable[[str], None]) -> Choice:
    """Offer the two ways. Whatever interrupts the questions leaves nothing behind. Raises CannotWrite."""
    say(WELCOME)
    while (chosen := ask("1, 2 or q", False).strip().lower()) not in ("1", "2", "q"):
        say("Type 1, 2 or q.")
    if chosen == "1":
        return "sandbox"
    if chosen == "q":
        return "nothing"
    values = {question.name: _answer(question, ask, say) for question in QUESTIONS}
    path = directory / ".env"
    write(path, {name: value for name, value in values.items() if value})
    say(NEXT.format(path=path))
    return "written"


def _answer(question: SettingQuestion, ask: Ask, say: Callable[[str], None]) -> str:
    while True:
        value = ask(question.text, question.secret).strip()
        if not value and not question.needed:
            return ""
        wrong = problem(question.name, value) if value else f"{question.name} is needed"
        if not wrong:
            return value
        say(wrong)


def write(path: Path, values: Mapping[str, str]) -> None:
    """Write the settings, mode 0600, whole or not at all, and never over a file that is there. Raises CannotWrite."""
    lines = "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())
    part = path.with_name(f".env.{os.getpid()}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            file.write(lines)
            file.flush()
            os.fsync(handle)
        if read_env_file(part, NAMES.keys()).values != dict(values):
            raise CannotWriteError("a value cannot stand in a settings file; nothing was written")
        os.link(part, path)  # Unlike a rename, this fails when the file is there.
    except FileExistsError:
        raise CannotWriteError(f"{path} is there already; nothing was written over it") from None
    except OSError as error:
        raise CannotWriteError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
