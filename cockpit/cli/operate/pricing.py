"""`cockpit pricing`: what quotes are priced by, shown, previewed and changed while the desk runs."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from cockpit.cli.common import DONE, REFUSED, UNKNOWN, ask_desk, refuse
from cockpit.cli.messages import disconnected
from cockpit.cli.operate.chosen_desk import choose_desk, desk_options, require_desk
from cockpit.cli.operate.outcomes import document, exit_code, print_json, print_outcome, print_problem
from cockpit.client.desk_client import ConnectionLost
from cockpit.model.pricing.preview_text import change_lines, preview_lines
from cockpit.model.pricing.pricing_set import PRESET, PRICING_FIELDS, PRICING_NAMES, PricingPreview, PricingTerms
from cockpit.processes.echo import echo

NOT_CHANGED = "Nothing was changed."
GIVE_YES = "Give --yes to change without a question, or --preview to look only."
SAME = "These values are in force already."
UNTIL_RESTART = "In force until the desk ends; its next start returns to the settings."


def _names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [f"{name}=" for name in PRICING_NAMES if name.startswith(incomplete)]


@click.command()
@click.argument("changes", nargs=-1, metavar="[NAME=VALUE]...", shell_complete=_names)
@click.option("--preset", metavar="NAME", help="Take the values of a preset; NAME=VALUE goes over them.")
@click.option("--preview", is_flag=True, help="Only show what the change would have quoted in the last hour.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@desk_options
def pricing(
    changes: tuple[str, ...],
    preset: str | None,
    preview: bool,
    yes: bool,
    socket: Path | None,
    sandbox: bool,
    env_file: Path | None,
    as_json: bool,
) -> None:
    """Show or change what quotes are priced by.

    Spreads, skew, target, min edge, sizes and lifetimes, such as half_spread_bps=9, are checked as one set. What the
    change would have made of the last hour's requests is shown before it is taken. It is journalled, applies from the
    next decision on, and ends with the desk: its next start returns to the settings. Without a change: print what is in
    force, and the presets.
    """
    wanted = _changes(changes) | ({} if preset is None else {PRESET: preset})
    where = choose_desk(socket, sandbox, env_file).socket
    if not wanted:
        if preview or yes:
            raise click.UsageError("--preview and --yes need a change: NAME=VALUE or --preset NAME")
        require_desk(where, as_json=as_json, sends=False)
        sys.exit(_show(where, as_json))
    require_desk(where, as_json=as_json)
    found = ask_desk(where, lambda link: link.preview_pricing(wanted))
    if not isinstance(found, PricingPreview):
        sys.exit(print_outcome(found, as_json=as_json))
    answer: dict[str, Any] = {"preview": found}
    if not as_json:
        from cockpit.model.recorded.names import reason_name

        named = preview_lines(found, reason_name)
        echo("\n".join([*(change_lines(found) or [SAME]), *named]))
    code = DONE
    if not preview and found.changes:
        if not yes and (as_json or not sys.stdin.isatty()):
            refuse([f"{NOT_CHANGED} {GIVE_YES}"], REFUSED)
        if not yes and not click.confirm("Change this now?"):
            echo(NOT_CHANGED, err=True)
            sys.exit(REFUSED)
        outcome = ask_desk(where, lambda link: link.pricing(wanted))
        answer |= document(outcome)
        code = exit_code(outcome) if as_json else print_outcome(outcome)
        if code == DONE and not as_json:
            echo(UNTIL_RESTART)
    if as_json:
        print_json(answer)
    sys.exit(code)


def _changes(given: tuple[str, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not value.strip():
            raise click.UsageError(f"{one}: expected NAME=VALUE")
        if name not in PRICING_NAMES:
            raise click.UsageError(f"{name} is not a value of pricing; expected some of {', '.join(PRICING_NAMES)}")
        if name in found:
            raise click.UsageError(f"{name} is given twice")
        found[name] = value.strip()
    return found


def _show(where: Path, as_json: bool) -> int:
    terms = ask_desk(where, lambda link: link.pricing_terms())
    if isinstance(terms, ConnectionLost):
        print_problem(disconnected(terms), as_json=as_json)
        return UNKNOWN
    if as_json:
        print_json(terms)
    else:
        echo("\n".join(terms_lines(terms)))
    return DONE


def terms_lines(terms: PricingTerms) -> list[str]:
    """Return what is in force, a value a line, and the presets with their values."""
    width, label_width = max(map(len, PRICING_NAMES)), max(len(field.label) for field in PRICING_FIELDS)
    lines = [
        f"{field.name:<{width}}  {field.label:<{label_width}}  {terms.values[field.name]} {field.unit}"
        for field in PRICING_FIELDS
        if field.name in terms.values
    ]
    lines += [f"preset {name}: {_listed(values)}" for name, values in terms.presets.items()]
    return [*lines, *(f"! {problem}" for problem in terms.problems)]


def _listed(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())
