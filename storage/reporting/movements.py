"""Money in and out but by fills: as its own steps tell, and as the balances at both ends of a span show it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from storage.history import CREDITED
from storage.reader import LATER_NS, Reader, Span
from venue.protocol.units import NS_PER_S

_STEPS = """
SELECT action_id, kind, asset, amount, status, at_ns, block_height FROM liquidity_actions
WHERE kind IN ('deposit', 'withdrawal') AND at_ns < ? AND asset IS NOT NULL AND amount IS NOT NULL
ORDER BY at_ns, id
"""
_BOOKINGS = """
SELECT action_id, asset, amount, status, at_ns FROM liquidity_actions
WHERE kind = 'booking' AND at_ns < ? ORDER BY at_ns, id
"""
_BALANCE = """
SELECT balance, at_ns, block_height FROM intent_inventory_snapshots WHERE asset = ? AND at_ns <= ?
ORDER BY at_ns DESC LIMIT 1
"""
_FIRST_BALANCE = """
SELECT balance, at_ns, block_height FROM intent_inventory_snapshots WHERE asset = ? AND at_ns >= ? AND at_ns < ?
ORDER BY at_ns LIMIT 1
"""

LEFT = ("burned", "bridging", "completed")
RETURNED = ("refunded", "returned")
ALREADY_CREDITED_NS = 5 * NS_PER_S
"""Where no bookings are recorded: a deposit that is first seen as credited, this soon after the first balance ever
read, was in that balance."""


class MoneyMovement(msgspec.Struct, frozen=True):
    """Money in or out but by a fill, signed base units: a deposit, withdrawal, return or accepted difference.

    ``height``: by this block of NEAR the balances show it, None where only the time is known.
    """

    at_ns: int
    kind: str
    asset: str
    amount: int
    height: int | None = None


class Balance(msgspec.Struct, frozen=True):
    """Base units of one asset as read at a time, UTC ns, of a block. ``first``: nothing was read before it."""

    units: int
    at_ns: int
    height: int
    first: bool = False


class _Step(msgspec.Struct, frozen=True):
    action_id: str
    kind: str
    asset: str
    amount: int
    status: str
    at_ns: int
    height: int | None


class _Booking(msgspec.Struct, frozen=True):
    action_id: str
    asset: str | None
    amount: int | None
    status: str
    at_ns: int


def opening_balance(reader: Reader, asset: str, span: Span) -> Balance | None:
    """Return the asset's last balance before the span, or the first one in it; None without any."""
    for units, at_ns, height in reader.rows(_BALANCE, asset, span.from_ns - 1):
        return Balance(int(units), at_ns, height)
    for units, at_ns, height in reader.rows(_FIRST_BALANCE, asset, span.from_ns, span.to_ns):
        return Balance(int(units), at_ns, height, first=True)
    return None


def closing_balance(reader: Reader, asset: str, span: Span) -> Balance | None:
    """Return the asset's last balance before the span's end; None without any."""
    for units, at_ns, height in reader.rows(_BALANCE, asset, span.to_ns - 1):
        return Balance(int(units), at_ns, height)
    return None


def movements(reader: Reader, up_to_ns: int = LATER_NS) -> list[MoneyMovement]:
    """Return all money in and out before a time (UTC ns), each movement once, at the first step that tells of it."""
    return [*_deposits(_steps(reader, up_to_ns)), *_withdrawals(_steps(reader, up_to_ns))]


def movements_between(
    reader: Reader, span: Span, opening: Mapping[str, Balance], closing: Mapping[str, Balance]
) -> list[MoneyMovement]:
    """Return the money in and out that lies between the balances at both ends of the span, each movement once.

    A deposit moves with the reading of the balances that the desk booked it by, a withdrawal with the block in which
    it left: its step may be recorded before a balance shows it, or after. Where neither is recorded the step counts.
    """
    everything = list(_steps(reader, LATER_NS))
    bookings = [_booking(row) for row in reader.rows(_BOOKINGS, LATER_NS)]
    recorded_ns = next((one.at_ns for one in bookings if one.status == "OPENED"), None)
    found = [flow for flow in _withdrawals(everything) if _between(flow, span, opening, closing)]
    if recorded_ns is None:
        unbooked = _deposits(everything, opening)
        return [*(flow for flow in unbooked if span.from_ns <= flow.at_ns < span.to_ns), *found]
    booked = list(_booked(bookings, everything, recorded_ns))
    return [*(flow for flow in booked if _between(flow, span, opening, closing)), *found]


def _between(flow: MoneyMovement, span: Span, opening: Mapping[str, Balance], closing: Mapping[str, Balance]) -> bool:
    # Whether the balance at the end shows what that at the start does not; by time where a balance or block is missing.
    def shown(at_end: Balance | None, time_says: bool) -> bool:
        if at_end is not None and flow.height is not None:
            return flow.height <= at_end.height
        return flow.at_ns <= at_end.at_ns if at_end is not None and at_end.first else time_says

    before = shown(opening.get(flow.asset), flow.at_ns < span.from_ns)
    return not before and shown(closing.get(flow.asset), flow.at_ns < span.to_ns)


def _steps(reader: Reader, up_to_ns: int) -> Iterator[_Step]:
    for action_id, kind, asset, amount, status, at_ns, height in reader.rows(_STEPS, up_to_ns):
        yield _Step(action_id, kind, asset, int(amount), status, at_ns, height)


def _booking(row: tuple[Any, ...]) -> _Booking:
    action_id, asset, amount, status, at_ns = row
    return _Booking(action_id, asset, None if amount is None else int(amount), status, at_ns)


def _deposits(steps: Iterable[_Step], opening: Mapping[str, Balance] | None = None) -> Iterator[MoneyMovement]:
    seen: dict[str, set[str]] = {}
    for step in steps:
        if step.kind != "deposit":
            continue
        before = seen.setdefault(step.action_id, set())
        if step.status in CREDITED and before.isdisjoint(CREDITED):
            held = (opening or {}).get(step.asset)
            if held is None or not held.first or before or step.at_ns > held.at_ns + ALREADY_CREDITED_NS:
                yield MoneyMovement(step.at_ns, "deposit", step.asset, step.amount)
        before.add(step.status)


def _booked(bookings: Iterable[_Booking], steps: Iterable[_Step], recorded_ns: int) -> Iterator[MoneyMovement]:
    """Deposits at the readings that show them; those of before bookings were recorded at their own steps."""
    earlier = {step.action_id: step for step in steps if step.kind == "deposit" and step.at_ns < recorded_ns}
    credited = {key for key, step in earlier.items() if step.status in CREDITED}
    yield from _deposits(step for step in steps if step.action_id in credited and step.at_ns < recorded_ns)
    counted: set[str] = set(credited)
    for one in bookings:
        if one.asset is None or one.amount is None:
            continue
        if one.status == "UNBOOKED":
            if one.action_id in counted:
                counted.discard(one.action_id)
                yield MoneyMovement(one.at_ns, "deposit", one.asset, -one.amount)
        elif one.action_id not in counted:
            counted.add(one.action_id)
            yield MoneyMovement(one.at_ns, "deposit", one.asset, one.amount)


def _withdrawals(steps: Iterable[_Step]) -> Iterator[MoneyMovement]:
    ours = [step for step in steps if step.kind == "withdrawal"]
    # The block is recorded with the first step that knew it, or with a later one.
    heights = {step.action_id: step.height for step in reversed(ours) if step.height is not None}
    seen: dict[str, set[str]] = {}
    for step in ours:
        before = seen.setdefault(step.action_id, set())
        if step.status in LEFT and before.isdisjoint((*LEFT, *RETURNED)):
            yield MoneyMovement(step.at_ns, "withdrawal", step.asset, -step.amount, heights.get(step.action_id))
        elif step.status in RETURNED and before.isdisjoint(RETURNED) and not before.isdisjoint(LEFT):
            yield MoneyMovement(step.at_ns, "returned", step.asset, step.amount)
        before.add(step.status)
