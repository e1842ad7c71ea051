"""The sender in a process of its own, and the settings with which a desk quotes all that it asks."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping

import msgspec

from bench.load import Listening, LoadResult, RequestLoad, SettledQuote

SETTINGS = {
    "STRATEGY_MAX_NOTIONAL_EURE": "500",
    "STRATEGY_PRICING": "fixed",
    "STRATEGY_HALF_SPREAD_BPS": "8",
    "STRATEGY_MAX_SKEW_BPS": "6",
    "STRATEGY_MIN_EDGE_BPS": "2",
    "INVENTORY_POLL_MS": "2000",
    "QUOTE_DEADLINE_MS": "1000",
    "QUOTE_DEATH_MARGIN_MS": "0",
}
"""Every request is quoted, and quotes expire soon, so that their amounts are released."""

DEATH_MARGIN_S = 5.0
"""Added to a quote's life before what it gives is released: the default of its setting."""


def lives(life_s: float) -> Mapping[str, str]:
    """Return the settings with which a desk's quotes live so long."""
    return {"QUOTE_DEADLINE_MS": str(int(life_s * 1_000)), "QUOTE_DEATH_MARGIN_MS": str(int(DEATH_MARGIN_S * 1_000))}


class SenderProcess:
    """The sender's process and the lines exchanged with it."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0

    async def start(self) -> None:
        """Start it and learn its port."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.sender",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            limit=2**26,
            start_new_session=True,
        )
        self.port = msgspec.json.decode(await self._line(), type=Listening).port

    async def measure(self, load: RequestLoad) -> LoadResult:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(load) + b"\n")
        return msgspec.json.decode(await self._line(), type=LoadResult)

    def settled(self, subject: str, quote_hash: str) -> None:
        """Have the subject told that this quote of it was settled."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(SettledQuote(subject, quote_hash)) + b"\n")

    async def _line(self) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the sender has ended")
        return line

    async def end(self) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            await self._process.wait()
