"""The table of interlocks, from the table that the desk checks."""

from cockpit.desk.interlocks.checklist import INTERLOCKS, Interlock


def interlock_table() -> str:
    """Every interlock in the order of the checklist."""
    rows = (f"| {one.name} | {one.rung} | {_grace(one)} | {one.remedy} |\n" for one in INTERLOCKS)
    return "| interlock | needed for | grace time | remedy |\n|---|---|---|---|\n" + "".join(rows)


def _grace(interlock: Interlock) -> str:
    if interlock.id == "relay":
        return "`DISARM_RELAY_LOST_MS`"
    if interlock.grace_ms is None:
        return "never disarms"
    return f"{interlock.grace_ms / 1000:g} s" if interlock.grace_ms else "none"
