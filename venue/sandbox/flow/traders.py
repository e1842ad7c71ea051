"""The venue's own traders and rival makers, using the same relay calls as everyone else."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from venue.protocol.assets import Market
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.sandbox.base.runtime import Background
from venue.sandbox.base.seeding import derive
from venue.sandbox.flow.price_path import MarketClock, PricePath
from venue.sandbox.flow.rivals import Draw, counter_amount, draws
from venue.sandbox.flow.schedule import ScheduledRequest
from venue.sandbox.flow.wallet import Wallet
from venue.sandbox.relay.auction import Auction
from venue.sandbox.relay.errors import AuctionRefusedError
from venue.sandbox.relay.quote_request import QuoteRequest
from venue.sandbox.relay.relay import Relay
from venue.sandbox.relay.responses import Output, Response
from venue.sandbox.verifier.intents import taker_gives, taker_receives
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import ContractPanicError

EXTRA_LIFE_NS = 10 * NS_PER_S
"""How much longer than requested a rival's quote is valid."""


class Rivals:
    """Makers inside the venue: they answer every request for a market of the table with validly signed quotes."""

    def __init__(
        self,
        *,
        relay: Relay,
        ledger: Ledger,
        seed: int,
        path: PricePath,
        wallets: Mapping[str, Wallet],
        clock: Callable[[], int],
        tokens: TokenTable,
    ) -> None:
        self._relay = relay
        self._ledger = ledger
        self._seed = seed
        self._path = path
        self._wallets = wallets
        self._clock = clock
        self._tokens = tokens
        self.counts: Counter[str] = Counter()

    def watch(self, auction: Auction, wait_ms: int) -> None:
        """Answer the auction after each rival's own delay."""
        market = self._tokens.market(auction.request.asset_in, auction.request.asset_out)
        if market is not None:
            loop = asyncio.get_running_loop()
            for draw in draws(self._seed, auction.request.quote_id, wait_ms):
                loop.call_later(draw.delay_ms / 1000, self._answer, auction, market, draw)

    def _answer(self, auction: Auction, market: Market, draw: Draw) -> None:
        request = auction.request
        mid = self._path.mid_at(auction.offset_ns)
        counter = counter_amount(
            market,
            request.asset_in,
            amount_in=request.amount_in,
            amount_out=request.amount_out,
            mid=mid,
            half_spread_bps=draw.half_spread_bps,
        )
        if counter <= 0:
            return
        exact_in = request.amount_in is not None
        signed = self._wallets[draw.account].sign_diff(
            gives=(request.asset_out, counter if request.amount_out is None else request.amount_out),
            takes=(request.asset_in, counter if request.amount_in is None else request.amount_in),
            deadline_ns=self._clock() + request.min_deadline_ms * NS_PER_MS + EXTRA_LIFE_NS,
            salt=self._ledger.current_salt(),
            random=derive(self._seed, "nonce", draw.account, request.quote_id)[:15],
        )
        output = Output(amount_out=str(counter)) if exact_in else Output(amount_in=str(counter))
        try:
            self._relay.answer(Response(request.quote_id, output, signed.data))
        except AuctionRefusedError as refusal:
            self.counts[str(refusal)] += 1


class Traders:
    """Traders who follow the schedule: request, wait for the auction, deal if the best answer is within their limit."""

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
    ) -> None:
        self._relay = relay
        self._ledger = ledger
        self._seed = seed
        self._requests = requests
        self._wallets = wallets
        self._market = market
        self._clock = clock
        self._background = background
        self._running = asyncio.Event()
        self.counts: Counter[str] = Counter()

    @property
    def running(self) -> bool:
        return self._running.is_set()

    def run(self) -> None:
        """Let the flow and the market's time run."""
        self._market.run()
        self._running.set()

    def pause(self) -> None:
        """Stop the flow and the market's time; open auctions end in their own time."""
        self._market.pause()
        self._running.clear()

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
        if scheduled.dry:
            self.counts["dry"] += 1
            return
        if not answers:
            self.counts["unanswered"] += 1
            return
        best = answers[0]
        limit = scheduled.limit(scheduled.market)
        if best.amount_out < limit if scheduled.amount_in is not None else best.amount_in > limit:
            self.counts["too far from the price"] += 1
            return
        pips = self._ledger.fee_pips
        gives, takes = taker_gives(best.amount_in, pips), taker_receives(best.amount_out, pips)
        signed = self._wallets[scheduled.trader].sign_diff(
            gives=(best.asset_in, gives),
            takes=(best.asset_out, takes),
            deadline_ns=best.deadline_ns,
            salt=self._ledger.current_salt(),
            random=derive(self._seed, "nonce", "trader", scheduled.index)[:15],
        )
        try:
            self._relay.publish((best.quote_hash,), (signed.data,))
        except (AuctionRefusedError, ContractPanicError) as refusal:
            self.counts[str(refusal)] += 1
        else:
            self.counts["published"] += 1
