"""An address of this machine to serve something on, which nobody else can reach."""

import ipaddress
import re
from typing import NamedTuple

from cockpit.config.errors import InvalidSettingError

_SHAPE = re.compile(r"(?:(?P<name>[A-Za-z0-9.]{1,64})|\[(?P<six>[0-9A-Fa-f:.]{2,45})\]):(?P<port>[0-9]{1,5})")
EXPECTED = "expected none, or an address and port of this machine such as 127.0.0.1:9464"
NOT_LOOPBACK = (
    f"{EXPECTED}; others could read it at any other address: put a proxy with a password before it, or an SSH tunnel"
)


class LoopbackAddress(NamedTuple):
    """``host``: in digits, as it is bound."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self}/metrics"


def loopback_address(text: str) -> LoopbackAddress | None:
    """Accept an address of loopback with a port, or ``none``; no name is looked up. Raises InvalidSettingError."""
    if text.lower() == "none":
        return None
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise InvalidSettingError(EXPECTED)
    host, port = found["six"] or found["name"].lower(), int(found["port"])
    if not 1 <= port <= 65_535:
        raise InvalidSettingError(f"{EXPECTED}; a port is from 1 to 65535")
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise InvalidSettingError(EXPECTED) from None
    if not address.is_loopback or (address.version == 6) != (found["six"] is not None):
        raise InvalidSettingError(NOT_LOOPBACK)
    return LoopbackAddress(str(address), port)
