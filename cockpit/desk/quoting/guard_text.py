"""What a guard compared, in words: each check of a decision with its numbers as a person reads them. Pure.

Every decision is told this way, so amounts are written from whole numbers and not through Decimal.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from venue.protocol.assets import EXACT, Asset


def words(name: str, measured: Any, allowed: Any, given: Asset, quote: Asset) -> str:
    """The numbers of one guard; ``given`` is the asset that the quote gives. None was not known."""
    if measured is None:
        return "unknown"
    if isinstance(measured, bool):
        return "yes" if measured else "no"
    told = _WORDS.get(name)
    return str(measured) if told is None else told(measured, allowed, given, quote)


def _of_trading(measured: Any, allowed: Any, given: Asset, quote: Asset) -> str:
    return f"{measured}: {_leaves(given, *allowed)}" if isinstance(allowed, tuple) else str(measured)


def _of_share(measured: Any, allowed: Any, given: Asset, quote: Asset) -> str:
    return _leaves(given, measured, allowed)


def _of_age(measured: Any, allowed: Any, given: Asset, quote: Asset) -> str:
    return f"{measured} ms, at most {allowed} ms"


def _of_eure(measured: Any, allowed: Any, given: Asset, quote: Asset) -> str:
    return f"{quote.shown(measured, 6)} {quote.symbol}, at most {_plain(quote, allowed)} {quote.symbol}"


def _of_edge(measured: Any, allowed: Any, given: Asset, quote: Asset) -> str:
    return f"{quote.shown(measured, 6)} {quote.symbol}, at least {allowed} bps"


def _of_cover(measured: Any, allowed: Any, given: Asset, quote: Asset) -> str:
    free = "unknown" if allowed is None else given.shown(max(0, allowed), 8)
    return f"gives {given.shown(measured, 8)} {given.symbol}, spendable {free}"


def _of_amount(measured: Any, allowed: Any, given: Asset, quote: Asset) -> str:
    return f"{given.shown(measured, 8)} {given.symbol}"


_WORDS: Mapping[str, Callable[[Any, Any, Asset, Asset], str]] = {
    "trading": _of_trading,
    "reference_age": _of_age,
    "inventory": _of_amount,
    "inventory_age": _of_age,
    "deadline": _of_age,
    "amount": _of_amount,
    "notional": _of_eure,
    "edge": _of_edge,
    "covered": _of_cover,
    "promised": _of_eure,
    "share": _of_share,
    "rate": lambda measured, allowed, given, quote: f"{measured} within a second, at most {allowed}",
    "fills": lambda measured, allowed, given, quote: f"{measured} within an hour, at most {allowed}",
    "loss": _of_eure,
}
"""What a guard's numbers mean: base units of the asset given or of EURe, milliseconds, counts."""


def _leaves(given: Asset, left: int | None, keep: int | None) -> str:
    if left is None or keep is None:
        return "unknown"
    return f"leaves {given.shown(left, 8)} {given.symbol}, at least {given.shown(keep, 8)}"


@lru_cache(maxsize=32)
def _plain(asset: Asset, units: int) -> str:
    """A limit as it was set, without trailing zeros."""
    return f"{EXACT.normalize(asset.to_decimal(units)):f}"
