"""What changed at the desk that somebody must be told: two readings in, alerts out. No I/O."""

from collections.abc import Mapping

import msgspec

from cockpit.desk.alerts.facts import DeskFacts, TransferFact
from cockpit.desk.alerts.feed import AlertFeed
from cockpit.model.alerts.alert import Severity
from cockpit.model.formatting import rounded
from storage.history import CREDITED
from venue.protocol.units import NS_PER_S

RELAY_LOST_NS = 30 * NS_PER_S
DOWN_NS = 60 * NS_PER_S
"""A part that does not work for this long is a fault; shorter failures end by themselves."""
DAY_NS = 86_400 * NS_PER_S
WITHDRAWAL_ENDS: Mapping[str, Severity] = {
    "completed": "info",
    "failed": "critical",
    "refunded": "critical",
    "returned": "critical",
    "expired": "critical",
    "unknown": "warning",
}
"""States of a withdrawal that somebody must know, and how bad they are."""


class AlertWatch:
    """``look`` once a second. What was so before the start is told only where it still holds."""

    def __init__(self, feed: AlertFeed) -> None:
        self._feed = feed
        self._before: DeskFacts | None = None
        self._relay_lost_ns: int | None = None
        self._relay_told = False
        self._down: dict[str, int] = {}
        self._difference_told = False
        self._key_told: dict[str, tuple[bool, int]] = {}

    @property
    def settled(self) -> int:
        """How many fills were looked at."""
        return 0 if self._before is None else self._before.settled

    def look(self, now: DeskFacts, *, wall_ns: int, monotonic_ns: int) -> None:
        before = self._before or DeskFacts(settled=now.settled, withdrawals=now.withdrawals, deposits=now.deposits)
        self._trading(before, now)
        self._relay(now, monotonic_ns)
        self._faults(before, now, monotonic_ns)
        self._difference(now)
        self._key(now, wall_ns)
        self._fills(before, now)
        self._withdrawals(before.withdrawals, now.withdrawals)
        if now.deposits is None:
            # The bridge's list is gone for a while: what it held is compared with the next one.
            now = _with_deposits(now, before.deposits)
        elif before.deposits is not None:
            self._deposits(before.deposits, now.deposits)
        self._before = now
        self._feed.problem = "; ".join(filter(None, (now.history_problem, *now.down)))[:200]

    def _trading(self, before: DeskFacts, now: DeskFacts) -> None:
        if now.loss_halt and not before.loss_halt:
            self._feed.note("loss_limit", "critical", f"trading halted: {now.loss_halt}")
        elif now.trading != before.trading and now.trading != "ACTIVE":
            severity: Severity = "critical" if now.trading == "HALTED" else "warning"
            self._feed.note("halt", severity, f"trading {now.trading.lower()}: {now.trading_why}")
        elif now.trading != before.trading:
            self._feed.note("halt", "info", "trading is active again")

    def _relay(self, now: DeskFacts, monotonic_ns: int) -> None:
        if now.relay_connected:
            if self._relay_told:
                self._feed.note("relay", "info", "the relay is connected again")
            self._relay_lost_ns, self._relay_told = None, False
            return
        if self._relay_lost_ns is None:
            self._relay_lost_ns = monotonic_ns
        lost_ns = monotonic_ns - self._relay_lost_ns
        if lost_ns >= RELAY_LOST_NS and not self._relay_told:
            self._relay_told = True
            reason = f": {now.relay_error}" if now.relay_error else ""
            self._feed.note(
                "relay", "critical" if now.armed else "warning", f"no relay for {lost_ns // NS_PER_S} s{reason}"
            )

    def _faults(self, before: DeskFacts, now: DeskFacts, monotonic_ns: int) -> None:
        if now.history_problem and not before.history_problem:
            self._feed.note("fault", "critical", f"history cannot be written: {now.history_problem}", subject="history")
        failed = now.exceptions - before.exceptions
        self._feed.note_many("fault", "critical", "an exception in the quote path; see the desk's log", failed)
        unmade = now.unmade_texts - before.unmade_texts
        self._feed.note_many("fault", "warning", "texts of decisions could not be made; see the desk's log", unmade)
        for worker, count in now.restarts.items():
            if count > before.restarts.get(worker, 0):
                why = now.errors.get(worker, "no reason")
                self._feed.note("fault", "warning", f"{worker} failed and was restarted: {why}", subject=worker)
        # By the name of the part: its detail may change every second.
        parts = {text.partition(":")[0]: text for text in now.down}
        self._down = {part: self._down.get(part, monotonic_ns) for part in parts}
        for part, since_ns in self._down.items():
            if 0 <= since_ns <= monotonic_ns - DOWN_NS:
                self._feed.note("fault", "critical" if now.armed else "warning", parts[part], subject=part)
                self._down[part] = -1

    def _difference(self, now: DeskFacts) -> None:
        row = now.rows.get("proof")
        if row is None or row.unknown:
            # Not read yet: that is neither a difference nor the end of one.
            return
        unexplained = row.warning or not row.passed
        if unexplained and not self._difference_told:
            self._feed.note("difference", "critical", f"balances are not reconciled: {row.measured}")
        self._difference_told = unexplained

    def _key(self, now: DeskFacts, wall_ns: int) -> None:
        for ident, subject in (("api_key_end", "the API key"), ("api_key", "the relay")):
            row = now.rows.get(ident)
            # Whether the relay accepts the key is unknown until it has answered; that is not the key's fault.
            well = row is None or (row.passed and (ident == "api_key" or not row.warning))
            if row is None or well or row.unknown:
                continue
            # An end that is near is told again every day.
            found = row.passed, wall_ns // DAY_NS
            if self._key_told.get(ident) != found:
                self._key_told[ident] = found
                severity: Severity = "warning" if row.passed else "critical"
                self._feed.note("key", severity, f"{subject}: {row.measured}", subject=ident)

    def _fills(self, before: DeskFacts, now: DeskFacts) -> None:
        new = now.settled - before.settled
        for fill in now.fills[-new:] if new > 0 else ():
            text = f"{fill.side} {fill.base_amount.normalize():f} {fill.base_symbol} at {rounded(fill.price, 2)} EUR"
            self._feed.note("fill", "info", text, amount_eure=fill.quote_amount)
        self._feed.note_many("fill", "info", "fills", new - len(now.fills))

    def _withdrawals(self, before: Mapping[str, TransferFact], now: Mapping[str, TransferFact]) -> None:
        for ident, one in now.items():
            severity = WITHDRAWAL_ENDS.get(one.state)
            known = before.get(ident)
            if severity is not None and (known is None or known.state != one.state):
                self._feed.note("withdrawal", severity, one.describe(), subject=ident)

    def _deposits(self, before: Mapping[str, TransferFact], now: Mapping[str, TransferFact]) -> None:
        for key, one in now.items():
            known = before.get(key)
            was = known is not None and known.state in CREDITED
            if one.state in CREDITED and not was:
                self._feed.note("deposit", "info", one.describe(), subject=key)
            elif one.state == "FAILED" and (known is None or known.state != "FAILED"):
                self._feed.note("deposit", "critical", one.describe(), subject=key)


def _with_deposits(facts: DeskFacts, deposits: Mapping[str, TransferFact] | None) -> DeskFacts:
    return msgspec.structs.replace(facts, deposits=deposits)
