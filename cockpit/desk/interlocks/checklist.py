"""The arming ladder's checklist: a table of interlocks, in the order of the operators' runbook. Pure."""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from cockpit.desk.interlocks import measures, venue_measures
from cockpit.desk.interlocks.measures import InterlockFacts, Measurement
from cockpit.model.snapshot import InterlockRow, Rung

NO_GRACE_MS = 0
STALE_GRACE_MS = 10_000
VENUE_GRACE_MS = 60_000
"""Services that a quote does not need at once may be away this long."""
CLOCK_GRACE_MS = 5_000
"""A time service corrects a clock that drifted within seconds; one that was stepped gets no grace."""

MET_BY_ARMING = ("strategy", "shadow")
"""Interlocks that pass only once the strategy is armed."""


class Interlock(msgspec.Struct, frozen=True, kw_only=True):
    """A condition for a rung to open and to stay open.

    ``rung``: the first rung that needs it. ``grace_ms``: how long it may fail before it closes an open rung; None: it
    never does. ``remedy``: what to do while it fails.
    """

    id: str
    rung: Literal["SHADOW", "LIVE"]
    name: str
    grace_ms: int | None
    remedy: str
    measure: Callable[[InterlockFacts], Measurement]


INTERLOCKS: tuple[Interlock, ...] = (
    Interlock(
        id="reference",
        rung="SHADOW",
        name="reference fresh, sources agree",
        grace_ms=STALE_GRACE_MS,
        remedy="wait for the exchanges, or refresh the reference",
        measure=measures.reference,
    ),
    Interlock(
        id="funds",
        rung="SHADOW",
        name="balance available",
        grace_ms=None,
        remedy="deposit, or wait until a deposit is credited",
        measure=measures.funds,
    ),
    Interlock(
        id="balances",
        rung="LIVE",
        name="balances fresh",
        grace_ms=STALE_GRACE_MS,
        remedy="wait for a NEAR RPC to answer, or refresh the inventory",
        measure=measures.balances,
    ),
    Interlock(
        id="deposits",
        rung="SHADOW",
        name="deposit addresses known",
        grace_ms=VENUE_GRACE_MS,
        remedy="refresh the funds; the bridge must answer",
        measure=measures.deposits,
    ),
    Interlock(
        id="listed",
        rung="LIVE",
        name="bridge lists the traded tokens",
        grace_ms=VENUE_GRACE_MS,
        remedy="set its market to `enabled = false` in markets.toml; withdraw it while the bridge pays it out",
        measure=venue_measures.listed,
    ),
    Interlock(
        id="history",
        rung="LIVE",
        name="history writable",
        grace_ms=NO_GRACE_MS,
        remedy="free disk space or restore the database; the log has the reason",
        measure=measures.history,
    ),
    Interlock(
        id="limits",
        rung="SHADOW",
        name="limits valid, no loss halt",
        grace_ms=NO_GRACE_MS,
        remedy="correct the limits, or lift the loss halt by setting the trading state",
        measure=measures.limits,
    ),
    Interlock(
        id="committed_limit",
        rung="LIVE",
        name="committed limit suits the requests",
        grace_ms=None,
        remedy="raise the limit on what is committed, or lower the largest notional; requests are lost meanwhile",
        measure=measures.committed_limit,
    ),
    Interlock(
        id="strategy",
        rung="LIVE",
        name="strategy armed first",
        grace_ms=NO_GRACE_MS,
        remedy="arm the strategy and watch its decisions",
        measure=measures.strategy,
    ),
    Interlock(
        id="shadow",
        rung="LIVE",
        name="decisions seen in SHADOW",
        grace_ms=None,
        remedy="let the strategy decide on live requests for a while",
        measure=measures.shadow,
    ),
    Interlock(
        id="key",
        rung="LIVE",
        name="signing key registered",
        grace_ms=NO_GRACE_MS,
        remedy="register the key",
        measure=measures.key,
    ),
    Interlock(
        id="locked",
        rung="LIVE",
        name="account not locked",
        grace_ms=NO_GRACE_MS,
        remedy="ask the venue's support; nothing can be traded or withdrawn until it is unlocked",
        measure=venue_measures.locked,
    ),
    Interlock(
        id="paused",
        rung="LIVE",
        name="Verifier not paused",
        grace_ms=NO_GRACE_MS,
        remedy="wait until its administrators resume it; the venue's status page has the reason",
        measure=venue_measures.paused,
    ),
    Interlock(
        id="transaction_route",
        rung="LIVE",
        name="withdrawals by transaction possible",
        grace_ms=None,
        remedy="withdraw by intent: set WITHDRAWAL_ROUTE=intent and restart the desk",
        measure=venue_measures.transaction_route,
    ),
    Interlock(
        id="api_key",
        rung="LIVE",
        name="API key accepted by the relay's RPC",
        grace_ms=VENUE_GRACE_MS,
        remedy="check NEAR_INTENTS_API_KEY; without it hard stops and withdrawals by intent fail",
        measure=venue_measures.key_accepted,
    ),
    Interlock(
        id="api_key_end",
        rung="LIVE",
        name="API key does not end soon",
        grace_ms=NO_GRACE_MS,
        remedy="order a new API key, set NEAR_INTENTS_API_KEY and restart the desk",
        measure=venue_measures.token_end,
    ),
    Interlock(
        id="clock",
        rung="LIVE",
        name="local clock agrees with the venue's",
        grace_ms=CLOCK_GRACE_MS,
        remedy="synchronise this machine's clock (chrony, systemd-timesyncd)",
        measure=measures.clock,
    ),
    Interlock(
        id="salt",
        rung="LIVE",
        name="Verifier salt known",
        grace_ms=STALE_GRACE_MS,
        remedy="wait for a NEAR RPC to answer",
        measure=measures.salt,
    ),
    Interlock(
        id="relay",
        rung="LIVE",
        name="relay subscriptions acknowledged",
        # DISARM_RELAY_LOST_MS sets it, see ``configured``.
        grace_ms=None,
        remedy="wait for the relay; if it refuses, check the API key",
        measure=measures.relay,
    ),
    Interlock(
        id="former",
        rung="LIVE",
        name="no live quote of the previous run",
        grace_ms=None,
        remedy="wait until they expire",
        measure=measures.previous_run,
    ),
    Interlock(
        id="burning",
        rung="LIVE",
        name="no hard stop in progress",
        grace_ms=NO_GRACE_MS,
        remedy="wait until it is done",
        measure=measures.hard_stop,
    ),
    Interlock(
        id="refusals",
        rung="LIVE",
        name="venue accepts the quotes",
        grace_ms=NO_GRACE_MS,
        remedy="find the fault: key, balances, salt or this program; the interlock clears by itself",
        measure=measures.refusals,
    ),
    Interlock(
        id="proof",
        rung="LIVE",
        name="balances reconciled",
        grace_ms=NO_GRACE_MS,
        remedy="find the cause; a harmless difference can be accepted with `cockpit accept-remainder`",
        measure=measures.reconciliation,
    ),
    Interlock(
        id="alarms",
        rung="LIVE",
        name="no alarm of the venue",
        grace_ms=NO_GRACE_MS,
        remedy="wait until the venue resolves it; the runbook says how to judge it",
        measure=measures.alarms,
    ),
    Interlock(
        id="disk",
        rung="LIVE",
        name="disk space",
        grace_ms=NO_GRACE_MS,
        remedy="free space on the disk that holds the history",
        measure=measures.disk,
    ),
)


NAMES = {one.id: one.name for one in INTERLOCKS}


def configured(*, relay_lost_ms: int) -> tuple[Interlock, ...]:
    """Return the table with the configured grace of a lost relay; 0: a lost relay never closes a rung."""
    return tuple(
        msgspec.structs.replace(one, grace_ms=relay_lost_ms or None) if one.id == "relay" else one for one in INTERLOCKS
    )


def checklist(facts: InterlockFacts) -> tuple[InterlockRow, ...]:
    """Return every interlock as measured, in the runbook's order."""
    return tuple(_row(interlock, interlock.measure(facts)) for interlock in INTERLOCKS)


def _row(interlock: Interlock, found: Measurement) -> InterlockRow:
    return InterlockRow(
        ident=interlock.id,
        rung=interlock.rung,
        name=interlock.name,
        passed=found.passed,
        measured=found.measured,
        wanted=found.wanted,
        remedy="" if found.passed and not found.warning else interlock.remedy,
        warning=found.passed and found.warning,
        unknown=found.unknown,
    )


def applies_to(row: InterlockRow, rung: Rung) -> bool:
    """Return whether the rung needs this interlock: LIVE needs everything that SHADOW needs."""
    return rung == "LIVE" or (rung == "SHADOW" and row.rung == "SHADOW")


def failing(
    rows: Sequence[InterlockRow], rung: Literal["SHADOW", "LIVE"], *, exclude: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return what keeps the rung closed, a sentence each, without the interlocks with the ids in ``exclude``."""
    return tuple(
        f"{row.name}: {row.measured}"
        for row in rows
        if not row.passed and applies_to(row, rung) and row.ident not in exclude
    )


def tripped(rows: Sequence[InterlockRow]) -> InterlockRow | None:
    """Return the interlock that closes the open rung now, or None; one for SHADOW before one for LIVE."""
    due = [row for row in rows if row.grace_left_ms == 0]
    return min(due, key=lambda row: row.rung != "SHADOW", default=None)
