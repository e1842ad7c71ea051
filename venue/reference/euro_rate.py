"""What an EURe is worth in EUR, by a service that an operator names: read once a minute, never on the path of a quote.

The answer is JSON of one coin, ``{"monerium-eur-money": {"eur": 0.9993, "last_updated_at": 1711356300}}``: the price
with the time, in seconds UTC, at which it was so.
"""

import asyncio
from decimal import Decimal

import httpx
import msgspec

from cockpit.model.environment import Environment
from cockpit.model.errors import NOT_READABLE
from venue.protocol.units import NS_PER_S
from venue.transport.errors import UnreachableError
from venue.transport.jsonrpc import fetch, host_of

EVERY_S = 60.0
TIMEOUT_S = 10.0
MAX_BYTES = 16 * 1024
LEAST, MOST = Decimal("0.5"), Decimal(2)
"""EUR per EURe; a price outside of this range is no reading."""
MAX_DIGITS = 20
AHEAD_NS = 60 * NS_PER_S
"""A price dated further ahead of this machine's clock than this is not believed."""


class _Coin(msgspec.Struct):
    eur: Decimal
    last_updated_at: int


_coins = msgspec.json.Decoder(dict[str, _Coin]).decode


class EuroRate(msgspec.Struct, frozen=True):
    """EUR per EURe, and when it was so, UTC ns."""

    rate: Decimal
    at_ns: int


def read_rate(body: bytes, now_ns: int, host: str) -> EuroRate:
    """Read an answer that came at ``now_ns``. Raises UnreachableError when it cannot be believed."""
    try:
        coins = _coins(body)
    except NOT_READABLE:
        raise UnreachableError(f"{host} sent no price of one coin in eur with its last_updated_at") from None
    if len(coins) != 1:
        raise UnreachableError(f"{host} sent prices of {len(coins)} coins; expected one")
    [coin] = coins.values()
    if not (coin.eur.is_finite() and LEAST <= coin.eur <= MOST) or len(coin.eur.as_tuple().digits) > MAX_DIGITS:
        raise UnreachableError(f"{host} sent an implausible price of an EURe")
    at_ns = coin.last_updated_at * NS_PER_S
    if not 0 < at_ns <= now_ns + AHEAD_NS:
        raise UnreachableError(f"{host} sent a price of an EURe with an implausible time")
    return EuroRate(coin.eur, min(at_ns, now_ns))


class EuroRateFeed:
    """``newest``: the reading with the latest time, None before the first. ``problem``: why the last one failed."""

    def __init__(self, url: str, client: httpx.AsyncClient, env: Environment) -> None:
        self._url = url
        self._client = client
        self._wall_ns = env.wall_ns
        self.newest: EuroRate | None = None
        self.problem = ""

    async def run(self) -> None:
        """Read once a minute until cancelled."""
        while True:
            await self.read()
            await asyncio.sleep(EVERY_S)

    async def read(self) -> None:
        host = host_of(self._url)
        try:
            status, body = await fetch(self._client, "GET", self._url, timeout_s=TIMEOUT_S, max_bytes=MAX_BYTES)
            if status != 200:
                raise UnreachableError(f"{host} answered HTTP {status}")
            found = read_rate(body, self._wall_ns(), host)
        except UnreachableError as exc:
            self.problem = str(exc)
            return
        self.problem = ""
        if self.newest is None or found.at_ns >= self.newest.at_ns:
            self.newest = found
