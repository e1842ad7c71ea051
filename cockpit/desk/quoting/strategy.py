"""The strategy: from a request and a view of the desk to a decision with all its reasons.

``decide`` is pure: same inputs, same decision; it has no clock and does no I/O. Every risk check is made and keeps
what it compared; the first that fails names the decision.
"""

from decimal import Decimal
from functools import lru_cache

import msgspec

from cockpit.desk.market.pricing import (
    STANDARD_LIFE_MS,
    Amounts,
    Bounds,
    Prices,
    PricesByLife,
    in_whole,
    price_amounts,
    skew_bps,
)
from cockpit.desk.quoting.desk_view import DeskView, record_view
from cockpit.desk.quoting.risk_checks import EXECUTOR_CHECKS, CheckInputs, RiskCheck, checks_for, dry, request_age
from cockpit.desk.risk.limits import in_units, max_notional, min_notional
from cockpit.model.commands import Limits
from cockpit.model.events import Check, Side, SwapDemand, TradeDecision
from venue.protocol.assets import PairAmounts, Unit, base_share
from venue.protocol.units import NS_PER_MS

ONE = 10**18
"""The whole, in whole parts: a share has at most as many decimals."""
LEAST_WINDOW_MS = 1_000
"""A shorter auction is not held against a request: the relay's clock and this machine's differ."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about one request. ``execute``: every check passed, the executor's included.

    ``balance``: of the asset given, base units; None while it is unknown. ``written``: what the option in the quote is
    worth to its holder, base units of the quote underlying.
    """

    side: Side
    reason: str
    actionable: bool
    execute: bool
    mid: Decimal | None
    price: Decimal | None
    skew_bps: Decimal | None
    amounts: Amounts | None
    balance: int | None
    deadline_ns: int
    checks: tuple[RiskCheck, ...]
    written: int = 0


def desk_prices(view: DeskView) -> Prices | None:
    """Make the bid and ask of this view; None while the mid is unknown."""
    if view.mid is None:
        return None
    mid, held = view.mid, _held(view)
    base, quote = view.market.base.underlying, view.market.quote.underlying
    share = None if held is None else base_share(base, quote, held, mid)
    params, least = view.params, view.limits.min_edge_bps
    skew = skew_bps(share, params, view.sigma_bps)
    bounds = _bounds(view, held, mid)
    sigma = params.unknown_sigma_bps if view.sigma_bps is None else view.sigma_bps
    by_life = PricesByLife(mid, skew, params, min_edge_bps=least, sigma_bps=sigma)
    usual = by_life.at(STANDARD_LIFE_MS + view.deadline_slack_ms)
    return Prices(usual.bid, usual.ask, skew, bounds, by_life)


def _held(view: DeskView) -> PairAmounts | None:
    """Return all that is held of either underlying; None while the balances are unknown."""
    base, quote, market = view.base_balance, view.quote_balance, view.market
    if base is None or quote is None:
        return None
    return PairAmounts(
        base * market.base.scale + view.base_elsewhere, quote * market.quote.scale + view.quote_elsewhere
    )


def _bounds(view: DeskView, held: PairAmounts | None, mid: Decimal) -> Bounds:
    """The limits at this mid; what must be kept is rounded up."""
    rules = _in_units(view.limits, view.params.target_btc_share, view.market.quote.underlying)
    at_mid = numerator, denominator = view.market.worth_ratio(mid)
    if held is None:
        return Bounds(
            committed=rules.committed,
            signed=rules.signed,
            loss=rules.loss,
            mid=at_mid,
            keep=None,
            keep_reducing=None,
            option=rules.option,
        )
    worth = held.base * numerator + held.quote * denominator
    keep, keep_reducing = (
        PairAmounts(-(-worth * least_btc // (numerator * ONE)), -(-worth * least_eure // (denominator * ONE)))
        for least_btc, least_eure in ((rules.least, rules.least), (rules.target, ONE - rules.target))
    )
    return Bounds(
        committed=rules.committed,
        signed=rules.signed,
        loss=rules.loss,
        mid=at_mid,
        keep=keep,
        keep_reducing=keep_reducing,
        option=rules.option,
    )


class _Rules(msgspec.Struct, frozen=True, gc=False):
    """Limits as whole numbers: amounts in base units of the quote underlying, shares in parts of ``ONE``.

    ``least``: the share of each underlying that must be left; ``target``: the target share of the base.
    """

    committed: int
    signed: int
    loss: int
    least: int
    target: int
    option: int


@lru_cache(maxsize=8)
def _in_units(limits: Limits, target: Decimal, quote: Unit) -> _Rules:
    return _Rules(
        committed=in_units(limits.max_promised_eure, quote),
        signed=in_units(limits.max_signed_eure, quote),
        loss=in_units(limits.max_loss_per_day_eure, quote),
        least=ONE - int(limits.max_asset_share * ONE),
        target=int(target * ONE),
        option=in_units(limits.max_option_eure, quote),
    )


def decide(request: SwapDemand, view: DeskView, prices: Prices | None) -> Decision:
    """Decide one request. ``prices`` is ``desk_prices(view)``, handed in because it changes less often than requests
    come.
    """
    market, limits, mid = view.market, view.limits, view.mid
    side: Side = "buy" if request.asset_in == market.base.token_id else "sell"
    exact_out = request.amount_in is None
    max_life_ms = limits.max_deadline_ms
    if exact_out and view.exact_out_deadline_ms is not None:
        max_life_ms = min(max_life_ms, view.exact_out_deadline_ms)
    # The relay wants the deadline it asked for still ahead when the answer reaches it, and by the taker's clock.
    life_ms = max(request.min_deadline_ms + view.deadline_slack_ms, min(view.default_deadline_ms, max_life_ms))
    amounts = price = premium = bounds = skew = None
    written = 0
    if prices is not None:
        bounds, skew = prices.bounds, prices.skew_bps
        if mid is not None:
            at_life = prices.by_life.at(life_ms, view.add_on_bps)
            price, premium = (at_life.bid, at_life.bid_premium) if side == "buy" else (at_life.ask, at_life.ask_premium)
            amounts = price_amounts(market, side, request.amount_in, request.amount_out, price, mid)
            if amounts is not None:
                written = in_whole(premium, amounts.notional)
    if side == "buy":
        given, balance, reserved = market.quote, view.quote_balance, view.quote_reserved
        elsewhere = view.quote_elsewhere - view.quote_elsewhere_reserved
    else:
        given, balance, reserved = market.base, view.base_balance, view.base_reserved
        elsewhere = view.base_elsewhere - view.base_elsewhere_reserved
    available = left = None
    if balance is not None:
        available = balance - reserved
        if amounts is not None:
            left = (available - amounts.amount_out) * given.scale + elsewhere
    committed = signed = None
    if bounds is not None and amounts is not None:
        numerator, denominator = bounds.mid
        committed = view.quote_promised - -view.base_promised * numerator // denominator + amounts.notional
        if view.base_signed is not None and view.quote_signed is not None:
            signed = view.quote_signed - -view.base_signed * numerator // denominator + amounts.notional
    request_age_ms, max_request_age_ms = view.request_waited_ms, view.request_max_age_ms
    if request.asked_ns is not None:
        request_age_ms = max(request_age_ms, (request.at_ns - request.asked_ns) // NS_PER_MS)
    if max_request_age_ms is not None and request.max_wait_ms is not None:
        max_request_age_ms = min(max_request_age_ms, max(request.max_wait_ms, LEAST_WINDOW_MS))
    inputs = CheckInputs(
        view=view,
        side=side,
        given=given,
        amounts=amounts,
        bounds=bounds,
        balance=balance,
        available=available,
        left=left,
        committed=committed,
        signed=signed,
        premium_bps=premium,
        option=None if view.option_value is None else view.option_value + written,
        max_notional=max_notional(limits, market.quote.underlying),
        min_notional=min_notional(limits, market.quote.underlying),
        reference_age_ms=(request.at_ns - view.mid_at_ns) // NS_PER_MS,
        inventory_age_ms=(request.at_ns - view.inventory_at_ns) // NS_PER_MS,
        life_ms=life_ms,
        max_life_ms=max_life_ms,
        request_age_ms=request_age_ms,
        max_request_age_ms=max_request_age_ms,
    )
    checks = tuple([check(inputs) for check in checks_for(view)])
    if max_request_age_ms is not None:
        checks = (request_age(inputs), *checks)
    if request.dry:
        checks = (dry(inputs), *checks)
    failed = [check.name for check in checks if not check.passed]
    return Decision(
        side=side,
        reason=failed[0] if failed else "quote",
        actionable=not failed or failed[0] in EXECUTOR_CHECKS,
        execute=not failed,
        mid=mid,
        price=price,
        skew_bps=skew,
        amounts=amounts,
        balance=balance,
        deadline_ns=request.at_ns + life_ms * NS_PER_MS,
        checks=checks,
        written=written,
    )


def recorded_reason(decision: Decision, failure: str = "") -> str:
    """Return the reason on record: that of the decision, or ``sent`` where it could not be carried out."""
    return "sent" if failure else decision.reason


def decision_event(
    decision_id: str, request: SwapDemand, decision: Decision, view: DeskView, failure: str = "", rules_id: str = ""
) -> TradeDecision:
    """Make the record of the decision, with the details of each check.

    ``failure`` is why an executable decision was not sent after all; it then is one more check, and the reason.
    ``rules_id`` names the recorded limits and parameters of the view.
    """
    checks = tuple([Check(check.name, check.passed, check.text()) for check in decision.checks])
    return decision_of_checks(
        decision_id, request, decision, checks, failure=failure, rules_id=rules_id, view=record_view(view)
    )


def decision_of_checks(
    decision_id: str,
    request: SwapDemand,
    decision: Decision,
    checks: tuple[Check, ...],
    *,
    failure: str,
    rules_id: str,
    view: str,
) -> TradeDecision:
    """Make the record of the decision from the recorded checks and view; the rest is as in ``decision_event``."""
    amounts = decision.amounts
    if failure:
        checks = (*checks, Check("sent", False, failure))
    return TradeDecision(
        at_ns=request.at_ns,
        decision_id=decision_id,
        quote_id=request.quote_id,
        actionable=decision.actionable,
        reason=recorded_reason(decision, failure),
        side=decision.side,
        mid=decision.mid,
        price=decision.price,
        skew_bps=decision.skew_bps,
        amount_in=amounts.amount_in if amounts else None,
        amount_out=amounts.amount_out if amounts else None,
        notional=amounts.notional if amounts else None,
        edge=amounts.edge if amounts else None,
        deadline_ns=decision.deadline_ns,
        checks=checks,
        rules_id=rules_id,
        view=view,
    )
