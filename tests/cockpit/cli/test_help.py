"""Every command explains itself, and a wrong call says what is wrong."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.support.processes.command import run
from venue.sandbox.config import VenueConfig

COMMANDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    ((), ("desk", "sandbox", "venue", "--env-file", "--version")),
    (("desk",), ("--env-file", "SIGTERM")),
    (("trading",), ("active|reducing|halted", "--reason", "--socket", "--env-file")),
    (("check",), ("--json", "--sandbox", "--within", "--env-file", "Exit code 0")),
    (("accept-remainder",), ("--btc", "--eure", "--reason", "REMAINDER_MAX_LOSS_EURE")),
    (("report",), ("--day", "--from", "--to", "--run", "--history", "--sandbox", "--json", "--csv", "--fills")),
    (("trace",), ("QUOTE_ID|HASH|TX", "--history", "--sandbox", "--json")),
    (("replay",), ("--set", "--armed", "--day", "--run", "--history", "--sandbox", "--json")),
    (("tune",), ("plan", "run", "fit", "change nothing")),
    (("tune", "plan"), ("FILE", "--widths", "--every", "--rounds", "--seed", "--max-notional", "--max-cost")),
    (("tune", "run"), ("FILE", "--restore", "--sandbox", "--socket", "--env-file", "Exit code 0")),
    (("tune", "fit"), ("--candidates", "--fold-hours", "--day", "--run", "--history", "--sandbox", "--json", "25 %")),
    (("venue",), ("--seed", "--rate", "--other-pairs", "--speed", "--prices", "--port", "--write-env", ".env")),
    (("sandbox",), ("--headless", "--arm", "--for", "--json", "--env-file", "--seed", "--prices", "--speed")),
)


@pytest.mark.parametrize(("command", "words"), COMMANDS)
def test_help(tmp_path: Path, command: tuple[str, ...], words: tuple[str, ...]) -> None:
    ran = run(*command, "--help" if command else "-h", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [word for word in words if word not in ran.stdout] == []


def command(group: click.Group, name: str) -> click.Command:
    found = group.get_command(click.Context(group), name)
    assert found is not None
    return found


def test_every_option_of_every_command_is_explained(tmp_path: Path) -> None:
    from cockpit.cli.main import main

    everything = {"cockpit": main, **{name: command(main, name) for name in main.list_commands(click.Context(main))}}
    unexplained = [
        (name, parameter.name)
        for name, command in everything.items()
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert unexplained == []
    assert all(command.help for command in everything.values())


def test_the_list_of_commands_shows_each_first_sentence_whole() -> None:
    from cockpit.cli.main import main

    shown = CliRunner().invoke(main, ["--help"]).output
    context = click.Context(main)
    firsts = {name: str(command(main, name).help).partition("\n")[0] for name in main.list_commands(context)}
    assert {name: first for name, first in firsts.items() if first.rstrip(".") not in shown} == {}


def test_version(tmp_path: Path) -> None:
    assert "0.1.0" in run("--version", cwd=tmp_path).stdout


WRONG: tuple[tuple[tuple[str, ...], str], ...] = (
    (("sandbox", "--arm"), "--headless"),
    (("sandbox", "--json"), "--headless"),
    (("sandbox", "--headless", "--for", "0"), "--for"),
    (("sandbox", "--headless", "--env-file", "missing.env"), "missing.env"),
    (("--env-file", "missing.env"), "missing.env"),
    (("desk", "--env-file", "missing.env"), "missing.env"),
    (("--env-file", "missing.env", "desk"), "--env-file"),
    (("venue", "--rate", "-1"), "--rate"),
    (("venue", "--port", "70000"), "--port"),
    (("venue", "--other-pairs", "2"), "--other-pairs"),
    (("trade",), "trade"),
)


@pytest.mark.parametrize(("arguments", "named"), WRONG)
def test_an_invalid_call_names_its_mistake_and_starts_nothing(
    tmp_path: Path, arguments: tuple[str, ...], named: str
) -> None:
    ran = run(*arguments, cwd=tmp_path)
    assert ran.returncode == 2
    assert named in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_the_help_shows_the_defaults_of_a_venue() -> None:
    from cockpit.cli.main import main

    texts = {
        option.name: option.help or "" for option in command(main, "venue").params if isinstance(option, click.Option)
    }
    for name in ("seed", "rate", "other_pairs", "speed", "legacy_share"):
        assert f"{getattr(VenueConfig(), name):g} by default" in texts[name]
    for name in ("funded", "credited"):
        assert f"{getattr(VenueConfig(), name)} by default" in texts[name]
    assert f"{VenueConfig().deposit_btc} by default" in texts["deposit_btc"]
    assert f"{' '.join(f'{s:g}' for s in VenueConfig().settle_s)} by default" in texts["settle_s"]


def groups(group: click.Group, path: str = "cockpit") -> Iterator[tuple[str, click.Group]]:
    """Yield every group of commands, itself included."""
    yield path, group
    for name in group.list_commands(click.Context(group)):
        found = command(group, name)
        if isinstance(found, click.Group):
            yield from groups(found, f"{path} {name}")


def test_no_list_of_commands_cuts_a_sentence() -> None:
    from cockpit.cli.main import main

    shown = {path: CliRunner().invoke(group, ["--help"]).output.splitlines()[1:] for path, group in groups(main)}
    cut = {path: [line for line in lines if line.endswith("...")] for path, lines in shown.items()}
    assert len(cut) > 4
    assert {path: lines for path, lines in cut.items() if lines} == {}


def test_every_option_names_what_it_takes() -> None:
    from cockpit.cli.main import main

    commands = [
        (f"{path} {name}", command(group, name))
        for path, group in groups(main)
        for name in group.list_commands(click.Context(group))
    ]
    unnamed = {
        (path, option.opts[-1])
        for path, found in commands
        for option in found.params
        if isinstance(option, click.Option)
        and not option.is_flag
        and not isinstance(option.type, click.Choice | click.Path)
        if option.metavar is None and option.opts[-1] != "--reason"
    }
    assert unnamed == set()
