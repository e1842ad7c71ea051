"""How much of each limit is used. Pure."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple, overload

from cockpit.model.commands import NO_OPTION_LIMIT
from cockpit.model.formatting import exact, number, percent, rounded, utc_time
from cockpit.model.snapshot import Snapshot
from panels.kit.rows.cells import Cell, Line
from panels.kit.theme import Role

NEAR, AT = Decimal("0.8"), Decimal(1)
"""From these shares of a limit on it is shown as near and as reached."""


class Used(NamedTuple):
    """A limit and how much of it is used, both as numbers of one unit; ``used`` is None while unknown.

    ``limit_name``: the limit's name in ``Limits``. ``fills_up``: reaching it stops something.
    """

    limit_name: str
    name: str
    used: Decimal | None
    limit: Decimal
    unit: str
    places: int = 0
    fills_up: bool = True

    @property
    def share(self) -> Decimal | None:
        return None if self.used is None else self.used / self.limit

    @property
    def role(self) -> Role:
        share = self.share
        if share is not None and not self.fills_up:
            return "text"
        return "warn" if share is None else "bad" if share >= AT else "warn" if share >= NEAR else "text"


@overload
def seconds(ms: int) -> Decimal: ...
@overload
def seconds(ms: int | None) -> Decimal | None: ...
def seconds(ms: int | None) -> Decimal | None:
    """Return milliseconds as seconds."""
    return None if ms is None else Decimal(ms).scaleb(-3)


def limits_used(snapshot: Snapshot) -> list[Used]:
    """List the limits that something can use up, the day's loss first."""
    limits, alive, earnings, options = snapshot.limits, snapshot.alive, snapshot.earnings, snapshot.options

    share = snapshot.inventory.btc_share
    divergences = [abs(one.divergence_bps) for one in snapshot.market.sources if one.divergence_bps is not None]
    largest = None if share is None else max(share, 1 - share) * 100
    price_age, balance_age = seconds(snapshot.market.age_ms), seconds(snapshot.inventory.age_ms)
    found = [
        Used("max_promised_eure", "committed", alive.committed_eure, limits.max_promised_eure, "EURe"),
        Used("max_signed_eure", "signed", alive.signed_eure, limits.max_signed_eure, "EURe"),
        Used("max_asset_share", "one asset", largest, limits.max_asset_share * 100, "%", 1),
        Used("max_reference_age_ms", "price age", price_age, seconds(limits.max_reference_age_ms), "s", 1),
        Used("max_inventory_age_ms", "balance age", balance_age, seconds(limits.max_inventory_age_ms), "s", 1),
        Used("max_divergence_bps", "divergence", max(divergences, default=None), limits.max_divergence_bps, "bps", 1),
    ]
    if limits.max_option_eure < NO_OPTION_LIMIT:
        value = None if options is None else options.value
        found.insert(0, Used("max_option_eure", "options", value, limits.max_option_eure, "EURe", 2))
    if earnings is not None:
        fills, quotes = Decimal(earnings.fills_in_hour), Decimal(earnings.quotes_in_second)
        largest_quote, max_quote = earnings.largest_quote, limits.max_notional_eure
        most_fills, most_quotes = Decimal(limits.max_fills_per_hour), Decimal(limits.max_quotes_per_second)
        found[:0] = [
            Used("max_loss_per_day_eure", "daily loss", earnings.loss, limits.max_loss_per_day_eure, "EURe", 2),
            Used("max_notional_eure", "largest quote in the last hour", largest_quote, max_quote, "EURe", 2, False),
            Used("max_fills_per_hour", "fills in the last hour", fills, most_fills, ""),
            Used("max_quotes_per_second", "quotes in the last second", quotes, most_quotes, ""),
        ]
    return found


def used_line(one: Used) -> Line:
    """Name a limit, what is used of it, and the share."""
    share = one.share
    role = one.role
    unit = f" {one.unit}" if one.unit else ""
    return (
        Cell(f"{one.name} ", "muted"),
        Cell(rounded(one.used, one.places), role),
        Cell(f" of {exact(one.limit)}{unit}", "muted"),
        Cell(f" {percent(share, 0)}%" if share is not None else "", role),
    )


def loss_counts(snapshot: Snapshot) -> str:
    """Say what counts against the daily loss limit."""
    since_ns = 0 if snapshot.earnings is None else snapshot.earnings.loss_from_ns
    day_ns = snapshot.at_ns // (86_400 * 10**9) * 86_400 * 10**9
    since = f" since {utc_time(since_ns)}, when an operator lifted a halt" if since_ns > day_ns else ""
    return f"Against the daily loss counts what today's fills (UTC) lost, marked to the mid{since}."


def option_line(snapshot: Snapshot) -> Line:
    """Name what all signed quotes are worth to their holders."""
    options = snapshot.options
    if options is None:
        return (Cell("options unknown", "warn"),)
    return (
        Cell("options out ", "muted"),
        Cell(f"{number(options.value, 2)} EURe"),
        Cell(f" (a jump of 1 %: {number(options.jump, 2)})", "muted"),
    )


def limit_groups(snapshot: Snapshot) -> Iterator[Line]:
    """Yield a group of cells for each limit, and one for the options that are out."""
    used = limits_used(snapshot)
    yield from (used_line(one) for one in used[:1])
    yield option_line(snapshot)
    yield from (used_line(one) for one in used[1:])
