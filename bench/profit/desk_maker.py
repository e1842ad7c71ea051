"""The desk as a maker of a backtest: its own decisions, σ and reservations, without its wires."""

import heapq
from collections import Counter
from collections.abc import Sequence

import msgspec

from bench.profit.seen import START_NS, Seen
from cockpit.config.settings import Settings
from cockpit.desk.quote_book.commitment import commit
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.desk.quoting.desk_view import DeskView
from cockpit.desk.quoting.strategy import Decision, decide, desk_prices
from cockpit.model.commands import Limits, PriceParams
from venue.protocol.assets import Market
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.sandbox.backtest import BacktestFill, Offer
from venue.sandbox.flow.schedule import ScheduledRequest


def _default(name: str) -> int:
    default = Settings.model_fields[name].default
    assert isinstance(default, int)
    return default


SLACK_MS = _default("quote_deadline_slack_ms")
SHORTEST_MS = _default("quote_deadline_ms")
EXPIRY_MARGIN_NS = _default("quote_death_margin_ms") * NS_PER_MS


class DeskTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How a desk prices and what it is held to. Lives in milliseconds: at least ``shortest_ms``, and ``slack_ms`` more
    than asked.
    """

    params: PriceParams
    limits: Limits
    shortest_ms: int = SHORTEST_MS
    slack_ms: int = SLACK_MS


class DeskMaker:
    """Answers as the desk would whose parts all work: armed, connected, balances always known.

    ``reasons``: how often each check was the first to fail, ``quote`` for an answer.
    """

    def __init__(self, terms: DeskTerms, market: Market, opening: dict[str, int], seen: Sequence[Seen]) -> None:
        self._terms = terms
        self._market = market
        self._held = dict(opening)
        self._seen = seen
        self._reservations = Reservations(DEFAULT_TOKENS)
        self._expiries: list[tuple[int, str]] = []
        self.reasons: Counter[str] = Counter()

    def quote(self, request: ScheduledRequest, at_ns: int) -> Offer | None:
        now_ns = START_NS + at_ns
        while self._expiries and self._expiries[0][0] <= now_ns:
            self._reservations.release(heapq.heappop(self._expiries)[1])
        seen = self._seen[request.index]
        view = self._view(seen, now_ns)
        decision = decide(seen.demand, view, desk_prices(view))
        self.reasons[decision.reason] += 1
        amounts = decision.amounts
        if not decision.execute or amounts is None:
            return None
        self._reserve(seen, decision)
        counter = amounts.amount_out if request.amount_out is None else amounts.amount_in
        return Offer(counter=counter, deadline_ns=decision.deadline_ns - START_NS)

    def settled(self, fill: BacktestFill) -> None:
        self._reservations.release(fill.request.quote_id)
        self._held[fill.request.asset_out] -= fill.quote.amount_out
        self._held[fill.request.asset_in] += fill.quote.amount_in

    def _reserve(self, seen: Seen, decision: Decision) -> None:
        demand, amounts = seen.demand, decision.amounts
        assert amounts is not None
        released_ns = decision.deadline_ns + EXPIRY_MARGIN_NS
        commitment = commit(
            quote_hash=demand.quote_id,
            quote_id=demand.quote_id,
            command_id="",
            decision_id="",
            nonce="",
            side=decision.side,
            asset_in=demand.asset_in,
            asset_out=demand.asset_out,
            amount_in=amounts.amount_in,
            amount_out=amounts.amount_out,
            edge=amounts.edge,
            sent_ns=demand.at_ns,
            deadline_ns=decision.deadline_ns,
            released_after_ns=released_ns,
        )
        self._reservations.reserve(commitment, self._held[demand.asset_out])
        heapq.heappush(self._expiries, (released_ns, demand.quote_id))

    def _view(self, seen: Seen, now_ns: int) -> DeskView:
        market, terms, reservations = self._market, self._terms, self._reservations
        base, quote = market.base, market.quote
        base_out, quote_out = reservations.committed(base.token_id), reservations.committed(quote.token_id)
        return DeskView(
            market=market,
            limits=terms.limits,
            params=terms.params,
            strategy_armed=True,
            executor_armed=True,
            mid=seen.mid,
            mid_at_ns=seen.mid_at_ns,
            mid_usable=True,
            mid_problem="",
            base_balance=self._held[base.token_id],
            quote_balance=self._held[quote.token_id],
            base_reserved=base_out,
            quote_reserved=quote_out,
            inventory_at_ns=now_ns - NS_PER_S,
            default_deadline_ms=terms.shortest_ms,
            salt_known=True,
            relay_writable=True,
            history_writable=True,
            base_promised=base_out * base.scale,
            quote_promised=quote_out * quote.scale,
            deadline_slack_ms=terms.slack_ms,
            base_signed=base_out * base.scale,
            quote_signed=quote_out * quote.scale,
            request_max_age_ms=None,
            sigma_bps=seen.sigma_bps,
        )
