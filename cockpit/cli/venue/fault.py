"""`cockpit venue fault`: the faults of a running sandbox, and how they are named on a command line."""

import json
from collections.abc import Sequence

import click

from cockpit.cli.common import sandbox_root
from cockpit.cli.venue.settings import print_described
from cockpit.processes.echo import echo, echo_json
from venue.sandbox.base.fault_values import OneTimeFaults
from venue.sandbox.base.faults import Faults

ANSWER_WITHIN_S = 5.0
NO_VENUE = "no sandbox is known: name its control endpoint with --control, or start one"


def named_faults(pairs: Sequence[str]) -> dict[str, object]:
    """Read ``NAME`` (for true) and ``NAME=VALUE`` pairs: JSON for a list or object, else text.

    Raises ValueError for a list or object that is no JSON.
    """
    found: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        found[name] = json.loads(value) if value[:1] in ("[", "{") else value if equals else True
    return found


@click.command()
@click.argument("faults", nargs=-1, metavar="[NAME[=VALUE]]...")
@click.option(
    "--control",
    metavar="URL",
    envvar="SANDBOX_CONTROL_URL",
    help="The venue's control endpoint; the newest sandbox's by default.",
)
@click.option("--mend", is_flag=True, help="Switch every other fault off first.")
@click.option("--list", "listed", is_flag=True, help="List every fault with its unit, range and usual value.")
def fault(faults: tuple[str, ...], control: str | None, mend: bool, listed: bool) -> None:
    """Switch faults of a running sandbox on and off.

    Then prints those in force. A name alone switches its fault on. A VALUE is plain text, such as near_a=429, a list
    such as exchange_frozen=kraken,coinbase, or JSON.
    """
    if listed:
        for kind in (Faults, OneTimeFaults):
            print_described(kind, (), "fault")
        return
    import ssl

    import httpx

    url = (control or _newest()).rstrip("/")
    try:
        body = named_faults(faults) | ({"mend": True} if mend else {})
    except ValueError as error:
        raise click.UsageError(f"a value in {' '.join(faults)} is no JSON: {error}") from None
    try:
        # SSL_CERT_FILE, for a venue with a certificate of its own; no proxy.
        verify = ssl.create_default_context() if url.startswith("https:") else True
        with httpx.Client(trust_env=False, timeout=ANSWER_WITHIN_S, verify=verify) as client:
            usual = client.get(f"{url}/faults", params={"usual": "1"})
            answer = client.post(f"{url}/faults", json=body) if body else client.get(f"{url}/faults")
            found, defaults = answer.json(), usual.json()
            if not isinstance(found, dict) or not isinstance(defaults, dict):
                raise ValueError("it is no control endpoint of a sandbox")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise click.ClickException(f"the sandbox at {url} does not answer: {error or type(error).__name__}") from None
    if answer.status_code != 200:
        raise click.ClickException(f"refused, and nothing changed: {found.get('error')}")
    holding = {name: value for name, value in found.items() if value != defaults.get(name)}
    if holding:
        echo_json(json.dumps(holding))
    else:
        echo("no fault holds")


def _newest() -> str:
    from cockpit.processes.sandbox_run import SandboxRun

    try:
        return SandboxRun.newest(sandbox_root()).venue_env()["SANDBOX_CONTROL_URL"]
    except (OSError, KeyError, ValueError):
        raise click.ClickException(NO_VENUE) from None
