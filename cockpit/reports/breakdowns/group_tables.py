"""The figures of groups as tables of text. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from cockpit.model.formatting import NOTHING, number, percent, rounded
from cockpit.reports.figures import GroupFigures

Cells = Sequence[str]
GROUP_TITLES = {
    "hour": "By hour, UTC",
    "partner": "By partner",
    "size": "By size, EURe",
    "deadline": "By deadline asked",
    "market": "By market",
}
LABEL_WIDTH = 16
GROUP_UNITS = "spread and 60 s in bps, P&L in EURe, hit and adverse in %"


def group_tables(
    groups: Iterable[GroupFigures], *, wide: bool = False, full_names: bool = False
) -> list[tuple[str, list[Cells]]]:
    """Return the title and the table of each dimension; ``wide``: with more columns."""
    found: dict[str, list[GroupFigures]] = {}
    for group in groups:
        found.setdefault(group.by, []).append(group)
    in_full = wide or full_names
    return [
        (f"{GROUP_TITLES[by]}: {GROUP_UNITS}", [_group_names(wide), *(_group_row(one, wide, in_full) for one in ours)])
        for by, ours in found.items()
    ]


def _group_names(wide: bool) -> Cells:
    return ("", *(("sent", "filled") if wide else ()), "fills", "hit", "EURe", "spread", "P&L", "60 s", "adverse")


def _group_row(one: GroupFigures, wide: bool, in_full: bool) -> Cells:
    return (
        one.bucket if in_full or len(one.bucket) <= LABEL_WIDTH else f"{one.bucket[: LABEL_WIDTH - 1]}…",
        *((number(one.sent), number(one.filled)) if wide else ()),
        number(one.fills),
        _percent(one.hit_ratio),
        rounded(one.eure, 0),
        rounded(one.spread_bps, 2, missing=NOTHING),
        rounded(one.trading, 2, signed=True, missing=NOTHING),
        rounded(one.markout_bps, 2, signed=True, missing=NOTHING),
        _percent(one.adverse),
    )


def _percent(share: Decimal | None) -> str:
    return NOTHING if share is None else percent(share)
