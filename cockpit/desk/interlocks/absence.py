"""Notices that the desk was away: its process stopped, the machine suspended, or the event loop starved.

Prices, balances and requests from before its return, or from the sockets' buffers, are then no ground for a quote.
"""

import asyncio
import logging
from collections.abc import Callable

from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.model.commands import CommandRequest
from cockpit.model.environment import Environment
from venue.protocol.units import NS_PER_MS

log = logging.getLogger(__name__)

COMMAND = "away"
"""In the journal: the desk was away."""


def away_text(away_ns: int) -> str:
    return f"the desk was away for {away_ns / 1e9:.1f} s"


class Absence:
    """``tick`` once the checks of a tick have run. After an absence no quote is signed until price and balances are of
    after the return, and the relay has sent on all that waited.

    ``disarm`` gets the reason when the absence was longer than ``disarm_ms``; 0: it is never too long.
    """

    def __init__(
        self,
        trading: TradingParts,
        env: Environment,
        journal: CommandJournal,
        *,
        disarm_ms: int,
        disarm: Callable[[str], None],
    ) -> None:
        self._trading = trading
        self._wall_ns = env.wall_ns
        self._journal = journal
        self._disarm_ns = disarm_ms * NS_PER_MS
        self._disarm = disarm
        self._back_ns: int | None = None
        self._caught_up: asyncio.Future[None] | None = None

    def tick(self) -> None:
        away_ns = self._trading.heartbeat.beat()
        if away_ns:
            self._come_back(away_ns)
        elif self._back_ns is not None and self._is_fresh(self._back_ns):
            self._back_ns = self._caught_up = None
            self._trading.heartbeat.release()

    def _come_back(self, away_ns: int) -> None:
        trading, text = self._trading, away_text(away_ns)
        again = self._back_ns is not None
        self._back_ns = self._wall_ns()
        trading.heartbeat.hold(f"{text}; it waits for a fresh price and fresh balances")
        self._caught_up = trading.relay.catch_up()
        trading.inventory.request_sync()
        if not again:
            # A starved desk is away again and again: it is one absence until it has caught up.
            log.warning("%s", text)
            arguments = {"away_ms": away_ns // NS_PER_MS}
            self._journal.record_result(CommandRequest(actor="desk"), COMMAND, arguments, True, text)
        if 0 < self._disarm_ns < away_ns and trading.arming.executor:
            self._disarm(f"{text}, longer than {self._disarm_ns / 1e9:g} s")

    def _is_fresh(self, back_ns: int) -> bool:
        reference, ledger = self._trading.reference.current, self._trading.inventory.ledger
        priced = reference.usable and reference.at_ns is not None and reference.at_ns >= back_ns
        return priced and ledger.at_ns >= back_ns and (self._caught_up is None or self._caught_up.done())
