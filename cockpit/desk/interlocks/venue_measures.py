"""What the interlocks on the venue's own permissions measure: lock, pauses, API key, routes, listed tokens. Pure."""

from datetime import UTC, datetime, timedelta

from cockpit.desk.interlocks.measures import InterlockFacts, Measurement
from cockpit.model.formatting import counted
from venue.protocol.units import NS_PER_S
from venue.verifier import PAUSED

ENDS_SOON_MS = 7 * 86_400_000
"""How long before its end an API key warns."""
ENDS_NOW_MS = 600_000
"""So long before its end an API key closes LIVE: quotes that are live may have to be burned with it."""

NO_VIEW = "unknown: the contract does not say"
_LAST_S = 253_402_300_799


def locked(facts: InterlockFacts) -> Measurement:
    found, wanted = facts.venue.locked, "not locked on the Verifier"
    unknown = found.unknown(facts.venue.max_age_ms)
    if unknown:
        return Measurement(passed=False, measured=unknown, wanted=wanted, unknown=True)
    if found.absent:
        return Measurement(passed=True, measured=NO_VIEW, wanted=wanted, warning=True, unknown=True)
    measured = "the Verifier locked the account" if found.value else "not locked"
    return Measurement(passed=not found.value, measured=measured, wanted=wanted)


def paused(facts: InterlockFacts) -> Measurement:
    found, wanted = facts.venue.paused, "nothing that this desk uses"
    if facts.venue.pause_seen:
        return Measurement(passed=False, measured=f"{facts.venue.pause_seen}: {PAUSED}", wanted=wanted)
    unknown = found.unknown(facts.venue.max_age_ms)
    if unknown:
        return Measurement(passed=False, measured=unknown, wanted=wanted, unknown=True)
    if found.absent:
        return Measurement(passed=True, measured=NO_VIEW, wanted=wanted, warning=True, unknown=True)
    names = found.value or ()
    if facts.venue.paused_here:
        return Measurement(passed=False, measured=f"paused: {', '.join(facts.venue.paused_here)}", wanted=wanted)
    others = f"paused without effect here: {', '.join(names)}" if names else "nothing paused"
    return Measurement(passed=True, measured=others, wanted=wanted)


def key_accepted(facts: InterlockFacts) -> Measurement:
    found, wanted = facts.venue.key_accepted, "accepted"
    unknown = found.unknown(facts.venue.max_age_ms)
    if unknown:
        return Measurement(passed=False, measured=unknown, wanted=wanted, unknown=True)
    if not found.value:
        refused = f"the API key is not accepted by the RPC ({found.problem or 'refused'})"
        return Measurement(passed=False, measured=refused, wanted=wanted)
    if found.problem:
        old = f"accepted {_seconds(found.age_ms)} s ago; {found.problem}"
        return Measurement(passed=True, measured=old, wanted=wanted, warning=True)
    return Measurement(passed=True, measured="accepted", wanted=wanted)


def token_end(facts: InterlockFacts) -> Measurement:
    end_ns, left_ms = facts.venue.token_end_ns, facts.venue.token_left_ms
    wanted = f"no end within {ENDS_SOON_MS // 86_400_000} days"
    if end_ns is None or left_ms is None:
        return Measurement(passed=True, measured="its end is unknown: it names none", wanted=wanted, unknown=True)
    end = datetime.fromtimestamp(min(end_ns // NS_PER_S, _LAST_S), UTC).strftime("%Y-%m-%d %H:%M UTC")
    if left_ms <= 0:
        return Measurement(passed=False, measured=f"ended on {end}", wanted=wanted)
    return Measurement(
        passed=left_ms > ENDS_NOW_MS,
        measured=f"ends on {end}, in {_left(left_ms)}",
        wanted=wanted,
        warning=left_ms <= ENDS_SOON_MS,
    )


def transaction_route(facts: InterlockFacts) -> Measurement:
    """It never fails: the intent route stays open, and quotes need neither."""
    found, wanted = facts.venue.predecessor, "predecessor authentication enabled"
    unknown = found.unknown(facts.venue.max_age_ms)
    if unknown or found.absent:
        return Measurement(passed=True, measured=unknown or NO_VIEW, wanted=wanted, warning=True, unknown=True)
    if not found.value:
        closed = "disabled: withdrawals by transaction are closed, by intent open"
        return Measurement(passed=True, measured=closed, wanted=wanted, warning=True)
    return Measurement(passed=True, measured="enabled", wanted=wanted)


def listed(facts: InterlockFacts) -> Measurement:
    found, wanted = facts.venue.unlisted, "every traded token"
    if found.value is None:
        return Measurement(passed=False, measured=found.unknown(facts.venue.max_age_ms), wanted=wanted, unknown=True)
    if found.value:
        gone = f"the bridge no longer lists {', '.join(found.value)}"
        return Measurement(passed=False, measured=gone, wanted=wanted)
    if found.problem:
        old = f"all listed {_seconds(found.age_ms)} s ago; {found.problem}"
        return Measurement(passed=True, measured=old, wanted=wanted, warning=True)
    return Measurement(passed=True, measured="all listed", wanted=wanted)


def _seconds(ms: int | None) -> int:
    return (ms or 0) // 1000


def _left(ms: int) -> str:
    left = timedelta(milliseconds=ms)
    if left.days >= 2:
        return counted(left.days, "day")
    hours, minutes = ms // 3_600_000, ms // 60_000
    return f"{hours} h" if hours >= 2 else f"{minutes} min"
