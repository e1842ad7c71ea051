"""The risk checks of a decision, in their order: each compares what is known with what is allowed. Pure.

The names, and the format of the details that ``text`` returns, are recorded in history and must not change: a recorded
decision is made again to the letter. Details are rendered only after the quote has left; whole numbers are not put
through Decimal for it.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import product

import msgspec

from cockpit.desk.market.pricing import Amounts, Bounds, earns
from cockpit.desk.quoting.desk_view import DeskView
from cockpit.model.commands import NO_OPTION_LIMIT
from cockpit.model.events import Side
from venue.protocol.assets import EXACT, PairAmounts, Token, Unit

UNKNOWN = "unknown"
OPTION_REDUCES = 4, 5
"""Part of the limit on options from which on only quotes are made that reduce."""
DRY_NOT_QUOTED = "a price check, nobody means to trade: not quoted"
DRY_QUOTED = "a price check, nobody means to trade: quoted by setting"


class RiskCheck(msgspec.Struct, frozen=True, gc=False):
    """One check: its recorded name, and whether it passed. Of a condition it is all there is to say."""

    name: str
    passed: bool

    def text(self) -> str:
        """Render what was compared, as it is recorded."""
        return "yes" if self.passed else "no"


class CheckInputs(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the checks compare, made once for a request. Amounts are base units, None where they are unknown.

    ``given``: the token that the quote gives; ``balance`` and ``available`` are of it. ``left``: what would be left of
    its underlying, in all tokens of it. ``committed``: live quotes and this one, in the quote underlying at the mid;
    ``signed``: refused ones that could still settle too. ``premium_bps``: what the option in the quote is worth to its
    holder, None where prices do not depend on it. ``option``: what all signed quotes and this one are worth to their
    holders, in the quote underlying.
    Ages, ``life_ms``, the time from request to deadline, and the longest that it may be are milliseconds; the request
    may be at most ``max_request_age_ms`` old, None in a view of before there was a bound.
    """

    view: DeskView
    side: Side
    given: Token
    amounts: Amounts | None
    bounds: Bounds | None
    balance: int | None
    available: int | None
    left: int | None
    committed: int | None
    signed: int | None
    premium_bps: Decimal | None
    option: int | None
    max_notional: int
    min_notional: int
    reference_age_ms: int
    inventory_age_ms: int
    life_ms: int
    max_life_ms: int
    request_age_ms: int
    max_request_age_ms: int | None


class _Reference(RiskCheck, frozen=True, gc=False):
    mid: Decimal | None
    problem: str

    def text(self) -> str:
        return self.problem or (UNKNOWN if self.mid is None else str(self.mid))


class _Age(RiskCheck, frozen=True, gc=False):
    age_ms: int | None
    max_ms: int

    def text(self) -> str:
        return UNKNOWN if self.age_ms is None else f"{self.age_ms} ms, at most {self.max_ms} ms"


class _Amount(RiskCheck, frozen=True, gc=False):
    unit: Unit
    units: int | None

    def text(self) -> str:
        return UNKNOWN if self.units is None else f"{self.unit.shown(self.units, 8)} {self.unit.symbol}"


class _Limit(RiskCheck, frozen=True, gc=False):
    """An amount of the quote underlying against its limit; ``max_units`` is None only when ``units`` is."""

    unit: Unit
    units: int | None
    max_units: int | None

    def text(self) -> str:
        if self.units is None or self.max_units is None:
            return UNKNOWN
        symbol = self.unit.symbol
        return f"{self.unit.shown(self.units, 6)} {symbol}, at most {_plain(self.unit, self.max_units)} {symbol}"


class _Least(RiskCheck, frozen=True, gc=False):
    """An amount of the quote underlying that must not be smaller."""

    unit: Unit
    units: int | None
    min_units: int

    def text(self) -> str:
        if self.units is None:
            return UNKNOWN
        symbol = self.unit.symbol
        return f"{self.unit.shown(self.units, 6)} {symbol}, at least {_plain(self.unit, self.min_units)} {symbol}"


class _Edge(RiskCheck, frozen=True, gc=False):
    unit: Unit
    edge: int | None
    min_bps: Decimal

    def text(self) -> str:
        if self.edge is None:
            return UNKNOWN
        return f"{self.unit.shown(self.edge, 6)} {self.unit.symbol}, at least {self.min_bps} bps"


class _Premium(RiskCheck, frozen=True, gc=False):
    bps: Decimal | None
    max_bps: Decimal

    def text(self) -> str:
        return f"{UNKNOWN if self.bps is None else f'{self.bps} bps'}, at most {self.max_bps} bps"


class _Option(_Limit, frozen=True, gc=False):
    """An amount that only a quote which reduces may bring above four fifths of the limit."""

    def text(self) -> str:
        if self.units is None or self.max_units is None:
            return UNKNOWN
        from_units = self.max_units * OPTION_REDUCES[0] // OPTION_REDUCES[1]
        symbol = self.unit.symbol
        return (
            f"{self.unit.shown(self.units, 6)} {symbol}, reduces from {_plain(self.unit, from_units)}, "
            f"at most {_plain(self.unit, self.max_units)} {symbol}"
        )


class _Covered(RiskCheck, frozen=True, gc=False):
    unit: Unit
    units: int | None
    available: int | None

    def text(self) -> str:
        if self.units is None:
            return UNKNOWN
        available = UNKNOWN if self.available is None else self.unit.shown(max(0, self.available), 8)
        return f"gives {self.unit.shown(self.units, 8)} {self.unit.symbol}, spendable {available}"


class _Share(RiskCheck, frozen=True, gc=False):
    unit: Unit
    left: int | None
    keep: int | None

    def text(self) -> str:
        return _leaves(self.unit, self.left, self.keep)


class _Reducing(_Share, frozen=True, gc=False):
    def text(self) -> str:
        return f"REDUCING: {_leaves(self.unit, self.left, self.keep)}"


class _State(RiskCheck, frozen=True, gc=False):
    state: str

    def text(self) -> str:
        return self.state


class _Count(RiskCheck, frozen=True, gc=False):
    count: int
    max_count: int
    period: str

    def text(self) -> str:
        return f"{self.count} within {self.period}, at most {self.max_count}"


class _Dry(RiskCheck, frozen=True, gc=False):
    def text(self) -> str:
        return DRY_QUOTED if self.passed else DRY_NOT_QUOTED


def dry(at: CheckInputs) -> RiskCheck:
    # Made of dry requests only: it was not known when older decisions were recorded.
    return _Dry("dry", at.view.quote_dry)


def request_age(at: CheckInputs) -> RiskCheck:
    # Not made where there is no bound: it was not known when older decisions were recorded.
    age_ms, most_ms = at.request_age_ms, at.max_request_age_ms
    assert most_ms is not None
    return _Age("request_age", age_ms <= most_ms, age_ms, most_ms)


def strategy_armed(at: CheckInputs) -> RiskCheck:
    return RiskCheck("strategy_armed", at.view.strategy_armed)


def trading(at: CheckInputs) -> RiskCheck:
    # REDUCING lets through what brings the inventory nearer to its target, and not past it.
    state = at.view.trading
    if state != "REDUCING":
        return _State("trading", state == "ACTIVE", state)
    left, keep = at.left, None if at.bounds is None else _keep(at.side, at.bounds.keep_reducing)
    return _Reducing("trading", left is not None and keep is not None and left >= keep, at.given.underlying, left, keep)


def reference(at: CheckInputs) -> RiskCheck:
    view = at.view
    return _Reference("reference", view.mid_usable and view.mid is not None, view.mid, view.mid_problem)


def reference_age(at: CheckInputs) -> RiskCheck:
    limit, age = at.view.limits.max_reference_age_ms, at.reference_age_ms
    if at.view.mid is None:
        return _Age("reference_age", False, None, limit)
    return _Age("reference_age", 0 <= age <= limit, age, limit)


def inventory(at: CheckInputs) -> RiskCheck:
    return _Amount("inventory", at.balance is not None, at.given, at.balance)


def inventory_age(at: CheckInputs) -> RiskCheck:
    limit, age = at.view.limits.max_inventory_age_ms, at.inventory_age_ms
    if at.balance is None:
        return _Age("inventory_age", False, None, limit)
    return _Age("inventory_age", 0 <= age <= limit, age, limit)


def deadline(at: CheckInputs) -> RiskCheck:
    return _Age("deadline", at.life_ms <= at.max_life_ms, at.life_ms, at.max_life_ms)


def amount(at: CheckInputs) -> RiskCheck:
    amounts = at.amounts
    return _Amount("amount", amounts is not None, at.given, None if amounts is None else amounts.amount_out)


def min_notional(at: CheckInputs) -> RiskCheck:
    units, least = None if at.amounts is None else at.amounts.notional, at.min_notional
    return _Least("min_notional", units is not None and units >= least, at.view.market.quote.underlying, units, least)


def notional(at: CheckInputs) -> RiskCheck:
    return _within("notional", at, None if at.amounts is None else at.amounts.notional, at.max_notional)


def edge(at: CheckInputs) -> RiskCheck:
    view, amounts = at.view, at.amounts
    least = view.limits.min_edge_bps
    if amounts is None or view.mid is None:
        return _Edge("edge", False, view.market.quote.underlying, None, least)
    passed = earns(view.market, at.side, amounts, view.mid, least)
    return _Edge("edge", passed, view.market.quote.underlying, amounts.edge, least)


def premium(at: CheckInputs) -> RiskCheck:
    # A quote that lives too long, or in too wild a market, is refused: made wider, only those would take it who know
    # that it pays.
    bps, most = at.premium_bps, at.view.params.max_premium_bps
    return _Premium("premium", bps is not None and bps <= most, bps, most)


def covered(at: CheckInputs) -> RiskCheck:
    units = None if at.amounts is None else at.amounts.amount_out
    passed = units is not None and at.available is not None and units <= at.available
    return _Covered("covered", passed, at.given, units, at.available)


def committed(at: CheckInputs) -> RiskCheck:
    return _within(COMMITTED, at, at.committed, None if at.bounds is None else at.bounds.committed)


def signed(at: CheckInputs) -> RiskCheck:
    return _within("signed", at, at.signed, None if at.bounds is None else at.bounds.signed)


def option(at: CheckInputs) -> RiskCheck:
    units, bounds = at.option, at.bounds
    most = None if bounds is None else bounds.option
    passed = units is not None and most is not None and units <= most
    if passed and units is not None and most is not None and units * OPTION_REDUCES[1] > most * OPTION_REDUCES[0]:
        keep = None if bounds is None else _keep(at.side, bounds.keep_reducing)
        passed = at.left is not None and keep is not None and at.left >= keep
    return _Option("option", passed, at.view.market.quote.underlying, units, most)


def share(at: CheckInputs) -> RiskCheck:
    # What must be left of the asset given, so that the other one's share stays within its limit.
    left, keep = at.left, None if at.bounds is None else _keep(at.side, at.bounds.keep)
    return _Share(
        "share", left is not None and keep is not None and max(0, left) >= keep, at.given.underlying, left, keep
    )


def rate(at: CheckInputs) -> RiskCheck:
    count, limit = at.view.quotes_in_second, at.view.limits.max_quotes_per_second
    return _Count("rate", count < limit, count, limit, "a second")


def fills(at: CheckInputs) -> RiskCheck:
    count, limit = at.view.fills_in_hour, at.view.limits.max_fills_per_hour
    return _Count("fills", count < limit, count, limit, "an hour")


def loss(at: CheckInputs) -> RiskCheck:
    return _within("loss", at, at.view.loss, None if at.bounds is None else at.bounds.loss)


def executor_armed(at: CheckInputs) -> RiskCheck:
    return RiskCheck("executor_armed", at.view.executor_armed)


def salt(at: CheckInputs) -> RiskCheck:
    return RiskCheck("salt", at.view.salt_known)


def relay(at: CheckInputs) -> RiskCheck:
    return RiskCheck("relay", at.view.relay_writable)


def history(at: CheckInputs) -> RiskCheck:
    return RiskCheck("history", at.view.history_writable)


CHECKS: tuple[Callable[[CheckInputs], RiskCheck], ...] = (
    strategy_armed,
    trading,
    reference,
    reference_age,
    inventory,
    inventory_age,
    deadline,
    amount,
    min_notional,
    notional,
    edge,
    premium,
    covered,
    committed,
    signed,
    option,
    share,
    rate,
    fills,
    loss,
    executor_armed,
    salt,
    relay,
    history,
)
"""Every check is made for every request; the first that fails names the decision. Before them stand ``dry``, of a dry
request, and ``request_age``."""

_LATER = (signed, min_notional, premium, option)
"""Checks that are made only where the view or its rules know what they compare."""
_MADE = {
    made: tuple(check for check in CHECKS if check not in _LATER or made[_LATER.index(check)])
    for made in product((False, True), repeat=len(_LATER))
}

EXECUTOR_CHECKS = ("executor_armed", "salt", "relay", "history")
"""Names of the executor's checks; a decision is actionable when all others passed."""


def checks_for(view: DeskView) -> tuple[Callable[[CheckInputs], RiskCheck], ...]:
    """Return the checks of this view. Older records know neither what is signed nor a least notional nor what options
    are worth: what is not recorded is not checked when their decisions are made again.
    """
    limits = view.limits
    return _MADE[
        view.quote_signed is not None,
        limits.min_notional_eure > 0,
        view.params.max_premium_bps > 0,
        limits.max_option_eure < NO_OPTION_LIMIT,
    ]


COMMITTED = "promised"
"""The recorded name of the check of what is committed."""
REASONS = (
    "quote",
    "sent",
    "dry",
    "request_age",
    *(COMMITTED if check is committed else check.__name__ for check in CHECKS),
)
"""All that names a decision: a quote, one that was not sent after all, or the first check that failed."""
_OF_THE_REQUEST = frozenset(("dry", "request_age", "deadline", "amount", "min_notional", "notional", "premium"))


def fits_by_itself(checks: Sequence[RiskCheck]) -> bool:
    """Return whether the request passed what is checked of it alone, whatever else is live or unknown."""
    return all(check.passed or check.name not in _OF_THE_REQUEST for check in checks)


def _within(name: str, at: CheckInputs, units: int | None, limit: int | None) -> RiskCheck:
    # Unknown blocks.
    passed = units is not None and limit is not None and units <= limit
    return _Limit(name, passed, at.view.market.quote.underlying, units, limit)


def _keep(side: Side, keep: PairAmounts | None) -> int | None:
    return None if keep is None else keep.quote if side == "buy" else keep.base


def _leaves(given: Unit, left: int | None, keep: int | None) -> str:
    if left is None or keep is None:
        return UNKNOWN
    return f"leaves {given.shown(left, 8)} {given.symbol}, at least {given.shown(keep, 8)}"


@lru_cache(maxsize=32)
def _plain(unit: Unit, units: int) -> str:
    # A limit as it was set, without trailing zeros.
    return f"{EXACT.normalize(unit.to_decimal(units)):f}"
