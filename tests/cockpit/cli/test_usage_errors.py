"""Errors of usage repeat what was typed; nothing of it acts on the terminal."""

import pytest
from click.testing import CliRunner

from cockpit.cli.main import main
from cockpit.model.printable import MARK

HOSTILE = "x\x1b]52;c;eA==\x07\u202ey"


@pytest.mark.parametrize(
    "arguments",
    [
        [HOSTILE],
        [f"--{HOSTILE}"],
        ["report", f"--{HOSTILE}"],
        ["report", "--day", HOSTILE],
        ["trace", HOSTILE, HOSTILE],
        ["liquidity", HOSTILE],
        ["liquidity", "withdraw", "BTC", "1", f"--{HOSTILE}"],
        ["liquidity", "estimate", HOSTILE, "1", "--socket", "/nonexistent"],
        ["trading", HOSTILE],
        ["tune", "fit", "--candidates", HOSTILE],
        ["stop", f"--{HOSTILE}=1"],
        ["sandbox", "--speed", HOSTILE],
        ["--env-file", HOSTILE, "check"],
        ["export", HOSTILE, f"postgresql://a:{HOSTILE}@h/d"],
    ],
)
def test_an_error_marks_what_a_terminal_would_act_on(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code in (1, 2, 3)
    printed = result.output + result.stderr
    assert printed
    assert not {"\x1b", "\x07", "\u202e"} & set(printed)


def test_the_usage_and_the_exit_code_stay() -> None:
    plain, hostile = (CliRunner().invoke(main, ["trace", "q-1", text]) for text in ("more", HOSTILE))
    assert plain.exit_code == hostile.exit_code == 2
    assert "Usage: main trace" in hostile.output
    assert f"x{MARK}]52;c;eA=={MARK}{MARK}y" in hostile.output
