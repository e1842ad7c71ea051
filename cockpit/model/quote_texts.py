"""What screen and command line say about signed quotes, and about a hard stop that burns them.

Signed are live quotes, and those that the relay refused and that could still settle.
"""

from decimal import Decimal

from cockpit.model.commands import NO_OPTION_LIMIT, Limits
from cockpit.model.formatting import counted, exact, rounded, time_left, utc_time
from cockpit.model.snapshot import HardStopState, LiveQuotes, OptionDayState, OptionState

_NS_PER_MS = 1_000_000
MAKER_TERMS = "Makers' terms call a quote firm once a user has selected it: burn only in an emergency."


def refused_text(live: LiveQuotes, at_ns: int) -> str:
    """Say how many refused quotes could still settle, and until when; empty without one.

    ``at_ns``: the time of the snapshot, UTC.
    """
    if not live.refused:
        return ""
    return f"{live.refused:,} refused could still settle until {utc_time(at_ns + live.refused_last_ms * _NS_PER_MS)}"


def signed_text(live: LiveQuotes, limits: Limits) -> str:
    """Say what is committed and what is signed, each beside its limit."""
    return (
        f"committed {_eure(live.committed_eure)} of {_eure(limits.max_promised_eure)} EURe, "
        f"signed {_eure(live.signed_eure)} of {_eure(limits.max_signed_eure)} EURe"
    )


def options_text(options: OptionState | None, limits: Limits) -> str:
    """Say what the options in signed quotes are worth, and what a jump would cost; empty without a quote."""
    if options is None or not (options.value or options.jump):
        return ""
    most = "" if limits.max_option_eure >= NO_OPTION_LIMIT else f" of {exact(limits.max_option_eure)}"
    return (
        f"options {rounded(options.value, 2)}{most} EURe (intrinsic {rounded(options.intrinsic, 2)}), "
        f"1 % jump {rounded(-options.jump, 2, signed=True)} EURe"
    )


def option_day_text(day: OptionDayState) -> str:
    """Say what today's fills gave away of what was written, and each side's; empty before the first quote."""
    if not (day.buy.quotes or day.sell.quotes or day.buy.fills or day.sell.fills):
        return ""
    sides = ", ".join(
        f"{name} {rounded(one.given_away, 2)} of {rounded(one.written, 2)}"
        for name, one in (("buys", day.buy), ("sells", day.sell))
    )
    unknown = day.buy.fills + day.sell.fills - day.buy.known - day.sell.known
    text = f"given away {rounded(day.given_away, 2)} of {rounded(day.written, 2)} EURe written today ({sides})"
    return f"{text}; unknown of {counted(unknown, 'fill')}" if unknown else text


def _eure(amount: Decimal | None) -> str:
    return "unknown" if amount is None else rounded(amount, 0)


def counts(stop: HardStopState) -> str:
    """Say how many quotes were burned, settled or expired, and how many cannot be burned and stay signed."""
    text = f"{stop.burned} of {stop.asked} burned, {stop.settled} settled first, {stop.expired} expired first"
    if not stop.unburnable:
        return text
    left = time_left(stop.unburnable_left_ms)
    return f"{text}; {stop.unburnable} with an invalidated salt cannot settle or be burned: signed for {left}"
