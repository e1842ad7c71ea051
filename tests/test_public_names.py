"""Names that scripts, settings, recorded histories and other programs rely on are those of the version before the move.

New ones may be added; a name that is missing here breaks somebody.
"""

import inspect
import json
import typing
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import msgspec

from cockpit.cli.check import CheckOutcome
from cockpit.cli.main import main
from cockpit.desk.api.accept_remainder import AcceptRemainder
from cockpit.desk.api.app import Api
from cockpit.desk.api.funding_routes import FundingRoutes
from cockpit.model import commands, events
from cockpit.model.snapshot import Snapshot
from cockpit.processes.sandbox_report import SandboxReport
from cockpit.reports.decision_replay import Replay
from cockpit.reports.figures import TradingReport
from panels.kit.actions import ACTIONS
from storage.rows import TABLES

BEFORE = json.loads((Path(__file__).parent / "storage/fixtures/0be9d21/public_names.json").read_text())
BODIES = {
    "request": commands.CommandRequest,
    "limits": commands.Limits,
    "trading_order": commands.TradingOrder,
    "withdrawal_order": commands.WithdrawalOrder,
    "withdrawal_review": commands.WithdrawalReview,
    "result": commands.Result,
}
PRINTED = {"sandbox": SandboxReport, "check": CheckOutcome, "report": TradingReport, "replay": Replay}
"""What commands print with ``--json``."""


def options_of(command: click.Command, name: str) -> Iterator[tuple[str, set[str]]]:
    yield name, {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            assert found is not None
            yield from options_of(found, f"{name} {sub}")


def fields_of(kind: Any, path: str = "") -> set[str]:
    """Every field of a structure as JSON has it, with a dot before each field of a structure within."""
    if typing.get_origin(kind) is not None:
        return set().union(*(fields_of(part, path) for part in typing.get_args(kind)))
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return set()
    found = set()
    for field in msgspec.structs.fields(kind):
        name = f"{path}.{field.encode_name}".lstrip(".")
        found |= {name, *fields_of(field.type, name)}
    return found


def made_of_nothing(kind: type) -> Any:
    """The object with None for whatever it needs: its routes' names do not depend on it."""
    parameters = inspect.signature(kind).parameters.values()
    positional = [None for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    return kind(*positional, **{one.name: None for one in parameters if one.kind is one.KEYWORD_ONLY})


def missing(before: dict[str, list[str]], now: dict[str, Any]) -> dict[str, list[str]]:
    return {name: sorted({*names} - {*now.get(name, ())}) for name, names in before.items()}


def none_of(before: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: [] for name in before}


def test_commands_and_their_options() -> None:
    assert missing(BEFORE["commands"], dict(options_of(main, "cockpit"))) == none_of(BEFORE["commands"])


def test_actions_of_the_keys_file() -> None:
    assert {*BEFORE["actions"]} <= {action.id for action in ACTIONS}


def test_paths_of_the_control_api() -> None:
    accepting = AcceptRemainder.routes(typing.cast(Any, SimpleNamespace(_accept=lambda request: None)))
    api = made_of_nothing(Api)
    api._more_reading, api._identity = [], {}
    api._routes = [*made_of_nothing(FundingRoutes).routes(), *accepting]
    found = {f"{' '.join(sorted(getattr(route, 'methods', ()) or ['WS']))} {route.path}" for route in api.app().routes}
    assert {*BEFORE["routes"]} <= found


def test_fields_of_snapshots_and_bodies() -> None:
    assert {*BEFORE["snapshot"]} <= fields_of(Snapshot)
    now = {name: fields_of(kind) for name, kind in BODIES.items()}
    assert missing(BEFORE["bodies"], now) == none_of(BEFORE["bodies"])


def test_fields_of_what_commands_print() -> None:
    now = {name: fields_of(kind) for name, kind in PRINTED.items()}
    assert missing(BEFORE["printed"], now) == none_of(BEFORE["printed"])


def test_recorded_events_and_outcomes() -> None:
    now = {kind.__struct_config__.tag: list(kind.__struct_fields__) for kind in typing.get_args(events.AnyEvent)}
    assert missing(BEFORE["events"], now) == none_of(BEFORE["events"])
    assert {*BEFORE["outcomes"]} <= {*typing.get_args(events.Outcome)}


def test_tables_and_their_columns() -> None:
    now = {table.name: table.columns for table in TABLES}
    assert missing(BEFORE["tables"], now) == none_of(BEFORE["tables"])
