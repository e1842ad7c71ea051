"""What signed quotes were worth to their holders, as it was measured once a minute."""

import msgspec

from storage.reader import Reader, Span

_VALUES = "SELECT value, intrinsic, fall, rise FROM option_values WHERE at_ns >= ? AND at_ns < ?"


class OptionMinutes(msgspec.Struct, frozen=True, kw_only=True):
    """Over the ``minutes`` in which a quote was signed: sums and largest values, base units of EURe.

    ``peak_jump``: the largest loss that a jump of the mid by 1 % would have been.
    """

    minutes: int
    value: int
    intrinsic: int
    peak_value: int
    peak_jump: int


def option_minutes(reader: Reader, span: Span) -> OptionMinutes:
    minutes = total = gained = peak = jump = 0
    for row in reader.rows(_VALUES, span.from_ns, span.to_ns):
        value, intrinsic, fall, rise = (int(number) for number in row)
        minutes += 1
        total += value
        gained += intrinsic
        peak, jump = max(peak, value), max(jump, fall, rise)
    return OptionMinutes(minutes=minutes, value=total, intrinsic=gained, peak_value=peak, peak_jump=jump)
