"""A maker tried on the sandbox's flow without sockets, signatures or waiting: requests, rivals, takers and fills.

It is made of the venue's own parts: the same settings and seed give the same requests, takers and rivals.
A maker answers at once; a settlement comes after the venue's delay, not at its next block. That delay is drawn for each
quote, so that two makers who sell to the same taker wait for the same time.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Protocol

import msgspec

from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.sandbox.assembly import price_path, request_flow
from venue.sandbox.base.seeding import rng
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.price_path import PricePath
from venue.sandbox.flow.priced import PricedMarkets, own_markets, priced_pairs
from venue.sandbox.flow.rival_makers import EXTRA_LIFE_NS
from venue.sandbox.flow.rivals import counter_amount
from venue.sandbox.flow.schedule import ScheduledRequest, schedule
from venue.sandbox.flow.taking import Deal, decides_ns, takes
from venue.sandbox.mixes import Kind
from venue.sandbox.relay.quote_request import window_of
from venue.sandbox.relay.settlement import production_delay_s


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a maker under test answers: the amount against the exact one, base units, until the deadline.

    ``nonce``: of several quotes with the same one only the first that settles does; None for one of its own.
    """

    counter: int
    deadline_ns: int
    nonce: int | None = None


class BacktestQuote(msgspec.Struct, frozen=True, kw_only=True):
    """A maker's answer: it receives ``amount_in`` and gives ``amount_out``, base units, until the deadline."""

    maker: str
    amount_in: int
    amount_out: int
    signed_ns: int
    deadline_ns: int
    nonce: int | None = None


class BacktestFill(msgspec.Struct, frozen=True, kw_only=True):
    """A settled quote, with the mid when it was signed, taken and settled. Times count from the market's start, ns."""

    request: ScheduledRequest
    quote: BacktestQuote
    deal: Deal
    taken_ns: int
    settled_ns: int
    signed_mid: Decimal
    taken_mid: Decimal
    settled_mid: Decimal

    @property
    def kind(self) -> Kind:
        return self.request.kind

    def gain(self, mid: Decimal) -> Decimal:
        """Return what the maker gained at this mid, in whole quote tokens: at ``settled_mid`` its edge at booking."""
        return -self.deal.gain(mid)


class BacktestMaker(Protocol):
    """A maker under test. It is told of every request for a priced market, and of its own fills."""

    def quote(self, request: ScheduledRequest, at_ns: int) -> Offer | None: ...

    def settled(self, fill: BacktestFill) -> None: ...


class BacktestFlow:
    """The prices and requests of a seed: made once, and met by as many makers as there are to be compared.

    ``path``: a price of its own instead of the configured market.
    """

    def __init__(self, config: VenueConfig, path: PricePath | None = None) -> None:
        pairs = priced_pairs(config.pair_terms, config.seed, config.speed)
        self.config = config
        self.path = price_path(config) if path is None else path
        self.markets = PricedMarkets((*own_markets(config.tokens, self.path), *pairs))
        self._schedule = schedule(config.seed, request_flow(config, pairs), self.path, config.traders)
        self._made: list[ScheduledRequest] = []
        self._answers: dict[int, tuple[BacktestQuote, ...]] = {}

    def requests(self) -> Iterator[ScheduledRequest]:
        """Yield the requests from the first on, without end unless the rate is zero."""
        for number in count():
            while len(self._made) <= number:
                following = next(self._schedule, None)
                if following is None:
                    return
                self._made.append(following)
            yield self._made[number]

    def rivals(self, request: ScheduledRequest) -> tuple[BacktestQuote, ...]:
        """Return the rivals' answers to one of the requests, best first, and the earlier of equal ones."""
        found = self._answers.get(request.index)
        if found is None:
            found = self._answers[request.index] = self._answered(request)
        return found

    def _answered(self, request: ScheduledRequest) -> tuple[BacktestQuote, ...]:
        market = request.market
        if market is None or not self.config.rivals:
            return ()
        found = []
        for draw in sorted(request.rivals, key=lambda one: one.delay_ms):
            counter = counter_amount(
                market,
                request.asset_in,
                amount_in=request.amount_in,
                amount_out=request.amount_out,
                mid=request.mid,
                half_spread_bps=draw.half_spread_bps,
            )
            signed_ns = request.at_ns + draw.delay_ms * NS_PER_MS
            deadline_ns = signed_ns + request.min_deadline_ms * NS_PER_MS + EXTRA_LIFE_NS
            if counter > 0:
                offer = Offer(counter=counter, deadline_ns=deadline_ns)
                found.append(_quote(request, draw.account, offer, signed_ns))
        return tuple(sorted(found, key=_rank))


class Backtest:
    """One maker's run. ``balances``: what it holds, base units by token id; a settlement that it cannot pay fails.

    ``rivals_settle``: whether the fills of the others are followed to their end. They change nothing for the maker.
    """

    def __init__(self, flow: BacktestFlow, maker: BacktestMaker | None = None, *, rivals_settle: bool = True) -> None:
        self.config = flow.config
        self._flow = flow
        self._rivals_settle = rivals_settle
        self._used: set[int] = set()
        self.path = flow.path
        self.balances = flow.config.maker_opening()
        self.asked: Counter[Kind] = Counter()
        self.counts: Counter[str] = Counter()
        self._maker = maker
        self._markets = flow.markets
        self._requests = flow.requests()
        self._heap: list[tuple[int, int, Callable[[], BacktestFill | None]]] = []
        self._number = 0
        self._now_ns = 0

    def run(self, seconds: float) -> Iterator[BacktestFill]:
        """Play so much of the market, from its start, and yield every fill when it settles.

        What was published and has not settled by then is left out. A run is played once.
        """
        end_ns = int(seconds * NS_PER_S)
        for request in self._requests:
            yield from self._until(min(request.at_ns, end_ns))
            if request.at_ns >= end_ns:
                return
            self._now_ns = request.at_ns
            self._ask(request)
        yield from self._until(end_ns)  # A rate of zero asks nothing.

    def _until(self, at_ns: int) -> Iterator[BacktestFill]:
        while self._heap and self._heap[0][0] <= at_ns:
            self._now_ns, _, act = heapq.heappop(self._heap)
            fill = act()
            if fill is not None:
                yield fill

    def _at(self, at_ns: int, act: Callable[[], BacktestFill | None]) -> None:
        self._number += 1
        heapq.heappush(self._heap, (at_ns, self._number, act))

    def _ask(self, request: ScheduledRequest) -> None:
        if request.market is None:
            return
        self.asked[request.kind] += 1
        answers = self._answers(request)
        if request.kind == "probe":
            return
        if not answers:
            self.counts["unanswered"] += 1
            return
        if not self._rivals_settle:
            if request.kind != "sweeper":
                answers = answers[:1]
            answers = [quote for quote in answers if quote.maker == self.config.maker_account]
            if not answers:
                return
        window = window_of(request.min_wait_ms, request.max_wait_ms, leg=request.router_leg)
        self._at(request.at_ns + window.answered * NS_PER_MS, partial(self._choose, request, answers))

    def _answers(self, request: ScheduledRequest) -> list[BacktestQuote]:
        """Return the answers to the request, best first; the maker answers at once, and so before equal ones."""
        rivals = self._flow.rivals(request)
        offer = None if self._maker is None else self._maker.quote(request, request.at_ns)
        if offer is None:
            return [*rivals]
        own = _quote(request, self.config.maker_account, offer, request.at_ns)
        return sorted([own, *rivals], key=_rank)

    def _choose(self, request: ScheduledRequest, answers: list[BacktestQuote]) -> None:
        market = request.market
        assert market is not None
        for quote in answers if request.kind == "sweeper" else answers[:1]:
            deal = Deal(
                market=market,
                asset_in=request.asset_in,
                amount_in=quote.amount_in,
                amount_out=quote.amount_out,
                deadline_ns=quote.deadline_ns,
            )
            decides = decides_ns(request, deal, self._now_ns)
            if decides is not None:
                self._at(decides, partial(self._decide, request, quote, deal))

    def _decide(self, request: ScheduledRequest, quote: BacktestQuote, deal: Deal) -> None:
        mid = self._mid(request)
        if not takes(request, deal, mid):
            self.counts["not taken"] += 1
            return
        if quote.deadline_ns < self._now_ns:
            self.counts["expired"] += 1
            return
        chance = rng(self.config.seed, "settle", request.index, quote.maker)
        production = self.config.pace == "production"
        delay_s = production_delay_s(chance.random()) if production else chance.uniform(*self.config.settle_s)
        taken_ns = self._now_ns
        self._at(
            taken_ns + int(delay_s * NS_PER_S),
            partial(self._settle, request, quote, deal, taken_ns=taken_ns, taken_mid=mid),
        )

    def _settle(
        self, request: ScheduledRequest, quote: BacktestQuote, deal: Deal, *, taken_ns: int, taken_mid: Decimal
    ) -> BacktestFill | None:
        ours = quote.maker == self.config.maker_account
        lacks = ours and self.balances.get(request.asset_out, 0) < quote.amount_out
        if quote.deadline_ns < self._now_ns or lacks or quote.nonce in self._used:
            self.counts["failed"] += 1
            return None
        fill = BacktestFill(
            request=request,
            quote=quote,
            deal=deal,
            taken_ns=taken_ns,
            settled_ns=self._now_ns,
            signed_mid=request.mid,
            taken_mid=taken_mid,
            settled_mid=self._mid(request),
        )
        self.counts["settled"] += 1
        if ours and self._maker is not None:
            self.balances[request.asset_out] -= quote.amount_out
            self.balances[request.asset_in] = self.balances.get(request.asset_in, 0) + quote.amount_in
            if quote.nonce is not None:
                self._used.add(quote.nonce)
            self._maker.settled(fill)
        return fill

    def _mid(self, request: ScheduledRequest) -> Decimal:
        priced = self._markets.find(request.asset_in, request.asset_out)
        return request.mid if priced is None else priced.path.mid_at(self._now_ns)


def _quote(request: ScheduledRequest, maker: str, offer: Offer, signed_ns: int) -> BacktestQuote:
    return BacktestQuote(
        maker=maker,
        amount_in=offer.counter if request.amount_in is None else request.amount_in,
        amount_out=offer.counter if request.amount_out is None else request.amount_out,
        signed_ns=signed_ns,
        deadline_ns=offer.deadline_ns,
        nonce=offer.nonce,
    )


def _rank(quote: BacktestQuote) -> tuple[int, int]:
    # One of the amounts is the same in all answers to a request: the taker wants to give less, or to get more.
    return quote.amount_in, -quote.amount_out
