"""The strategy: from a demand and a view of the desk to a decision with all its reasons.

``decide`` is pure: same inputs, same decision; it has no clock and does no I/O. Every guard is looked at, and leaves
what it measured beside what it allows; the first that fails names the decision.
"""

from decimal import Decimal
from functools import lru_cache

import msgspec

from cockpit.desk.market.pricing import (
    Amounts,
    Bounds,
    PriceParams,
    Prices,
    earns,
    make_prices,
    price_amounts,
    skew_bps,
)
from cockpit.desk.quoting.guard_text import words
from cockpit.desk.risk.limits import in_units, max_notional
from cockpit.model.commands import Limits
from cockpit.model.events import Check, Side, SwapDemand, TradeDecision
from cockpit.model.snapshot import Trading
from venue.protocol.assets import Asset, Pair, PairAmounts
from venue.protocol.units import NS_PER_MS

DEADLINE_SLACK_MS = 1_000
"""The relay wants the deadline it asked for still ahead when the answer reaches it: a second for the way."""

ONE = 10**18
"""The whole, in whole parts: a share has at most as many decimals."""

EXECUTOR_GUARDS = ("executor_armed", "salt", "relay", "history")
"""Guards of the executor; a decision is actionable when all others passed."""


class DeskView(msgspec.Struct, frozen=True, gc=False):
    """What the strategy knows. Amounts are base units, None where the Verifier has not told; times UTC ns.

    ``reserved`` is promised or leaving. ``quotes_in_second`` and ``fills_in_hour``: how many there were until now.
    ``loss``: what the day's fills have lost against the mid, base units of EURe, 0 when they gained.
    """

    pair: Pair
    limits: Limits
    params: PriceParams
    strategy_armed: bool
    executor_armed: bool
    mid: Decimal | None
    mid_at_ns: int
    mid_usable: bool
    mid_problem: str
    base_balance: int | None
    quote_balance: int | None
    base_reserved: int
    quote_reserved: int
    inventory_at_ns: int
    default_deadline_ms: int
    salt_known: bool
    relay_writable: bool
    history_writable: bool
    trading: Trading = "ACTIVE"
    base_promised: int = 0
    quote_promised: int = 0
    quotes_in_second: int = 0
    fills_in_hour: int = 0
    loss: int = 0


_RULES = ("pair", "limits", "params")
"""What of a view is not in its record: the pair is the program's, limits and parameters change seldom."""

Viewed = msgspec.defstruct(
    "Viewed",
    [
        (field.name, field.type) if field.required else (field.name, field.type, field.default)
        for field in msgspec.structs.fields(DeskView)
        if field.name not in _RULES
    ],
    frozen=True,
)
"""A view without its rules: whatever ``DeskView`` holds is recorded, and read back as the same types."""

_VIEWED = tuple(Viewed.__struct_fields__)
_encode = msgspec.json.Encoder().encode
_viewed = msgspec.json.Decoder(Viewed).decode


def record_view(view: DeskView) -> str:
    """What the strategy knew, as JSON, but for its rules; ``read_view`` gives it back."""
    return _encode({name: getattr(view, name) for name in _VIEWED}).decode()


def read_view(recorded: str, pair: Pair, limits: Limits, params: PriceParams) -> DeskView:
    """The view that was recorded, under these rules; msgspec.MsgspecError when another version recorded it."""
    viewed = _viewed(recorded)
    return DeskView(pair=pair, limits=limits, params=params, **{name: getattr(viewed, name) for name in _VIEWED})


class RiskCheck(msgspec.Struct, frozen=True, gc=False):
    """One check with the raw values it compared; rendered to text only off the quote path."""

    name: str
    passed: bool
    measured: object
    allowed: object


class Decision(msgspec.Struct, frozen=True):
    """What to do about one demand. ``execute`` says that every guard passed, the executor's included."""

    side: Side
    reason: str
    actionable: bool
    execute: bool
    mid: Decimal | None
    price: Decimal | None
    skew_bps: Decimal | None
    amounts: Amounts | None
    deadline_ns: int
    guards: tuple[RiskCheck, ...]


def desk_prices(view: DeskView) -> Prices | None:
    """What the desk bids and asks under this view; None while the mid is unknown."""
    if view.mid is None:
        return None
    pair, mid = view.pair, view.mid
    base, quote = view.base_balance, view.quote_balance
    share = None if base is None or quote is None else pair.base_share(PairAmounts(base, quote), mid)
    made = make_prices(mid, skew_bps(share, view.params), view.params, view.limits.min_edge_bps)
    return Prices(made.bid, made.ask, made.skew_bps, _bounds(view, mid))


def _bounds(view: DeskView, mid: Decimal) -> Bounds:
    """The limits at this mid; what must be kept is rounded up."""
    rules = _in_units(view.limits, view.params.target_btc_share, view.pair.quote)
    at_mid = numerator, denominator = view.pair.price_ratio(mid)
    base, quote = view.base_balance, view.quote_balance
    if base is None or quote is None:
        return Bounds(rules.promised, rules.loss, at_mid, None, None)
    worth = base * numerator + quote * denominator
    keep, keep_reducing = (
        PairAmounts(-(-worth * least_btc // (numerator * ONE)), -(-worth * least_eure // (denominator * ONE)))
        for least_btc, least_eure in ((rules.least, rules.least), (rules.target, ONE - rules.target))
    )
    return Bounds(rules.promised, rules.loss, at_mid, keep, keep_reducing)


class _Rules(msgspec.Struct, frozen=True, gc=False):
    """Limits as whole numbers: amounts in base units of EURe, shares in parts of ``ONE``.

    ``least``: the share of each asset that must be left; ``target``: the target share of BTC.
    """

    promised: int
    loss: int
    least: int
    target: int


@lru_cache(maxsize=8)
def _in_units(limits: Limits, target: Decimal, quote: Asset) -> _Rules:
    return _Rules(
        in_units(limits.max_promised_eure, quote),
        in_units(limits.max_loss_per_day_eure, quote),
        ONE - int(limits.max_asset_share * ONE),
        int(target * ONE),
    )


def decide(demand: SwapDemand, view: DeskView, prices: Prices | None) -> Decision:
    """Decide one demand. ``prices`` is ``desk_prices(view)``, handed in because it changes less often than demand."""
    pair, limits = view.pair, view.limits
    side: Side = "buy" if demand.asset_in == pair.base.token_id else "sell"
    amounts = price = None
    mid = view.mid
    if prices is not None and mid is not None:
        price = prices.bid if side == "buy" else prices.ask
        amounts = price_amounts(pair, side, demand.amount_in, demand.amount_out, price, mid)
    if side == "buy":
        balance, reserved = view.quote_balance, view.quote_reserved
    else:
        balance, reserved = view.base_balance, view.base_reserved
    spendable = None if balance is None else balance - reserved
    reference_age = (demand.at_ns - view.mid_at_ns) // NS_PER_MS
    inventory_age = (demand.at_ns - view.inventory_at_ns) // NS_PER_MS
    wanted_ms = demand.min_deadline_ms + DEADLINE_SLACK_MS
    life_ms = max(wanted_ms, min(view.default_deadline_ms, limits.max_deadline_ms))
    most = max_notional(limits, pair.quote)
    bounds = prices.bounds if prices is not None else None
    left = None if amounts is None or spendable is None else spendable - amounts.amount_out
    promised = None
    if bounds is not None and amounts is not None:
        numerator, denominator = bounds.mid
        promised = view.quote_promised - -view.base_promised * numerator // denominator + amounts.notional
    guards = (
        RiskCheck("strategy_armed", view.strategy_armed, view.strategy_armed, True),
        _trading(view, side, left, bounds),
        RiskCheck("reference", view.mid_usable and mid is not None, view.mid_problem or mid, "agreeing sources"),
        RiskCheck(
            "reference_age",
            mid is not None and 0 <= reference_age <= limits.max_reference_age_ms,
            reference_age if mid is not None else None,
            limits.max_reference_age_ms,
        ),
        RiskCheck("inventory", spendable is not None, balance, "known"),
        RiskCheck(
            "inventory_age",
            balance is not None and 0 <= inventory_age <= limits.max_inventory_age_ms,
            inventory_age if balance is not None else None,
            limits.max_inventory_age_ms,
        ),
        RiskCheck("deadline", life_ms <= limits.max_deadline_ms, life_ms, limits.max_deadline_ms),
        RiskCheck("amount", amounts is not None, None if amounts is None else amounts.amount_out, "above zero"),
        RiskCheck(
            "notional",
            amounts is not None and amounts.notional <= most,
            None if amounts is None else amounts.notional,
            most,
        ),
        RiskCheck(
            "edge",
            amounts is not None and mid is not None and earns(pair, side, amounts, mid, limits.min_edge_bps),
            None if amounts is None else amounts.edge,
            limits.min_edge_bps,
        ),
        RiskCheck(
            "covered",
            amounts is not None and spendable is not None and amounts.amount_out <= spendable,
            None if amounts is None else amounts.amount_out,
            spendable,
        ),
        _within("promised", promised, None if bounds is None else bounds.promised),
        _share(side, left, bounds),
        RiskCheck(
            "rate",
            view.quotes_in_second < limits.max_quotes_per_second,
            view.quotes_in_second,
            limits.max_quotes_per_second,
        ),
        RiskCheck(
            "fills", view.fills_in_hour < limits.max_fills_per_hour, view.fills_in_hour, limits.max_fills_per_hour
        ),
        _within("loss", view.loss, None if bounds is None else bounds.loss),
        RiskCheck("executor_armed", view.executor_armed, view.executor_armed, True),
        RiskCheck("salt", view.salt_known, view.salt_known, True),
        RiskCheck("relay", view.relay_writable, view.relay_writable, True),
        RiskCheck("history", view.history_writable, view.history_writable, True),
    )
    failed = [guard.name for guard in guards if not guard.passed]
    return Decision(
        side,
        failed[0] if failed else "quote",
        not failed or failed[0] in EXECUTOR_GUARDS,
        not failed,
        mid,
        price,
        prices.skew_bps if prices is not None else None,
        amounts,
        demand.at_ns + life_ms * NS_PER_MS,
        guards,
    )


def _within(name: str, measured: int | None, most: int | None) -> RiskCheck:
    """An amount of EURe against its most; unknown blocks."""
    passed = measured is not None and most is not None and measured <= most
    return RiskCheck(name, passed, measured if most is not None else None, most)


def _trading(view: DeskView, side: Side, left: int | None, bounds: Bounds | None) -> RiskCheck:
    """The trading state: REDUCING lets through what brings the inventory nearer to its target, and not past it."""
    if view.trading != "REDUCING":
        return RiskCheck("trading", view.trading == "ACTIVE", view.trading, None)
    keep = _keep(side, None if bounds is None else bounds.keep_reducing)
    return RiskCheck("trading", left is not None and keep is not None and left >= keep, view.trading, (left, keep))


def _share(side: Side, left: int | None, bounds: Bounds | None) -> RiskCheck:
    """What must be left of the asset given, so that the other one's share stays within its limit."""
    keep = _keep(side, None if bounds is None else bounds.keep)
    if left is None or keep is None:
        return RiskCheck("share", False, None, keep)
    return RiskCheck("share", max(0, left) >= keep, left, keep)


def _keep(side: Side, keep: PairAmounts | None) -> int | None:
    return None if keep is None else keep.quote if side == "buy" else keep.base


def decision_event(
    decision_id: str, demand: SwapDemand, decision: Decision, view: DeskView, failure: str = "", rules_id: str = ""
) -> TradeDecision:
    """The decision as history keeps it, each check with its numbers in words.

    ``failure`` is why an executable decision was not sent after all; it then is one more check, and the reason.
    ``rules_id`` names the recorded limits and parameters of the view.
    """
    amounts = decision.amounts
    quote = view.pair.quote
    given = quote if decision.side == "buy" else view.pair.base
    checks = tuple(
        Check(guard.name, guard.passed, words(guard.name, guard.measured, guard.allowed, given, quote))
        for guard in decision.guards
    )
    if failure:
        checks = (*checks, Check("sent", False, failure))
    return TradeDecision(
        demand.at_ns,
        decision_id,
        demand.quote_id,
        decision.actionable,
        "sent" if failure else decision.reason,
        decision.side,
        decision.mid,
        decision.price,
        decision.skew_bps,
        amounts.amount_in if amounts else None,
        amounts.amount_out if amounts else None,
        amounts.notional if amounts else None,
        amounts.edge if amounts else None,
        decision.deadline_ns,
        checks,
        rules_id,
        record_view(view),
    )
