"""What a venue prints once it is ready: .env lines or JSON, and who else can reach it."""

import json
from collections.abc import Iterator
from pathlib import Path

from cockpit.cli.venue.env_file import write_env
from cockpit.processes.echo import echo, echo_json
from venue.sandbox.server import Ready
from venue.sandbox.serving.addresses import is_loopback

EXPOSED = (
    "WARNING: the venue listens on {host}, beyond loopback. Anybody who reaches it controls the sandbox, "
    "its accounts and its time. Use a network that you trust."
)
TRUST = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE")
"""Variables that name what is trusted: OpenSSL, Python, Go and Rust; Node; curl and Python's requests."""


def announce(ready: Ready, *, host: str, env_file: Path | None, as_json: bool) -> None:
    """Print what a client needs, or write it to the file. Raises OSError for a file that cannot be written."""
    if not is_loopback(host):
        echo(EXPOSED.format(host=host), err=True)
    lines = "".join(f"{line}\n" for line in _lines(ready))
    if env_file is not None:
        write_env(env_file, lines)
    elif not as_json:
        echo(lines, nl=False)
    if as_json:
        echo_json(json.dumps(_document(ready)))


def _lines(ready: Ready) -> Iterator[str]:
    yield from (f"{name}={value}" for name, value in ready.env.items())
    if ready.authority is not None:
        yield "# to trust the venue's certificate: OpenSSL, Python, Go and Rust; Node; curl and Python's requests"
        yield from (f"{name}={path}" for name, path in _trust(ready).items())
    for other in ready.hosts[1:]:
        yield f"# from elsewhere, in place of {ready.hosts[0]}: {other}"
    for guest in ready.guests:
        # Comments: a file of settings names one account.
        yield "# another account, instead of the one above:"
        yield f"# NEAR_INTENTS_ACCOUNT_ID={guest.account}"
        yield f"# NEAR_INTENTS_SIGNER_PRIVATE_KEY={guest.private_key}"


def _trust(ready: Ready) -> dict[str, str]:
    return {} if ready.authority is None else dict.fromkeys(TRUST, str(ready.authority))


def _document(ready: Ready) -> dict[str, object]:
    maker = {
        "account": ready.env["NEAR_INTENTS_ACCOUNT_ID"],
        "private_key": ready.env["NEAR_INTENTS_SIGNER_PRIVATE_KEY"],
    }
    guests = [{"account": guest.account, "private_key": guest.private_key} for guest in ready.guests]
    return {
        "api_key": ready.env["NEAR_INTENTS_API_KEY"],
        "accounts": [maker, *guests],
        "urls": dict(ready.urls),
        "hosts": list(ready.hosts),
        "certificate_authority": None if ready.authority is None else str(ready.authority),
        "env": {**ready.env, **_trust(ready)},
    }
