"""The services of a venue in the order of their ports, and the URLs by which clients reach them."""

import contextlib
import ipaddress
import socket
from collections.abc import Mapping

import msgspec

LOOPBACK = "127.0.0.1"


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What one port serves. ``paths``: by the scheme without its ``s`` and without ``://``."""

    meaning: str
    paths: Mapping[str, str]


SERVICES: Mapping[str, Service] = {
    "relay": Service(meaning="solver relay", paths={"ws": "/ws", "http": "/rpc"}),
    "near_a": Service(meaning="first NEAR RPC node", paths={"http": ""}),
    "near_b": Service(meaning="second NEAR RPC node", paths={"http": ""}),
    "bridge": Service(meaning="PoA bridge", paths={"http": "/rpc"}),
    "omni": Service(meaning="Omni bridge", paths={"http": ""}),
    "kraken": Service(meaning="Kraken's ticker", paths={"ws": "/v2", "http": ""}),
    "coinbase": Service(meaning="Coinbase's ticker", paths={"ws": "", "http": ""}),
    "bitstamp": Service(meaning="Bitstamp's ticker", paths={"ws": "", "http": ""}),
    "control": Service(meaning="the venue's own control endpoint", paths={"http": ""}),
    "alarms": Service(meaning="SHIELD and the status page", paths={"http": ""}),
}
"""Every service by its name; the first has the port that was asked for, the others those after it."""

SETTINGS: Mapping[str, tuple[str, str]] = {
    "NEAR_INTENTS_RELAY_WS_URL": ("relay_ws", ""),
    "NEAR_INTENTS_RELAY_RPC_URL": ("relay", ""),
    "NEAR_INTENTS_BRIDGE_URL": ("bridge", ""),
    "OMNI_API_URL": ("omni", ""),
    "NEAR_RPC_URL": ("near", ""),
    "REFERENCE_KRAKEN_WS_URL": ("kraken_ws", ""),
    "REFERENCE_COINBASE_WS_URL": ("coinbase_ws", ""),
    "REFERENCE_BITSTAMP_WS_URL": ("bitstamp_ws", ""),
    "NEAR_INTENTS_SHIELD_URL": ("alarms", "/public/status"),
    "NEAR_INTENTS_STATUS_PAGE_URL": ("alarms", "/api/posts?is_featured=true"),
    "SANDBOX_CONTROL_URL": ("control", ""),
}
"""Settings of a solver: the URL, by its name among ``urls``, and what follows it. ``near`` stands for both nodes."""


def urls(host: str, ports: Mapping[str, int], *, secure: bool = False) -> dict[str, str]:
    """Return every URL of a venue by name: that of the service, with ``_ws`` for its websocket."""
    at = f"[{host}]" if ":" in host else host
    end = "s" if secure else ""
    return {
        f"{name}_ws" if scheme == "ws" else name: f"{scheme}{end}://{at}:{ports[name]}{path}"
        for name, service in SERVICES.items()
        for scheme, path in service.paths.items()
    }


def settings(found: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of a solver that hold these ``urls``."""
    known = {**found, "near": f"{found['near_a']},{found['near_b']}"}
    return {name: known[url] + rest for name, (url, rest) in SETTINGS.items()}


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a venue that listens there."""
    try:
        return ipaddress.ip_address(resolved(host)[1]).is_loopback
    except ValueError:
        return False


def usable(host: str) -> tuple[str, ...]:
    """Return the hosts that clients can name: the one given, or this machine's own for one that stands for all."""
    family, address = resolved(host)
    if not ipaddress.ip_address(address).is_unspecified:
        return (host,)
    loopback = LOOPBACK if family == socket.AF_INET else "::1"
    return tuple(dict.fromkeys((loopback, *_own(family))))


def resolved(host: str) -> tuple[socket.AddressFamily, str]:
    """Return the family and the numeric address of a host. Raises OSError for one that there is not."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise OSError(f"--host {host}: there is no such address; 0.0.0.0 stands for all of this machine") from None
    family, _, _, _, address = found[0]
    return family, str(address[0])


def _own(family: socket.AddressFamily) -> list[str]:
    # Addresses of this machine: of its name, and the one that it would send from. Nothing is sent.
    found: list[str] = []
    with contextlib.suppress(OSError):
        found += (str(one[4][0]) for one in socket.getaddrinfo(socket.gethostname(), None, family, socket.SOCK_STREAM))
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1" if family == socket.AF_INET else "2001:db8::1", 9))
        found.append(probe.getsockname()[0])
    return [address for address in found if not ipaddress.ip_address(address.partition("%")[0]).is_loopback]
