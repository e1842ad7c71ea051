"""What a switchback says while it runs."""

from decimal import Decimal

SETTING = "half_spread_bps"
REHEARSAL = "a rehearsal: the plan's bounds are not compared with the desk's limits"
FINISHED = "the plan is finished"
GO_ON = "`cockpit tune run` goes on where it stopped"
RESTARTED = "the desk was restarted: it has its settings again"
NO_ANSWER = "no desk answers: if it has ended, what the plan had set ended with it"
NOTHING_TO_RESTORE = "nothing of the plan is in force"
FOREIGN = "somebody else changed the half spread"
DISARMED = "the desk does not trade"
RUNS_ALREADY = "another `cockpit tune run` of this plan is running"


def in_force(width: Decimal | None) -> str:
    return "in force: unknown" if width is None else f"in force: {SETTING} = {width:f}"


def left(width: Decimal | None, old: Decimal | None) -> str:
    """What stays when the old half spread could not be put back."""
    before = "unknown" if old is None else f"{old:f}"
    return (
        f"left as it is: {in_force(width)}, before the plan {before}. Put it back with `cockpit tune run --restore`; a "
        "restart of the desk takes the settings"
    )
