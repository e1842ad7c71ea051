"""`cockpit venue settings`: every setting of a venue with its unit, range and default; and what ``--set`` gives."""

from collections.abc import Sequence

import click
import msgspec

from cockpit.processes.echo import echo
from venue.sandbox.base.described import Described, checked, described, unknown
from venue.sandbox.config import VenueConfig

SETTING = "venue setting"
NOT_FOR_A_REHEARSAL = ("host", "tls", "tls_cert", "tls_key")
HELP = "help"
"""In place of ``NAME=VALUE``: list them."""


@click.command("settings")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def list_settings(names: tuple[str, ...]) -> None:
    """List what --set can change: unit, range, default and meaning."""
    print_described(VenueConfig, names, SETTING)


def print_described(kind: type[msgspec.Struct], names: Sequence[str], what: str) -> None:
    """Print the fields of these names, all for none. Raises click.UsageError for an unknown one."""
    fields = {field.name: field for field in described(kind)}
    strange = [unknown(name, fields, what) for name in names if name not in fields]
    if strange:
        raise click.UsageError("; ".join(strange))
    for name in names or fields:
        echo(_entry(fields[name]))


def _entry(field: Described) -> str:
    unit = f" {field.unit}" if field.unit else ""
    return f"{field.name}={field.default}\n    {field.values}{unit}\n    {field.meaning.replace('`', '')}"


def venue_settings(settings: tuple[str, ...]) -> dict[str, object]:
    """Return ``name=value`` pairs by name. Raises ValueError for anything else, and SettingError for what cannot be."""
    pairs = [setting.partition("=") for setting in settings]
    for name, equals, _ in pairs:
        if not equals:
            raise ValueError(f"--set {name}: expected NAME=VALUE, such as index_after_s=1; --set help lists them")
    return checked(VenueConfig, {name: value for name, _, value in pairs}, SETTING)


def listed_or_refused(settings: tuple[str, ...]) -> bool:
    """List every setting and return True when help is asked for. Raises click.UsageError for what cannot be set."""
    if HELP in settings:
        print_described(VenueConfig, (), SETTING)
        return True
    try:
        venue_settings(settings)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    return False


def refuse_exposure(settings: tuple[str, ...]) -> None:
    """Raise click.UsageError for a setting under which others reach the venue, or a rehearsal's desk does not."""
    for setting in settings:
        if setting.partition("=")[0] in NOT_FOR_A_REHEARSAL:
            raise click.UsageError(f"--set {setting}: a rehearsal stays on loopback without TLS; use cockpit venue")
