"""What each interlock measures: facts in; a verdict with its numbers out. Pure."""

from decimal import Decimal

import msgspec

from cockpit.desk.risk.committed_flow import FlowSeen
from cockpit.desk.risk.venue_access import VenueFacts
from cockpit.model.alarms import NO_ALARMS, AlarmsState, alarm_text, none_known, source_text, unasked, unreadable
from cockpit.model.formatting import counted, exact, number
from venue.protocol.assets import Unit

SALT_MAX_AGE_MS = 90_000
"""Salt and key are read every half minute: unread for three times as long, they may be stale."""
UNEXPLAINED_MAX_MS = 30_000
"""A reading and the statuses of settlements arrive apart: a difference this old is no flicker."""
MIN_FREE_BYTES = 256 * 2**20
"""Room for hours of history; the writer must be stopped before the disk stops it."""


TO_JOURNAL = "writing to the journal; the database is unavailable"


class InterlockFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the monitor measured. None: unknown, which never passes.

    ``symbols``: a token of each chain. ``available``: symbol and whole tokens, neither committed nor leaving.
    ``balances_age_ms``: since the last reading was requested; ``balances_error``: why there is no newer one.
    ``salt_age_ms``: since salt and key were last read together. ``refusals``: quotes refused lately for a fault of
    ours; ``max_refusals`` and more fail (0: any number passes). ``unexplained_ms``: age of the unexplained difference,
    0 without one; ``missing``: what of it is missing, in EURe, None without a price; it fails above ``max_missing``.
    ``previous_run_ms``: until the last quote of the previous run expires. ``history_complete``: nothing
    waits in the journal. ``alarms``: the venue's own. ``free_bytes``: on the disk that holds the history. ``venue``:
    what it lets the account do. ``committed_limit``: largest amount committed, in whole tokens of ``quote``; ``flow``:
    what the last hour's requests made of it.
    """

    symbols: tuple[str, ...]
    reference_usable: bool
    reference_detail: str
    available: tuple[tuple[str, Decimal], ...] | None
    balances_age_ms: int | None
    balances_max_age_ms: int
    balances_error: str
    addresses: tuple[str, ...]
    pending_known: bool
    history_writable: bool
    history_problem: str
    history_complete: bool
    limits_detail: str
    limit_problems: tuple[str, ...]
    strategy_armed: bool
    shadow_decisions: int
    min_shadow_decisions: int
    key_registered: bool | None
    key_problem: str
    clock_usable: bool
    clock_detail: str
    salt_known: bool
    salt_age_ms: int | None
    subscribed: bool
    relay_error: str
    previous_run_ms: int
    hard_stop: bool
    refusals: int
    max_refusals: int
    last_refusal: str
    unexplained_ms: int | None
    unexplained_detail: str
    missing: Decimal | None
    max_missing: Decimal
    alarms: AlarmsState
    free_bytes: int | None
    venue: VenueFacts
    quote: Unit
    committed_limit: Decimal
    flow: FlowSeen


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict: what was measured beside what is wanted.

    ``warning``: it passes, and an operator should act. ``unknown``: nothing is known of what it asks, good or bad.
    """

    passed: bool
    measured: str
    wanted: str
    warning: bool = False
    unknown: bool = False


def reference(facts: InterlockFacts) -> Measurement:
    return Measurement(
        passed=facts.reference_usable, measured=facts.reference_detail, wanted="enough fresh sources that agree"
    )


def funds(facts: InterlockFacts) -> Measurement:
    wanted = "above zero on the Verifier"
    if facts.available is None:
        return Measurement(passed=False, measured="balances not known yet", wanted=wanted, unknown=True)
    amounts = ", ".join(f"{exact(max(amount, Decimal(0)))} {symbol}" for symbol, amount in facts.available)
    passed = any(amount > 0 for _, amount in facts.available)
    return Measurement(passed=passed, measured=f"{amounts} available", wanted=wanted)


def balances(facts: InterlockFacts) -> Measurement:
    age_ms, max_age_ms = facts.balances_age_ms, facts.balances_max_age_ms
    passed = age_ms is not None and age_ms <= max_age_ms
    age = "not known yet" if age_ms is None else f"{age_ms / 1000:.1f} s old"
    return Measurement(
        passed=passed,
        measured=age if passed or not facts.balances_error else f"{age}: {facts.balances_error}",
        wanted=f"at most {max_age_ms / 1000:g} s old",
        unknown=age_ms is None,
    )


def deposits(facts: InterlockFacts) -> Measurement:
    missing = [symbol for symbol in facts.symbols if symbol not in facts.addresses]
    addresses = f"no deposit address for {', '.join(missing)}" if missing else "addresses known"
    pending = "pending deposits identified" if facts.pending_known else "pending deposits unknown"
    return Measurement(
        passed=not missing and facts.pending_known,
        measured=f"{addresses}, {pending}",
        wanted="addresses and pending deposits known",
    )


def history(facts: InterlockFacts) -> Measurement:
    if not facts.history_writable:
        measured = facts.history_problem or "the history cannot be written"
    else:
        measured = "writing" if facts.history_complete else TO_JOURNAL
    return Measurement(passed=facts.history_writable, measured=measured, wanted="writing")


def limits(facts: InterlockFacts) -> Measurement:
    problems = "; ".join(facts.limit_problems)
    return Measurement(passed=not problems, measured=problems or facts.limits_detail, wanted="valid as a set")


def committed_limit(facts: InterlockFacts) -> Measurement:
    """Never fails: a limit that is too small loses requests, and no money."""
    flow, limit = facts.flow, facts.committed_limit
    needed = None if flow.needed is None else facts.quote.to_decimal(flow.needed)
    text = f"limit {number(limit, 0)} {facts.quote.symbol}; "
    text += (
        f"{counted(flow.requests, 'request')} in the last hour, too few to judge"
        if needed is None
        else f"the last hour's requests need {number(needed, 0)}"
    )
    if flow.refuses_many:
        text += f"; it refused {flow.refused} of {flow.tried}"
    return Measurement(
        passed=True,
        warning=flow.refuses_many or (needed is not None and needed > limit),
        measured=text,
        wanted="the last hour's need; at most 5 % refused",
    )


def strategy(facts: InterlockFacts) -> Measurement:
    armed = facts.strategy_armed
    return Measurement(passed=armed, measured="armed" if armed else "not armed", wanted="armed")


def shadow(facts: InterlockFacts) -> Measurement:
    seen, wanted = facts.shadow_decisions, facts.min_shadow_decisions
    decisions = (
        counted(seen, "actionable decision") if seen >= wanted else f"{seen:,} of {wanted:,} actionable decisions"
    )
    return Measurement(
        passed=seen >= wanted,
        measured=f"{decisions} without a venue error",
        wanted=f"at least {wanted:,}",
    )


def key(facts: InterlockFacts) -> Measurement:
    absent = "not registered" if facts.key_registered is False else "registration not known yet"
    return Measurement(
        passed=facts.key_registered is True,
        measured="registered" if facts.key_registered else facts.key_problem or absent,
        wanted="registered on the Verifier",
        unknown=facts.key_registered is None,
    )


def clock(facts: InterlockFacts) -> Measurement:
    return Measurement(
        passed=facts.clock_usable,
        measured=facts.clock_detail,
        wanted="not provably more than 500 ms off",
    )


def salt(facts: InterlockFacts) -> Measurement:
    age_ms = facts.salt_age_ms if facts.salt_known else None
    return Measurement(
        passed=age_ms is not None and age_ms <= SALT_MAX_AGE_MS,
        measured="salt not known" if age_ms is None else f"read {age_ms // 1000} s ago",
        wanted=f"the current one, read within {SALT_MAX_AGE_MS // 1000} s",
        unknown=age_ms is None,
    )


def relay(facts: InterlockFacts) -> Measurement:
    absent = f"relay not connected: {facts.relay_error or 'no answer yet'}"
    return Measurement(
        passed=facts.subscribed,
        measured="acknowledged" if facts.subscribed else absent,
        wanted="quote and quote_status",
    )


def previous_run(facts: InterlockFacts) -> Measurement:
    left_ms = facts.previous_run_ms
    live = f"quotes of the previous run may be live for another {left_ms // 1000 + 1} s"
    return Measurement(passed=left_ms <= 0, measured="none" if left_ms <= 0 else live, wanted="none")


def hard_stop(facts: InterlockFacts) -> Measurement:
    active = facts.hard_stop
    return Measurement(passed=not active, measured="a hard stop is in progress" if active else "none", wanted="none")


def refusals(facts: InterlockFacts) -> Measurement:
    last = f"; last reason: {facts.last_refusal}" if facts.refusals else ""
    return Measurement(
        passed=not 0 < facts.max_refusals <= facts.refusals,
        measured=f"{counted(facts.refusals, 'quote')} refused recently for a fault of ours{last}",
        wanted=f"fewer than {facts.max_refusals:,}" if facts.max_refusals else "any number",
    )


def reconciliation(facts: InterlockFacts) -> Measurement:
    age_ms = facts.unexplained_ms
    # Anybody may send the account something; only its key can take something out.
    lost = facts.missing is None or facts.missing > facts.max_missing
    lasting = age_ms is not None and age_ms >= UNEXPLAINED_MAX_MS
    return Measurement(
        passed=age_ms is not None and not (lost and lasting),
        measured="balances not reconciled yet" if age_ms is None else facts.unexplained_detail,
        wanted=f"at most {exact(facts.max_missing)} EURe missing after {UNEXPLAINED_MAX_MS // 1000} s",
        warning=lasting,
        unknown=age_ms is None,
    )


def alarms(facts: InterlockFacts) -> Measurement:
    state = facts.alarms
    disarming = any(row.effect == "disarms" for row in state.rows)
    warning = any(row.effect == "warns" for row in state.rows)
    total = len(state.rows) + state.more
    if disarming or warning:
        # Those that disarm come first.
        texts = [alarm_text(state.rows[0]), f"and {total - 1} more" if total > 1 else ""]
    elif total:
        texts = [f"{counted(total, 'alarm touches', 'alarms touch')} others only"]
    else:
        texts = [NO_ALARMS if none_known(state) else ""]
    texts += [source_text(row) for row in state.sources]
    return Measurement(
        passed=not disarming and not unasked(state),
        measured="; ".join(filter(None, texts)),
        wanted="none that touches what this desk uses",
        warning=warning or unreadable(state),
    )


def disk(facts: InterlockFacts) -> Measurement:
    free = facts.free_bytes
    return Measurement(
        passed=free is not None and free >= MIN_FREE_BYTES,
        measured="unknown" if free is None else f"{free // 2**20:,} MiB free",
        wanted=f"at least {MIN_FREE_BYTES // 2**20} MiB",
        unknown=free is None,
    )
