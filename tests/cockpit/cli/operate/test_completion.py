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


def completed(cwd: Path, *words: str) -> list[tuple[str, str]]:
    """Kind and text of what completes the last word."""
    environ = bare_environment(
        _COCKPIT_COMPLETE="bash_complete", COMP_WORDS=" ".join(("cockpit", *words)), COMP_CWORD=str(len(words))
    )
    ran = subprocess.run(
        [Path(sys.executable).with_name("cockpit")],
        env=environ,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = []
    for line in ran.stdout.splitlines():
        kind, _, text = line.partition(",")
        found.append((kind, text))
    return found


def test_commands_and_options_are_completed(tmp_path: Path) -> None:
    assert ("plain", "down") in completed(tmp_path, "do")
    assert ("plain", "--sandbox") in completed(tmp_path, "stop", "--s")
    names = ["max_skew_bps=", "max_premium_bps=", "max_notional_eure="]
    assert completed(tmp_path, "pricing", "max_") == [("plain", name) for name in names]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("import", ""), []),
        (("export", ""), []),
        (("report", "--history", ""), []),
        (("events", "--history", ""), []),
        (("venue", "play", ""), ["bridge-outage", "crash", "salt-rotation"]),
        (("sandbox", "--scenario", ""), ["bridge-outage", "crash", "salt-rotation"]),
        (("sandbox", "--market", ""), ["calm", "normal", "jumpy"]),
    ],
)
def test_files_are_completed_where_a_file_may_be_named(
    tmp_path: Path, words: tuple[str, ...], names: list[str]
) -> None:
    assert completed(tmp_path, *words) == [*(("plain", name) for name in names), ("file", "")]
