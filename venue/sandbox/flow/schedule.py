"""The traders' requests: request k is a pure function of the seed, k and the price path."""

import math
import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from decimal import Decimal
from operator import itemgetter

import msgspec

from venue.protocol.assets import Market, Token
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, TokenTable
from venue.protocol.units import NS_PER_S
from venue.sandbox.base.seeding import derive, derive_uuid, rng
from venue.sandbox.flow.changes.arrivals import next_arrival
from venue.sandbox.flow.price_path import PricePath
from venue.sandbox.flow.priced import PricedMarket
from venue.sandbox.flow.regimes import PathVolatility
from venue.sandbox.flow.rivals import PROFILES, Draw, Profile, counter_amount, deviation_bps, draws
from venue.sandbox.flow.takers import MARGIN_NS, TakerTerms, signal_bps, taker_at
from venue.sandbox.mixes import Kind
from venue.sandbox.relay.quote_request import Stamp, window_of

OTHER_TOKENS = (
    ("nep141:wrap.near", 24, 2.5),
    ("nep141:eth.omft.near", 18, 2800.0),
    ("nep141:sol.omft.near", 9, 140.0),
    ("nep141:zec.omft.near", 8, 320.0),
    ("nep141:17208628f84f5d6ad33f0da3bbbeb27ffcb398eac501a31bd6ad2011e36133a1", 6, 0.9),
    ("nep141:usdt.tether-token.near", 6, 0.9),
    ("nep141:eth-0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48.omft.near", 6, 0.9),
    ("nep141:base-0x833589fcd6edb6e08f4c7c32d4f71b54bda02913.omft.near", 6, 0.9),
    ("nep141:xrp.omft.near", 6, 2.0),
    ("nep141:doge.omft.near", 8, 0.15),
)
"""Other tokens of the bus: id, decimals and the approximate EUR value of one, which only sizes the requests."""
ROUTER = "router-solver"
STAMPS: tuple[Stamp, ...] = ("text", "text", "number", "iso")
LONG_LIFE_S = (300, 1_200)
_ROUGH_MID = 80_000.0


class RequestFlow(msgspec.Struct, frozen=True, kw_only=True):
    """Requests a second, share of other pairs (0 to 1), median and spread of the sizes.

    ``legacy_share`` of the requests for our markets (0 to 1) are for those with a ``legacy`` token, which takers only
    sell unless ``legacy_both_ways``. Half of all requests sell a base token, as far as the share allows. ``dry`` of all
    requests are price checks and ``router_legs`` are legs of a router (both 0 to 1). ``text_deadlines``: share that
    writes ``min_deadline_ms`` as text. ``one_sided``: share of all requests that sell a base token instead of half of
    them. ``long_lives``: share of the requests for an exact amount out that ask for a life of 5 to 20 minutes.
    ``takers``: who asks; None: prompt takers and the price checks. ``profiles``: the rivals. ``pairs``: what the
    requests for other pairs are for; without any, for tokens that nobody holds.
    """

    rate: float = 5.0
    other_pairs: float = 0.9
    median_eur: float = 60.0
    sigma: float = 1.0
    tokens: TokenTable = DEFAULT_TOKENS
    legacy: tuple[Token, ...] = (BTC,)
    legacy_share: float = 0.2
    legacy_both_ways: bool = False
    dry: float = 0.0
    router_legs: float = 0.0
    text_deadlines: float = 0.2
    one_sided: float = 0.5
    long_lives: float = 0.0
    takers: TakerTerms | None = None
    profiles: tuple[Profile, ...] = PROFILES
    pairs: tuple[PricedMarket, ...] = ()


class ScheduledRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One scheduled request. Exactly one amount is set, in base units; times count from the market's start.

    ``market``: None for a pair of which nobody holds anything. ``tolerance_bps``: how far from the mid the trader still
    deals. ``rivals``: their answers. ``dry``: it says that nobody takes the answers. ``kind``: who asks; ``hold_ns``: a
    patient taker's; ``margin_ns``: a holder's; ``signal_bps``: the move that an informed one expects.
    """

    index: int
    at_ns: int
    quote_id: str
    market: Market | None
    asset_in: str
    asset_out: str
    amount_in: int | None
    amount_out: int | None
    min_deadline_ms: int
    min_wait_ms: int
    max_wait_ms: int | None
    trader: int
    tolerance_bps: Decimal
    traceparent: str | None
    partner_id: str | None
    mid: Decimal
    rivals: tuple[Draw, ...]
    dry: bool
    router_leg: bool
    bare: bool
    trusted: dict[str, object] | None
    trusted_in_data: bool
    deadline_as_text: bool
    stamp: Stamp
    kind: Kind = "prompt"
    hold_ns: int = 0
    margin_ns: int = MARGIN_NS
    signal_bps: Decimal = Decimal(0)

    def limit(self, market: Market) -> int:
        """Return the worst answer that the trader accepts: a least amount out, or a most amount in."""
        return counter_amount(
            market,
            self.asset_in,
            amount_in=self.amount_in,
            amount_out=self.amount_out,
            mid=self.mid,
            half_spread_bps=self.tolerance_bps,
        )


def schedule(
    seed: int,
    flow: RequestFlow,
    path: PricePath,
    traders: int = 1,
    *,
    later: Sequence[tuple[int, RequestFlow]] = (),
) -> Iterator[ScheduledRequest]:
    """Generate requests in the order of their arrival (Poisson), without end; none when the rate is zero.

    ``later``: what holds instead of ``flow`` from each time on, nanoseconds after the market's start, in order.
    """
    flows = [(0, flow), *later]
    rates = [(from_ns / NS_PER_S, changed.rate) for from_ns, changed in flows]
    volatility = PathVolatility(path)
    at, index = next_arrival(rates, 0.0, rng(seed, "arrival", 0).expovariate(1.0)), 0
    while at is not None:
        at_ns = int(at * NS_PER_S)
        current = flows[bisect_right(flows, at_ns, key=itemgetter(0)) - 1][1]
        yield request_at(seed, current, path, index, at_ns, traders, volatility)
        index += 1
        at = next_arrival(rates, at, rng(seed, "arrival", index).expovariate(1.0))


def request_at(
    seed: int,
    flow: RequestFlow,
    path: PricePath,
    index: int,
    at_ns: int,
    traders: int = 1,
    volatility: PathVolatility | None = None,
) -> ScheduledRequest:
    """Return request ``index``, arriving ``at_ns`` after the market's start. ``volatility``: of the same path."""
    chance = rng(seed, "demand", index)
    taker = None if flow.takers is None else taker_at(seed, flow.takers, index)
    volatility = PathVolatility(path) if volatility is None else volatility
    mid = path.mid_at(at_ns)
    size_eur = flow.median_eur * math.exp(chance.gauss(0, flow.sigma))
    exact_in = chance.random() < 0.6
    form = rng(seed, "form", index)
    kind = form.random()
    dry, router_leg = kind < flow.dry, flow.dry <= kind < flow.dry + flow.router_legs
    if taker is not None:
        dry, router_leg = taker.dry, kind < flow.router_legs and not taker.dry
    # Router legs are left open for 51 ms.
    asked_wait_ms = chance.randint(200, 600)
    min_wait_ms = 1 if router_leg else asked_wait_ms
    max_wait_ms = None if router_leg else form.choice((None, 1_500, 3_000))
    tolerance = 8 + chance.gammavariate(2, 20)
    quote_id = derive_uuid(seed, "quote_id", index)
    market: Market | None = None
    signal = Decimal(0)
    other = chance.random() < flow.other_pairs
    if other and not flow.pairs:
        asset_in, asset_out, units_in, units_out = _other_pair(flow, chance.random(), chance.random(), size_eur)
    else:
        size, drawn = size_eur, chance.random()
        if other:
            pair = flow.pairs[int(drawn * len(flow.pairs))]
            market, path, volatility, drawn = pair.market, pair.path, pair.volatility, chance.random()
            mid, size = path.mid_at(at_ns), size_eur / float(pair.quote_eur)
        sells = drawn < flow.one_sided
        if taker is not None and taker.kind == "informed" and flow.takers is not None:
            signal = signal_bps(taker, path, volatility, at_ns, flow.takers.correlation)
            sells = signal < 0
        if market is None:
            market, sells = _choose(flow, rng(seed, "market", index), sells=sells)
        base = market.base.token_id, _units(size / float(mid), market.base.decimals)
        quote = market.quote.token_id, _units(size, market.quote.decimals)
        (asset_in, units_in), (asset_out, units_out) = (base, quote) if sells else (quote, base)
    trace = derive(seed, "trace", index).hex()
    bare = chance.random() >= 0.85 and not dry and not router_leg
    deadline_ms = chance.choices((60_000, 30_000, 120_000), (8, 1, 1))[0]
    if not exact_in and flow.long_lives > 0:
        life = rng(seed, "life", index)
        deadline_ms = life.randint(*LONG_LIFE_S) * 1_000 if life.random() < flow.long_lives else deadline_ms
    answers: tuple[Draw, ...] = ()
    if market is not None:
        wait_ms = window_of(min_wait_ms, max_wait_ms, leg=router_leg).answered
        deviation = deviation_bps(flow.profiles, volatility, at_ns, deadline_ms)
        answers = draws(seed, quote_id, wait_ms, profiles=flow.profiles, deviation_bps=deviation)
    trader = chance.randrange(traders)
    partner_id: str | None = "1click" if dry else chance.choice(("1click", "near-intents.org", "wallet"))
    if taker is not None:
        partner_id = taker.partner_id
        bare = partner_id is None and not dry and not router_leg
    return ScheduledRequest(
        index=index,
        at_ns=at_ns,
        quote_id=quote_id,
        market=market,
        asset_in=asset_in,
        asset_out=asset_out,
        amount_in=units_in if exact_in else None,
        amount_out=None if exact_in else units_out,
        min_deadline_ms=deadline_ms,
        min_wait_ms=min_wait_ms,
        max_wait_ms=max_wait_ms,
        trader=trader,
        tolerance_bps=Decimal(round(tolerance * 100)).scaleb(-2),
        traceparent=None if bare else f"00-{trace[:32]}-{trace[32:48]}-01",
        partner_id=None if bare else ROUTER if router_leg else partner_id,
        mid=mid,
        rivals=answers,
        dry=dry,
        router_leg=router_leg,
        bare=bare,
        trusted=None if bare else _trusted(form, partner_id, dry=dry, router_leg=router_leg),
        trusted_in_data=form.random() < 0.3,
        deadline_as_text=form.random() < flow.text_deadlines,
        stamp=form.choice(STAMPS),
        kind=taker.kind if taker is not None else "probe" if dry else "prompt",
        hold_ns=0 if taker is None else taker.hold_ns,
        margin_ns=MARGIN_NS if flow.takers is None else flow.takers.margin_ns,
        signal_bps=signal,
    )


def _trusted(form: random.Random, partner_id: str | None, *, dry: bool, router_leg: bool) -> dict[str, object] | None:
    """Return what the relay says of who asks: 1Click's word, which a router passes on with its own."""
    told: dict[str, object] | None = None
    if partner_id == "1click":
        told = {
            "source": "1click",
            "partner_id": f"wallet-{form.randrange(5)}",
            "quote_type": form.choice(("main_quote", "main_quote", "after_deposit", "min_deposit_amount")),
            "quote_request_data": {"dry": dry, "slippageTolerance": form.choice((50, 100, 300))},
        }
    if not router_leg:
        return told
    passed_on = {} if told is None else {"upstream_trusted_metadata": told}
    named = {} if partner_id is None else {"partner_id": partner_id}
    return {"source": "router", "upstream_metadata": named, **passed_on}


def _choose(flow: RequestFlow, chance: random.Random, *, sells: bool) -> tuple[Market, bool]:
    """Choose the market, and whether the taker sells its base token: a legacy token is sold, or left."""
    legacy = [market for market in flow.tokens.markets if market.base in flow.legacy]
    others = [market for market in flow.tokens.markets if market.base not in flow.legacy]
    share = (flow.legacy_share if others else 1.0) if legacy else 0.0
    drawn = chance.random()
    if flow.legacy_both_ways or not others:
        wants_legacy = drawn < share
    else:
        wants_legacy = drawn < (2 * share if sells else 2 * share - 1)
        sells = sells or wants_legacy
    return chance.choice(legacy if wants_legacy else others), sells


def _other_pair(flow: RequestFlow, first: float, second: float, size_eur: float) -> tuple[str, str, int, int]:
    own = [
        (token.token_id, token.decimals, _ROUGH_MID if token.underlying == flow.tokens.base else 1.0)
        for token in flow.tokens.tokens
    ]
    ids_of_legacy = {token.token_id for token in flow.legacy}
    sold = [*OTHER_TOKENS, *(one for one in own if one[0] in ids_of_legacy)]
    token_in, decimals_in, worth_in = sold[int(first * len(sold))]
    bought = [*OTHER_TOKENS, *(one for one in own if one[0] not in ids_of_legacy)]
    bought = [one for one in bought if one[0] != token_in and flow.tokens.market(token_in, one[0]) is None]
    token_out, decimals_out, worth_out = bought[int(second * len(bought))]
    return token_in, token_out, _units(size_eur / worth_in, decimals_in), _units(size_eur / worth_out, decimals_out)


def _units(amount: float, decimals: int) -> int:
    # Six significant digits, at least one base unit.
    return max(1, int(Decimal(f"{amount:.6g}").scaleb(decimals)))
