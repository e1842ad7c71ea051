"""Asks one source of alarms. It needs no key, so it is given none."""

from collections.abc import Callable

import httpx

from venue.alarms.reading import AlarmReading
from venue.transport.errors import UnreachableError
from venue.transport.jsonrpc import fetch, host_of

TIMEOUT_S = 10.0
MAX_ALARM_BYTES = 512 * 1024
_HEADERS = {"Accept": "application/json"}


class AlarmSource:
    """``name`` is shown; ``decode`` reads an answer's body and raises UnreachableError when it cannot."""

    def __init__(
        self, name: str, url: str, client: httpx.AsyncClient, decode: Callable[[bytes, str], AlarmReading]
    ) -> None:
        self.name = name
        self._url = url
        self._client = client
        self._decode = decode

    async def read(self) -> AlarmReading:
        """Return what the source publishes now. Raises UnreachableError."""
        status, body = await fetch(
            self._client, "GET", self._url, timeout_s=TIMEOUT_S, headers=_HEADERS, max_bytes=MAX_ALARM_BYTES
        )
        host = host_of(self._url)
        if status != 200:
            raise UnreachableError(f"{host} answered HTTP {status}")
        return self._decode(body, host)
