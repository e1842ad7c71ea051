"""Signed quotes summed by price and deadline, so that what they are worth is found without a look at each of them.

A sum holds quotes of the same two tokens whose prices lie within 1.3 bps of each other and whose deadlines lie within
two seconds. Its mean price and its mean deadline are exact.
"""

from collections.abc import Iterator

import msgspec

from venue.protocol.units import NS_PER_S

_PRICE_BITS = 14
"""Leading binary digits of a price that name its bucket: prices of one bucket are 0.6 to 1.3 bps apart at most."""
_FINE_BITS = 128
"""A price is kept with so many binary digits after the point, as the amounts may differ by as much."""
SLOT_NS = 2 * NS_PER_S

Key = tuple[str, str, int, int]
"""Token taken, token given, leading digits of the price, slot of the deadline."""


class StrikeSum(msgspec.Struct, gc=False):
    """Quotes of one bucket. Amounts are base units of their tokens, ``deadlines_ns`` the sum of their deadlines."""

    count: int = 0
    amount_in: int = 0
    amount_out: int = 0
    deadlines_ns: int = 0

    @property
    def deadline_ns(self) -> int:
        """The mean of their deadlines, UTC ns."""
        return self.deadlines_ns // self.count


class Strikes:
    """The sums, by bucket. ``len`` is how many there are."""

    def __init__(self) -> None:
        self._sums: dict[Key, StrikeSum] = {}

    def __len__(self) -> int:
        return len(self._sums)

    def __iter__(self) -> Iterator[tuple[Key, StrikeSum]]:
        """Iterate over the buckets that there are now; they may change meanwhile."""
        return iter(tuple(self._sums.items()))

    def add(self, key: Key, amount_in: int, amount_out: int, deadline_ns: int) -> None:
        """Add a quote to the bucket of its ``strike_key``."""
        found = self._sums.get(key)
        if found is None:
            found = self._sums[key] = StrikeSum()
        found.count += 1
        found.amount_in += amount_in
        found.amount_out += amount_out
        found.deadlines_ns += deadline_ns

    def remove(self, key: Key, amount_in: int, amount_out: int, deadline_ns: int) -> None:
        """Take out what was added with the same values."""
        found = self._sums[key]
        found.count -= 1
        found.amount_in -= amount_in
        found.amount_out -= amount_out
        found.deadlines_ns -= deadline_ns
        if not found.count:
            del self._sums[key]


def strike_key(asset_in: str, asset_out: str, amount_in: int, amount_out: int, deadline_ns: int) -> Key:
    """Return the bucket of a quote: of prices with one number of digits the larger has the larger key."""
    price = (amount_out << _FINE_BITS) // amount_in if amount_in else 0
    digits = price.bit_length()
    leading = (digits << _PRICE_BITS) | (price >> max(0, digits - _PRICE_BITS))
    return asset_in, asset_out, leading, deadline_ns // SLOT_NS
