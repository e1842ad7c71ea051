"""The script that a shell runs to complete commands, in the shells that are here."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.cli.operate.completion import SHELLS
from tests.support.processes.command import run
from tests.support.processes.processes import bare_environment


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_made_for_each_shell(tmp_path: Path, shell: str) -> None:
    ran = run("completion", shell, cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"_COCKPIT_COMPLETE={shell}_complete" in ran.stdout
    where = shutil.which(shell)
    if where is not None:
        subprocess.run([where, "-n"], input=ran.stdout, text=True, check=True, timeout=60)


def test_commands_and_options_are_completed(tmp_path: Path) -> None:
    def completed(*words: str) -> list[str]:
        environ = bare_environment(
            _COCKPIT_COMPLETE="bash_complete", COMP_WORDS=" ".join(("cockpit", *words)), COMP_CWORD=str(len(words))
        )
        ran = subprocess.run(
            [Path(sys.executable).with_name("cockpit")],
            env=environ,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return [line.partition(",")[2] for line in ran.stdout.splitlines()]

    assert "down" in completed("do")
    assert "--sandbox" in completed("stop", "--s")
    assert completed("pricing", "max_") == ["max_skew_bps=", "max_premium_bps=", "max_notional_eure="]
