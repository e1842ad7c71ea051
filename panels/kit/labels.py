"""Names, glyphs and roles that several panels share, so that the same thing looks the same everywhere."""

from cockpit.model.recorded.names import PART_NAMES
from cockpit.model.snapshot import Snapshot, State
from panels.kit.rows.cells import Cell
from panels.kit.theme import Role

STATES: dict[State, tuple[str, Role]] = {
    "ok": ("● ok", "good"),
    "starting": ("◌ starting", "accent"),
    "degraded": ("◐ degraded", "warn"),
    "down": ("✗ down", "bad"),
    "unknown": ("? unknown", "muted"),
}

SIDES: dict[str, tuple[str, Role]] = {"buy": ("▲ buy", "buy"), "sell": ("▼ sell", "sell")}

OUTCOMES: dict[str, tuple[str, Role]] = {
    "sent": ("→ sent", "text"),
    "accepted": ("◆ accepted", "accent"),
    "refused": ("✗ refused", "bad"),
    "unknown": ("? unknown", "warn"),
    "settling": ("◆ settling", "accent"),
    "settled": ("✓ settled", "good"),
    "expired": ("· expired", "muted"),
    "burning": ("◌ burning", "warn"),
    "burned": ("■ burned", "muted"),
    "no salt": ("✗ no salt", "muted"),
}

ACTS_ALONE: dict[str, str] = {
    "disarm": "disarms",
    "stop": "stops hard and burns live quotes",
    "keep": "keeps quoting",
}
"""What a desk does once nobody watches it, by ``DESK_WHEN_ALONE``."""


def state(value: State) -> Cell:
    """A part's state with its glyph."""
    text, role = STATES[value]
    return Cell(text, role)


def side(value: str) -> Cell:
    """The desk's side of a trade with its glyph; buy and sell are of the base asset."""
    text, role = SIDES.get(value, (value, "text"))
    return Cell(text, role)


def outcome(value: str) -> Cell:
    """The state of a quote with its glyph."""
    text, role = OUTCOMES.get(value, (value, "text"))
    return Cell(text, role)


def trading_reason(snapshot: Snapshot) -> str:
    """Return why the trading state is what it is, without the state's name, which stands before it."""
    return snapshot.trading_why.removeprefix(f"{snapshot.trading} ")


def part_name(part: str) -> str:
    """Return the name of a part of the desk as operators know it."""
    return PART_NAMES.get(part, part)
