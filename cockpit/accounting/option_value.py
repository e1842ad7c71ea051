"""What a signed quote is worth to its holder: an option that lasts until its deadline. Pure, in integers.

With ``m`` the distance of the mid from the quote on the desk's side (negative: the holder gains by settling now),
``sd`` the standard deviation of the mid until the deadline and ``d = m / sd``, the value is
``sd * (φ(d) - d * (1 - Φ(d)))``: the mean of what the holder gains when he settles at the deadline only if that pays.
Distance, deviation and value are of one unit, whatever it is: bps of the notional, or base units of a token.
"""

from math import isqrt

_STEPS = 100
"""Points of the table in one standard deviation."""
_LAST = 6 * _STEPS
"""Beyond six deviations the value is less than the table's unit."""
_UNIT = 10**9
_FINE = 10**30


def _make_table() -> tuple[int, ...]:
    """Make ``φ(d) - d * (1 - Φ(d))`` at 0, 0.01 … 6, rounded up, in parts of ``_UNIT``.

    By integers, so that every machine makes the same: φ from a point to the next by a factor, Φ by its power series.
    """
    # exp(-h²) and exp(-h²/2), h the distance of two points, by their series.
    factor, ratio = (_exp_of_minus(_FINE * part // (2 * _STEPS**2)) for part in (2, 1))
    # 1 / √(2π); √ of a number of 60 decimals has 30.
    density = _FINE**2 // isqrt(2 * _PI * _FINE)
    found = []
    for point in range(_LAST + 1):
        distance = _FINE * point // _STEPS
        above = _FINE // 2 - density * _odd_series(distance) // _FINE
        value = density - distance * above // _FINE
        found.append(max(0, -(-value * _UNIT // _FINE)))
        density, ratio = density * ratio // _FINE, ratio * factor // _FINE
    return tuple(found)


_PI = 3_141592653589793238462643383280
"""π in parts of ``_FINE``."""


def _exp_of_minus(x: int) -> int:
    total = term = _FINE
    for power in range(1, 20):
        term = -term * x // (power * _FINE)
        total += term
    return total


def _odd_series(x: int) -> int:
    # x + x³/3 + x⁵/(3·5) + …: times φ(x) it is Φ(x) - 1/2.
    total = term = x
    square, odd = x * x // _FINE, 1
    while term > 0:
        odd += 2
        term = term * square // (odd * _FINE)
        total += term
    return total


_TABLE = _make_table()


def option_value(distance: int, deviation: int) -> int:
    """Return what the option is worth, rounded up; a deviation of 0 leaves what settling now would gain.

    At most 5.1e-6 deviations and one unit too much: between two points of the table the value is taken on the straight
    line between them, which lies above the curve. At most 2e-10 deviations too little, beyond the table's end.
    """
    away = abs(distance)
    held = away if distance < 0 else 0
    if deviation <= 0:
        return held
    point, beyond = divmod(_STEPS * away, deviation)
    if point >= _LAST:
        return held
    here = _TABLE[point]
    return held - (-(here * deviation - (here - _TABLE[point + 1]) * beyond) // _UNIT)
