"""The venue's own traders, using the same relay calls as everyone else."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from venue.protocol.assets import Market
from venue.protocol.units import NS_PER_S
from venue.sandbox.base.bounded import tally
from venue.sandbox.base.runtime import Background
from venue.sandbox.base.seeding import derive
from venue.sandbox.flow.price_path import MarketClock
from venue.sandbox.flow.priced import PricedMarkets
from venue.sandbox.flow.schedule import ScheduledRequest
from venue.sandbox.flow.taken import TakerRegister
from venue.sandbox.flow.taking import Deal, decides_ns, takes
from venue.sandbox.flow.wallet import Wallet
from venue.sandbox.mixes import Kind
from venue.sandbox.relay.auction import Answer
from venue.sandbox.relay.errors import AuctionRefusedError
from venue.sandbox.relay.quote_request import QuoteRequest
from venue.sandbox.relay.relay import Relay
from venue.sandbox.verifier.intents import taker_gives, taker_receives
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import ContractPanicError

LOOKS_EVERY_S = 0.5
NOT_TAKEN: Mapping[Kind, str] = {
    "prompt": "too far from the price",
    "patient": "no longer worth it",
    "holder": "not in the money",
    "sweeper": "not in the money",
    "informed": "no move expected",
    "probe": "only asked",
}
"""How a quote that was not executed is counted."""


class Traders:
    """Traders who follow the schedule: request, wait for the auction, and execute the answers as their kind does."""

    def __init__(
        self,
        *,
        relay: Relay,
        ledger: Ledger,
        seed: int,
        requests: Iterator[ScheduledRequest],
        wallets: tuple[Wallet, ...],
        market: MarketClock,
        clock: Callable[[], int],
        background: Background,
        markets: PricedMarkets,
        register: TakerRegister,
    ) -> None:
        self._relay = relay
        self._ledger = ledger
        self._seed = seed
        self._requests = requests
        self._wallets = wallets
        self._market = market
        self._clock = clock
        self._background = background
        self._markets = markets
        self._running = asyncio.Event()
        self.counts: Counter[str] = Counter()
        self.register = register

    @property
    def running(self) -> bool:
        return self._running.is_set()

    def run(self) -> None:
        """Let the flow and the market's time run."""
        self._market.run()
        self._running.set()

    def pause(self) -> None:
        """Stop the flow, the market's time and whoever holds a quote; open auctions end in their own time."""
        self._market.pause()
        self._running.clear()

    async def started(self) -> None:
        """Wait until the traders run."""
        await self._running.wait()

    async def follow(self) -> None:
        """Issue the scheduled requests, each at its own time, without end."""
        for scheduled in self._requests:
            await self._until(scheduled.at_ns)
            self._background.spawn(self._trade(scheduled), f"request {scheduled.index}")

    async def _until(self, at_ns: int) -> None:
        while True:
            await self._running.wait()
            rest = at_ns - self._market.offset_ns()
            if rest <= 0:
                return
            await asyncio.sleep(min(rest / NS_PER_S, 0.1))

    async def _until_due(self, at_ns: int) -> None:
        if at_ns <= self._clock():
            return
        await self._until_clock(at_ns)
        await self._running.wait()  # The market stands still: whoever holds a quote waits, too.

    async def _until_clock(self, at_ns: int) -> None:
        while True:
            rest = at_ns - self._clock()
            if rest <= 0:
                return
            # In short sleeps: the venue's time can be put forward.
            await asyncio.sleep(min(rest / NS_PER_S, LOOKS_EVERY_S))

    async def _trade(self, scheduled: ScheduledRequest) -> None:
        request = QuoteRequest(
            quote_id=scheduled.quote_id,
            asset_in=scheduled.asset_in,
            asset_out=scheduled.asset_out,
            amount_in=scheduled.amount_in,
            amount_out=scheduled.amount_out,
            min_deadline_ms=scheduled.min_deadline_ms,
            traceparent=scheduled.traceparent,
            partner_id=scheduled.partner_id,
            min_wait_ms=scheduled.min_wait_ms,
            max_wait_ms=scheduled.max_wait_ms,
            protocol_fee_included=scheduled.router_leg,
            trusted=scheduled.trusted,
            trusted_in_data=scheduled.trusted_in_data,
            bare=scheduled.bare,
            deadline_as_text=scheduled.deadline_as_text,
            stamp=scheduled.stamp,
        )
        answers = await self._relay.quote(request, offset_ns=scheduled.at_ns)
        if scheduled.market is None:
            return
        self.register.asked[scheduled.kind] += 1
        if scheduled.kind == "probe":
            self.counts["dry" if scheduled.dry else "only asked"] += 1
            return
        if not answers:
            self.counts["unanswered"] += 1
            return
        # A sweeper has a use for every answer; its quotes end one after the other.
        chosen = sorted(answers, key=_deadline) if scheduled.kind == "sweeper" else answers[:1]
        for number, answer in enumerate(chosen):
            await self._consider(scheduled, scheduled.market, answer, number)

    async def _consider(self, scheduled: ScheduledRequest, market: Market, answer: Answer, number: int) -> None:
        deal = Deal(
            market=market,
            asset_in=answer.asset_in,
            amount_in=answer.amount_in,
            amount_out=answer.amount_out,
            deadline_ns=answer.deadline_ns,
        )
        decides = decides_ns(scheduled, deal, self._clock())
        if decides is None:
            return
        await self._until_due(decides)
        priced = self._markets.find(scheduled.asset_in, scheduled.asset_out)
        mid = scheduled.mid if priced is None else priced.path.mid_at(self._market.offset_ns())
        if takes(scheduled, deal, mid):
            self._publish(scheduled, answer, number)
        else:
            self.counts[NOT_TAKEN[scheduled.kind]] += 1

    def _publish(self, scheduled: ScheduledRequest, answer: Answer, number: int) -> None:
        pips = self._ledger.fee_pips
        gives, receives = taker_gives(answer.amount_in, pips), taker_receives(answer.amount_out, pips)
        dice = (self._seed, "nonce", "trader", scheduled.index, *((number,) if number else ()))
        signed = self._wallets[scheduled.trader].sign_diff(
            gives=(answer.asset_in, gives),
            takes=(answer.asset_out, receives),
            deadline_ns=answer.deadline_ns,
            salt=self._ledger.current_salt(),
            random=derive(*dice)[:15],
        )
        try:
            self._relay.publish((answer.quote_hash,), (signed.data,))
        except (AuctionRefusedError, ContractPanicError) as refusal:
            tally(self.counts, str(refusal), "refused")
        else:
            self.counts["published"] += 1
            self.register.took(scheduled, answer)


def _deadline(answer: Answer) -> int:
    return answer.deadline_ns
