"""The page of commands, from their own help."""

import re
from collections.abc import Iterator

import click

from cockpit.cli.main import main

_INTRODUCTION = """\
<!-- Generated from the help of the commands by `python -m docs.make`. Change the help there. -->
# Commands

Every command with its options, as `cockpit COMMAND --help` prints them.
"""


def commands_page() -> str:
    """Every command and subcommand, in the order of the help."""
    return _INTRODUCTION + "".join(_section(context) for context in _contexts())


def command_names() -> tuple[str, ...]:
    """Every command as it is typed, without its arguments."""
    return tuple(context.command_path for context in _contexts())


def _contexts() -> Iterator[click.Context]:
    root = click.Context(main, info_name="cockpit", color=False)
    yield root
    yield from _below(main, root)


def _below(group: click.Group, parent: click.Context) -> Iterator[click.Context]:
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=parent, color=False)
        yield context
        if isinstance(command, click.Group):
            yield from _below(command, context)


def _section(context: click.Context) -> str:
    command = context.command
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", command.help or "")]
    text = "\n\n".join(_escaped(paragraph) for paragraph in paragraphs)
    return f"\n## `{context.command_path}`\n\n`{usage}`\n\n{text}\n{_options(context)}"


def _options(context: click.Context) -> str:
    records = [one.get_help_record(context) for one in context.command.params if isinstance(one, click.Option)]
    rows = [f"| `{_cell(record[0])}` | {_cell(_escaped(record[1]))} |\n" for record in records if record is not None]
    return "\n| option | meaning |\n|---|---|\n" + "".join(rows) if rows else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;")
