"""What signed quotes were worth to their holders, as it was measured once a minute."""

import msgspec

from storage.reader import Reader, Span

_VALUES = "SELECT value, intrinsic, fall, rise FROM option_values WHERE at_ns >= ? AND at_ns < ?"
_WRITTEN = """
SELECT asset_in, COUNT(*), SUM(CAST(substr('000000000' || digits, 1, length(digits)) AS BIGINT)),
SUM(CAST(substr('000000000' || digits, length(digits) + 1, 9) AS BIGINT))
FROM (SELECT asset_in, CAST(written AS TEXT) AS digits FROM execute_trade_commands
WHERE at_ns >= ? AND at_ns < ? AND written IS NOT NULL) c
WHERE digits NOT LIKE '-%' GROUP BY asset_in
"""


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


class Written(msgspec.Struct, gc=False):
    """How many quotes took a token, and what their options were worth when they were signed, base units of EURe."""

    quotes: int = 0
    worth: int = 0


def written_by_token(reader: Reader, span: Span) -> dict[str, Written]:
    """Sum by the token taken; quotes of older versions, which did not record it, are left out."""
    # The last nine digits apart from the others: a day's sum of base units exceeds what SQLite adds up.
    return {
        asset_in: Written(quotes=quotes, worth=int(above) * 10**9 + int(below))
        for asset_in, quotes, above, below in reader.rows(_WRITTEN, span.from_ns, span.to_ns)
    }
