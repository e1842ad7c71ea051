"""The arming ladder: measured facts become an ordered checklist, and a rung is open only while its lines are green.

Pure but for ``GraceTimer``, which remembers since when each line has been red. Times are monotonic nanoseconds.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from cockpit.desk.interlocks.facts import InterlockFacts
from cockpit.model.formatting import exact
from cockpit.model.snapshot import InterlockRow, Rung
from venue.protocol.units import NS_PER_MS

AT_ONCE = 0
STALE_GRACE_MS = 10_000
VENUE_GRACE_MS = 60_000
"""Services that a quote does not need at once may be away this long."""
CLOCK_GRACE_MS = 5_000
"""A clock that drifted is set within seconds where somebody sets it; one that was stepped gets no grace."""
SALT_MAX_AGE_MS = 90_000
"""Salt and key are read every half minute: unread for three times as long, nobody knows whether they still hold."""
PROOF_GRACE_MS = 30_000
"""A reading and the statuses of settlements arrive apart: a difference this old is no flicker."""
MIN_FREE_BYTES = 256 * 2**20
"""Room for hours of history; the writer must be stopped before the disk stops it."""

UPWARD = ("strategy", "shadow")
"""Lines that climbing the ladder itself turns green."""


def checklist(facts: InterlockFacts, *, symbols: Sequence[str]) -> tuple[InterlockRow, ...]:
    """Every line in the runbook's order; ``symbols`` are those of the pair."""

    def row(
        ident: str,
        rung: Literal["SHADOW", "LIVE"],
        name: str,
        passed: bool,
        measured: str,
        wanted: str,
        remedy: str,
    ) -> InterlockRow:
        told = "" if passed else remedy
        return InterlockRow(
            ident=ident, rung=rung, name=name, passed=passed, measured=measured, wanted=wanted, remedy=told
        )

    spendable = facts.spendable
    funded = spendable is not None and any(amount > 0 for _, amount in spendable)
    if spendable is None:
        funds = "the balances are not known yet"
    else:
        funds = ", ".join(f"{exact(max(amount, Decimal(0)))} {symbol}" for symbol, amount in spendable) + " spendable"
    missing = [symbol for symbol in symbols if symbol not in facts.handles]
    handles = f"no deposit address of {', '.join(missing)}" if missing else "addresses known"
    pending = "pending deposits told apart" if facts.pending_known else "pending deposits not known"
    unexplained = facts.unexplained_ms
    free = facts.free_bytes
    age_ms, max_age_ms = facts.balances_age_ms, facts.balances_max_age_ms
    fresh = age_ms is not None and age_ms <= max_age_ms
    aged = "not known yet" if age_ms is None else f"{age_ms / 1000:.1f} s old"
    salt_age_ms = facts.salt_age_ms
    salted = facts.salt_known and salt_age_ms is not None and salt_age_ms <= SALT_MAX_AGE_MS
    if facts.salt_known and salt_age_ms is not None:
        salt = f"read {salt_age_ms // 1000} s ago"
    else:
        salt = "the Verifier's salt is not known"
    unregistered = "not registered" if facts.key_registered is False else "the registration is not known yet"
    registered = "registered" if facts.key_registered else facts.key_problem or unregistered
    return (
        row(
            "reference",
            "SHADOW",
            "reference fresh, sources agree",
            facts.reference_usable,
            facts.reference_told,
            "agreeing fresh sources",
            "wait for the exchanges, or refresh the reference",
        ),
        row(
            "funds",
            "SHADOW",
            "credited spendable balance",
            funded,
            funds,
            "above zero on intents.near",
            "deposit, or wait until it is credited",
        ),
        row(
            "balances",
            "LIVE",
            "balances fresh",
            fresh,
            aged if fresh or not facts.balances_error else f"{aged}: {facts.balances_error}",
            f"at most {max_age_ms / 1000:g} s old",
            "wait for a NEAR RPC to answer, or refresh the inventory",
        ),
        row(
            "deposits",
            "SHADOW",
            "deposit handle known",
            not missing and facts.pending_known,
            f"{handles}, {pending}",
            "an address of each asset, pending told apart",
            "refresh the liquidity manager; the bridge must answer",
        ),
        row(
            "history",
            "LIVE",
            "history writable",
            facts.history_writable,
            facts.history_told,
            "writing",
            "free the disk or the database; the log has the reason",
        ),
        row(
            "limits",
            "SHADOW",
            "limits set",
            not facts.limit_problems,
            "; ".join(facts.limit_problems) or facts.limits_told,
            "a set that is valid as a whole",
            "set the limits",
        ),
        row(
            "strategy",
            "LIVE",
            "strategy armed first",
            facts.strategy_armed,
            "armed" if facts.strategy_armed else "the strategy is not armed",
            "armed",
            "arm the strategy and watch what it decides",
        ),
        row(
            "shadow",
            "LIVE",
            "decisions seen in SHADOW",
            facts.shadow_decisions >= facts.shadow_wanted,
            f"{facts.shadow_decisions} actionable decisions without a venue error",
            f"at least {facts.shadow_wanted}",
            "let the strategy decide on live demand a while",
        ),
        row(
            "key",
            "LIVE",
            "signing key registered",
            facts.key_registered is True,
            registered,
            "registered on the Verifier",
            "register the key",
        ),
        row(
            "clock",
            "LIVE",
            "local clock agrees with the venue's",
            facts.clock_usable,
            facts.clock_told,
            "within ±500 ms, by HTTP dates and block times",
            "have this machine's clock set (chrony, systemd-timesyncd)",
        ),
        row(
            "salt",
            "LIVE",
            "salt known",
            salted,
            salt,
            f"the current one, read within {SALT_MAX_AGE_MS // 1000} s",
            "wait for a NEAR RPC to answer",
        ),
        row(
            "relay",
            "LIVE",
            "both subscriptions acknowledged",
            facts.subscribed,
            "acknowledged"
            if facts.subscribed
            else f"the relay is not connected: {facts.relay_told or 'no answer yet'}",
            "quote and quote_status",
            "wait for the relay; check the API key when it refuses",
        ),
        row(
            "former",
            "LIVE",
            "no quote of a former run alive",
            facts.former_ms <= 0,
            "none"
            if facts.former_ms <= 0
            else f"quotes of the former run may be alive for another {facts.former_ms // 1000 + 1} s",
            "none",
            "wait until they must be dead",
        ),
        row(
            "burning",
            "LIVE",
            "no hard stop under way",
            not facts.burning,
            "a hard stop is under way" if facts.burning else "none",
            "none",
            "wait until it has ended",
        ),
        row(
            "refusals",
            "LIVE",
            "venue takes the quotes",
            not 0 < facts.refusals_most <= facts.refusals,
            f"{facts.refusals} quotes refused lately for a fault of ours"
            + (f", the last one: {facts.refusals_told}" if facts.refusals else ""),
            f"fewer than {facts.refusals_most}" if facts.refusals_most else "any number",
            "find the fault: key, balances, salt or this program; the line turns green by itself",
        ),
        row(
            "proof",
            "LIVE",
            "no unexplained base unit",
            unexplained is not None and unexplained < PROOF_GRACE_MS,
            "the proof is not known yet" if unexplained is None else facts.unexplained_told,
            f"0, or explained within {PROOF_GRACE_MS // 1000} s",
            "find where it came from; what is harmless can be taken as given by `cockpit accept-remainder`",
        ),
        row(
            "disk",
            "LIVE",
            "disk space",
            free is not None and free >= MIN_FREE_BYTES,
            "unknown" if free is None else f"{free // 2**20} MiB free",
            f"at least {MIN_FREE_BYTES // 2**20} MiB",
            "free space where the history lies",
        ),
    )


def graces(*, relay_lost_ms: int) -> Mapping[str, int | None]:
    """How long each line may be red before it closes an open rung, ms; None: it never does."""
    return {
        "reference": STALE_GRACE_MS,
        "funds": None,
        "balances": STALE_GRACE_MS,
        "deposits": VENUE_GRACE_MS,
        "history": AT_ONCE,
        "limits": AT_ONCE,
        "strategy": AT_ONCE,
        "shadow": None,
        "key": AT_ONCE,
        "clock": CLOCK_GRACE_MS,
        "salt": STALE_GRACE_MS,
        "relay": relay_lost_ms or None,
        "former": None,
        "burning": AT_ONCE,
        "refusals": AT_ONCE,
        "proof": AT_ONCE,
        "disk": AT_ONCE,
    }


def guards(row: InterlockRow, rung: Rung) -> bool:
    """Whether this line must be green for the rung to open: LIVE stands on everything that SHADOW stands on."""
    return rung == "LIVE" or (rung == "SHADOW" and row.rung == "SHADOW")


def red(rows: Sequence[InterlockRow], rung: Literal["SHADOW", "LIVE"], *, but: Sequence[str] = ()) -> tuple[str, ...]:
    """What keeps the rung closed, a sentence each; without the lines named by ``but``."""
    return tuple(
        f"{row.name}: {row.measured}" for row in rows if not row.passed and guards(row, rung) and row.ident not in but
    )


class GraceTimer:
    """Remembers since when each line is red. A line's grace runs from then, whoever looks and however often."""

    def __init__(self, graces_ms: Mapping[str, int | None]) -> None:
        self._graces_ms = graces_ms
        self._red_since: dict[str, int] = {}

    def judge(self, rows: Sequence[InterlockRow], rung: Rung, now_ns: int) -> tuple[InterlockRow, ...]:
        """The rows with what is left of each red line's grace: 0 when it closes the open rung now."""
        return tuple(self._judged(row, rung, now_ns) for row in rows)

    def without_grace(self, ident: str, now_ns: int) -> None:
        """The line has been red for long enough, should it be red now."""
        self._red_since[ident] = now_ns - (self._graces_ms[ident] or 0) * NS_PER_MS

    def _judged(self, row: InterlockRow, rung: Rung, now_ns: int) -> InterlockRow:
        if row.passed:
            self._red_since.pop(row.ident, None)
            return row
        since = self._red_since.setdefault(row.ident, now_ns)
        grace_ms = self._graces_ms[row.ident]
        if grace_ms is None or not guards(row, rung):
            return row
        left_ms = max(0, grace_ms - (now_ns - since) // NS_PER_MS)
        return msgspec.structs.replace(row, grace_left_ms=left_ms)


def closing(rows: Sequence[InterlockRow]) -> InterlockRow | None:
    """The line that closes the open rung now; one that closes SHADOW before one that closes only LIVE."""
    due = [row for row in rows if row.grace_left_ms == 0]
    return min(due, key=lambda row: row.rung != "SHADOW", default=None)
