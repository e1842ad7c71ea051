"""A desk that also writes events of the bench: ``python -m bench.history_desk desk --env-file FILE``.

``BENCH_EVENTS`` is how many a second it gets beside those it makes; with ``BENCH_HISTORY=none`` nothing is written.
"""

import asyncio
import os
from collections.abc import Sequence
from decimal import Decimal

from cockpit.desk.desk import Desk
from cockpit.model.events import AnyEvent, SwapDemand, TradeDecision
from cockpit.processes import desk_process as headless
from storage.sqlite.history import SqliteHistory
from venue.protocol.tokens import BTC, EURE

EVERY_S = 0.01
_VIEW = "x" * 900
"""As long as the checks and the view of a decision together."""


class NullHistory(SqliteHistory):
    """A history that writes nothing, to measure the desk without its history."""

    async def write(self, batch: Sequence[AnyEvent]) -> None:
        """Write nothing."""

    async def alive(self, at_ns: int) -> None:
        """Write nothing."""


def pair_of_events(n: int, at_ns: int) -> tuple[AnyEvent, AnyEvent]:
    """Return a request and the decision not to quote it, as large as real ones."""
    quote_id = f"bench-{at_ns:x}-{n}"
    request = SwapDemand(
        at_ns=at_ns,
        quote_id=quote_id,
        asset_in=BTC.token_id,
        asset_out=EURE.token_id,
        amount_in=8_000,
        amount_out=None,
        min_deadline_ms=60_000,
        partner_id="partner",
        traceparent=None,
    )
    decision = TradeDecision(
        at_ns=at_ns,
        decision_id=f"decision-{quote_id}",
        quote_id=quote_id,
        actionable=False,
        reason="notional",
        side="buy",
        mid=Decimal("50000.25"),
        price=Decimal("49900.125"),
        skew_bps=Decimal("1.5"),
        amount_in=8_000,
        amount_out=3_992 * 10**15,
        notional=3_992 * 10**15,
        edge=8 * 10**15,
        deadline_ns=at_ns + 60 * 10**9,
        checks=(),
        rules_id="rules",
        view=_VIEW,
    )
    return request, decision


class FilledDesk(Desk):
    """Records events of the bench at an even rate from its start."""

    async def run(self) -> None:
        filling = asyncio.create_task(self._fill(float(os.environ.get("BENCH_EVENTS", "0"))))
        try:
            await super().run()
        finally:
            filling.cancel()

    async def _fill(self, rate: float) -> None:
        loop, made, n = asyncio.get_running_loop(), 0, 0
        while rate and not self._writer.writable:  # noqa: ASYNC110 - the writer tells nobody
            await asyncio.sleep(EVERY_S)
        started = loop.time()
        while rate:
            due = int((loop.time() - started) * rate)
            while made < due:
                n += 1
                for event in pair_of_events(n, self._env.wall_ns()):
                    self._writer.record(event)
                made += 2
            await asyncio.sleep(EVERY_S)


if __name__ == "__main__":
    from cockpit.cli.main import main

    vars(headless)["Desk"] = FilledDesk
    if os.environ.get("BENCH_HISTORY") == "none":
        headless.open_history = lambda settings: NullHistory(settings.history_path)
    main()
