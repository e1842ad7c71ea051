"""A preview of another pricing in words, the same in a terminal and in the cockpit. Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from cockpit.model.formatting import counted, exact, number, time_left
from cockpit.model.pricing.pricing_set import PRICING_FIELDS, PricingField, PricingOutcome, PricingPreview
from cockpit.model.pricing.value_texts import LIMIT_FIELDS

NO_REQUESTS = "No request was kept in the last hour: nothing can be said of what this would have quoted."
AS_IF_ARMED = "As if armed, and committed as it was then."
MOST_CHECKS = 6
"""Checks that are named, those first that changed most."""
_UNITS: Mapping[str, PricingField] = {field.name: field for field in (*LIMIT_FIELDS, *PRICING_FIELDS)}


def change_lines(preview: PricingPreview) -> list[str]:
    """Return each value that changes, before and after."""
    lines = []
    for name, (before, after) in preview.changes.items():
        field = _UNITS[name]
        lines.append(f"{field.label}: {before} → {after} {field.unit}")
    return lines


def preview_lines(preview: PricingPreview, name_of: Callable[[str], str] = str) -> list[str]:
    """Return what the requests would have got, before → after. ``name_of`` names a check."""
    if not preview.requests:
        return [NO_REQUESTS]
    before, after, many = preview.before, preview.after, preview.requests
    lines = [
        f"{counted(many, 'request')} of the last {time_left(preview.over_ms)}, before → after. {AS_IF_ARMED}",
        f"quoted      {_share(before.quoted, many)} → {_share(after.quoted, many)}",
        f"mean width  {_bps(before.width_bps)} → {_bps(after.width_bps)}",
        f"edge        {_bps(before.edge_bps)} → {_bps(after.edge_bps)}",
        f"notional    {number(before.notional_eure, 2)} → {number(after.notional_eure, 2)} EURe",
    ]
    for check in _checks(before, after)[:MOST_CHECKS]:
        was, now = dict(before.refused).get(check, 0), dict(after.refused).get(check, 0)
        lines.append(f"refused: {name_of(check)}  {_share(was, many)} → {_share(now, many)}")
    return lines


def _checks(before: PricingOutcome, after: PricingOutcome) -> list[str]:
    was, now = dict(before.refused), dict(after.refused)
    return sorted({*was, *now}, key=lambda name: (-abs(now.get(name, 0) - was.get(name, 0)), -now.get(name, 0), name))


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({100 * part / whole:.1f} %)"


def _bps(value: Decimal | None) -> str:
    return "–" if value is None else f"{exact(value)} bps"
