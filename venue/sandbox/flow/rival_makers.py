"""The rival makers of the venue, using the same relay calls as everyone else."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.sandbox.base.bounded import tally
from venue.sandbox.base.seeding import derive
from venue.sandbox.flow.priced import PricedMarket, PricedMarkets
from venue.sandbox.flow.rivals import Draw, Profile, counter_amount, deviation_bps, draws
from venue.sandbox.flow.wallet import Wallet
from venue.sandbox.relay.auction import Auction
from venue.sandbox.relay.errors import AuctionRefusedError
from venue.sandbox.relay.relay import Relay
from venue.sandbox.relay.responses import Output, Response
from venue.sandbox.verifier.ledger import Ledger

EXTRA_LIFE_NS = 10 * NS_PER_S
"""How much longer than requested a rival's quote is valid."""


class Rivals:
    """Makers inside the venue: they answer every request for a market that has a price with validly signed quotes."""

    def __init__(
        self,
        *,
        relay: Relay,
        ledger: Ledger,
        seed: int,
        markets: PricedMarkets,
        profiles: tuple[Profile, ...],
        wallets: Mapping[str, Wallet],
        clock: Callable[[], int],
    ) -> None:
        self._relay = relay
        self._ledger = ledger
        self._seed = seed
        self._markets = markets
        self._profiles = profiles
        self._wallets = wallets
        self._clock = clock
        self.counts: Counter[str] = Counter()

    def watch(self, auction: Auction, wait_ms: int) -> None:
        """Answer the auction after each rival's own delay."""
        request = auction.request
        priced = self._markets.find(request.asset_in, request.asset_out)
        if priced is None:
            return
        deviation = deviation_bps(self._profiles, priced.volatility, auction.offset_ns, request.min_deadline_ms)
        found = draws(self._seed, request.quote_id, wait_ms, profiles=self._profiles, deviation_bps=deviation)
        loop = asyncio.get_running_loop()
        for draw in found:
            loop.call_later(draw.delay_ms / 1000, self._answer, auction, priced, draw)

    def _answer(self, auction: Auction, priced: PricedMarket, draw: Draw) -> None:
        request = auction.request
        mid = priced.path.mid_at(auction.offset_ns)
        counter = counter_amount(
            priced.market,
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
            tally(self.counts, str(refusal), "refused")
