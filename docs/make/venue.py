"""The tables of a venue's settings, faults, ports and control paths, from what they say of themselves."""

from collections.abc import Iterable

from venue.sandbox.base.described import Described, described
from venue.sandbox.base.fault_values import OneTimeFaults
from venue.sandbox.base.faults import Faults
from venue.sandbox.config import VenueConfig
from venue.sandbox.serving.addresses import SERVICES, SETTINGS
from venue.sandbox.serving.control_paths import CONTROL_PATHS


def venue_setting_table() -> str:
    """Every name that ``--set`` knows."""
    return _table("setting", described(VenueConfig))


def fault_table() -> str:
    """Every fault by its name: those that last, then those that happen once."""
    return _table("fault", (*described(Faults), *described(OneTimeFaults)))


def port_table() -> str:
    """Every service in the order of the ports, with the settings that name it."""
    rows = "".join(
        f"| {place} | `{name}` | {service.meaning} | {_settings(name)} |\n"
        for place, (name, service) in enumerate(SERVICES.items())
    )
    return "| port | service | what it is | setting |\n|---|---|---|---|\n" + rows


def control_table() -> str:
    """Every path of the control endpoint with a call of it."""
    rows = []
    for line, path in CONTROL_PATHS.items():
        url = f"$SANDBOX_CONTROL_URL{line.split()[1]}{path.query}"
        body = f" -d '{path.body}'" if path.body else ""
        rows.append(f'| `{line}` | {_cell(path.meaning)} | `curl "{url}"{body}` |\n')
    return "| path | what it does | a call |\n|---|---|---|\n" + "".join(rows)


def _settings(service: str) -> str:
    whole = "near" if service.startswith("near_") else service
    return ", ".join(f"`{name}`" for name, (url, _) in SETTINGS.items() if url.removesuffix("_ws") == whole)


def _table(kind: str, fields: Iterable[Described]) -> str:
    rows = (
        f"| `{field.name}` | {field.unit} | {_cell(field.values)} | {_cell(field.default)} | {_cell(field.meaning)} |\n"
        for field in fields
    )
    return f"| {kind} | unit | range | default | meaning |\n|---|---|---|---|---|\n" + "".join(rows)


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;").replace(">", "&gt;")
