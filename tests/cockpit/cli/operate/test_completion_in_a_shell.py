"""Completion as it is typed: the shells that are on this machine, each in a terminal of its own."""

import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.cli.operate.completion import SHELLS
from tests.support.processes.processes import bare_environment
from tests.support.processes.terminal import Terminal

BIN = Path(sys.executable).parent
ARGUMENTS = {"bash": ("--noprofile", "--norc", "-i"), "zsh": ("-d", "-i"), "fish": ("-i",)}
SET_UP = {
    "bash": "PS1='> '; eval \"$(cockpit completion bash)\"",
    "zsh": "PS1='> '; autoload -Uz compinit; compinit -D -u; eval \"$(cockpit completion zsh)\"",
    "fish": "function fish_prompt; echo -n '> '; end; cockpit completion fish | source",
}
TYPED = {
    "cockpit do": "cockpit down ",
    "cockpit stop --sa": "cockpit stop --sandbox ",
    "cockpit trading re": "cockpit trading reducing ",
    "cockpit pricing max_s": "cockpit pricing max_skew_bps=",
    "cockpit sandbox --partners di": "cockpit sandbox --partners differ ",
    "cockpit sandbox --partners=di": "cockpit sandbox --partners=differ ",
    "cockpit check --env-file envf": "cockpit check --env-file envfile ",
    "cockpit check --env-file=envf": "cockpit check --env-file=envfile ",
    "~/bin/cockpit do": "~/bin/cockpit down ",
    "~/none/cockpit liquidity fre": "~/none/cockpit liquidity freeze ",
}
"""What is typed before tab, and what stands there after it: a space where a word is whole."""
END = "<"
"""Typed behind, so that a space there is seen."""


@pytest.fixture(params=SHELLS)
async def shell(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Terminal]:
    """A shell that completes, in a directory with one file, below a home with the program in ``bin``."""
    program = shutil.which(request.param)
    if program is None:
        pytest.skip(f"{request.param} is not on this machine")
    home, here = tmp_path / "home", tmp_path / "here"
    here.mkdir()
    (here / "envfile").touch()
    home.mkdir()
    (home / ".zshrc").touch()
    (home / "bin").symlink_to(BIN)
    environ = bare_environment(HOME=str(home), ZDOTDIR=str(home), PATH=f"{BIN}{os.pathsep}{os.environ['PATH']}")
    terminal = Terminal(ARGUMENTS[request.param], here, environ, program=(program,))
    try:
        terminal.press(*SET_UP[request.param], "; clear; echo re''ady", "enter")
        await terminal.shows("ready")
        yield terminal
    finally:
        terminal.close()


async def test_commands_options_values_and_files_are_completed(shell: Terminal) -> None:
    for typed, completed in TYPED.items():
        shell.press(*typed, "tab", *END)
        await shell.shows(f"> {completed}{END}")
        shell.press("ctrl+u", "ctrl+l")
        await shell.shows(END, 0)


async def test_what_can_follow_is_listed(shell: Terminal) -> None:
    shell.press(*"cockpit alerts ", "tab", "tab")
    await shell.shows("undelivered")
    for name in ("acknowledge", "check", "test"):
        assert name in shell.text
