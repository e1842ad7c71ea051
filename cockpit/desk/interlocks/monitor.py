"""Measures the interlocks of a running desk, and disarms when one fails for longer than its grace."""

import shutil
from collections.abc import Callable
from pathlib import Path

from cockpit.config.settings import Settings
from cockpit.desk.api.command_handler import CommandHandler
from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.desk.interlocks.alarms import AlarmWatch
from cockpit.desk.interlocks.checklist import checklist, configured, failing, tripped
from cockpit.desk.interlocks.grace_timer import GraceTimer
from cockpit.desk.interlocks.measures import InterlockFacts
from cockpit.desk.interlocks.venue_clock import VenueClock
from cockpit.desk.inventory.losses import missing_value
from cockpit.model.ages import age_ms
from cockpit.model.commands import Armable, CommandRequest
from cockpit.model.environment import Environment
from cockpit.model.formatting import rounded
from cockpit.model.recorder import Recorder
from cockpit.model.snapshot import InterlockRow
from venue.protocol.units import NS_PER_MS, NS_PER_S

DISK_EVERY_NS = 5 * NS_PER_S
BLOCK_MS = 2_000
"""The next block may take this long."""
DESK = "desk"
"""The actor of what the desk does by itself."""


class InterlockMonitor:
    """The checklist of one desk, and its own disarming. ``tick`` a few times a second."""

    def __init__(
        self,
        settings: Settings,
        trading: TradingParts,
        clock: VenueClock,
        env: Environment,
        recorder: Recorder,
        *,
        alarms: AlarmWatch,
        free_bytes: Callable[[Path], int | None] | None = None,
    ) -> None:
        self._settings = settings
        # With PostgreSQL it is the journal that must not run out of room.
        self._written = settings.history_path if settings.postgres_url is None else settings.journal_path
        self._trading = trading
        self._clock = clock
        self._alarms = alarms
        self._recorder = recorder
        self._wall_ns = env.wall_ns
        self._monotonic_ns = env.monotonic_ns
        self._free_bytes = free_bytes or _free_bytes
        self._graces = GraceTimer(configured(relay_lost_ms=settings.relay_lost_ms))
        self._disk: int | None = None
        self._disk_ns: int | None = None
        self._unexplained_since: int | None = None
        self._height = 0
        self._height_ns: int | None = None
        self._shadow_from = 0
        self._errors = 0
        self._strategy_was_armed = False

    def rows(self) -> tuple[InterlockRow, ...]:
        """Return the checklist now, with the grace left of every failing interlock."""
        now = self._monotonic_ns()
        return self._graces.apply(checklist(self._facts(now)), self._trading.arming.rung, now)

    def blocked(self, part: Armable) -> tuple[str, ...]:
        """Return why this part may not be armed now, a sentence each; empty when it may be."""
        return failing(self.rows(), "SHADOW" if part == "strategy-engine" else "LIVE")

    def tick(self, control: CommandHandler) -> None:
        """Disarm what depends on an interlock that has failed for longer than its grace."""
        arming = self._trading.arming
        self._alarms.note()
        if self._clock.stepped():
            self._graces.end_grace("clock", self._monotonic_ns())
        row = tripped(self.rows())
        if row is None:
            return
        reason = f"{row.name}: {row.measured}"
        parts: tuple[Armable, ...] = ("trade-executor", "strategy-engine")
        for part in parts if row.rung == "SHADOW" else parts[:1]:
            if arming.armed(part):
                control.disarm(part, CommandRequest(actor=DESK), reason)

    def _facts(self, now: int) -> InterlockFacts:
        trading, inventory = self._trading, self._trading.inventory
        tokens, limits = trading.tokens, trading.limits.current
        clock = self._clock.judge()
        reference = trading.reference.current
        reserved = trading.book.reservations.reserved
        available = None
        balance = inventory.ledger.usable
        if balance is not None:
            funded = {token.underlying for token, held in tokens.by_token(balance) if held}
            available = tuple(
                (token.symbol, token.to_decimal(held - reserved(token.token_id)))
                for token, held in tokens.by_token(balance)
                if tokens.traded(token) and (held or token.underlying not in funded)
            )
        return InterlockFacts(
            symbols=tuple({token.chain: token.symbol for token in reversed(tokens.tokens)}.values()),
            reference_usable=reference.usable and trading.reference.mid is not None,
            reference_detail=reference.reason or f"{rounded(trading.reference.mid, 2)} EUR, {reference.age_ms} ms old",
            available=available,
            balances_age_ms=self._balances_age_ms(now),
            balances_max_age_ms=limits.max_inventory_age_ms,
            balances_error=inventory.last_error or f"last read at block {inventory.ledger.height}",
            addresses=tuple(trading.deposits.addresses),
            pending_known=trading.deposits.deposits is not None,
            history_writable=self._recorder.writable,
            history_problem=self._recorder.problem,
            history_complete=self._recorder.complete,
            limits_detail=self._limits_detail(),
            limit_problems=(*limits.problems(), *filter(None, (trading.trading_state.loss_halt,))),
            strategy_armed=trading.arming.strategy,
            shadow_decisions=self._shadow_decisions(),
            min_shadow_decisions=self._settings.shadow_decisions,
            key_registered=trading.credentials.key.registered,
            key_problem=trading.credentials.key.problem,
            clock_usable=clock.passed,
            clock_detail=clock.detail,
            salt_known=trading.executor.salt is not None,
            salt_age_ms=age_ms(now, trading.credentials.key.read_ns),
            subscribed=trading.relay.state == "ok",
            relay_error=trading.relay.last_error,
            previous_run_ms=trading.startup.left_ms(),
            hard_stop=trading.hard_stop.active,
            refusals=trading.refusals.count(),
            max_refusals=self._settings.refusals,
            last_refusal=trading.refusals.last,
            unexplained_ms=self._unexplained_ms(now),
            unexplained_detail=self._difference(),
            missing=missing_value(tokens, inventory.ledger.unexplained, trading.reference.trusted_mid),
            max_missing=self._settings.remainder_max_loss_eure,
            alarms=self._alarms.state(),
            free_bytes=self._disk_free(now),
            venue=trading.access.facts(),
            quote=tokens.quote,
            committed_limit=limits.max_promised_eure,
            flow=trading.committed_flow.seen(self._wall_ns()),
        )

    def _limits_detail(self) -> str:
        state, limits = self._trading.trading_state, self._trading.limits.current
        reason = f" ({state.why})" if state.state != "ACTIVE" else ""
        return f"max size {limits.max_notional_eure:f} EURe; trading is {state.state}{reason}"

    def _shadow_decisions(self) -> int:
        """Count actionable decisions since the strategy was armed or the venue last failed, whichever was later."""
        trading = self._trading
        actionable = trading.engine.counters["actionable"]
        errors = trading.relay.counters["disconnects"] + trading.inventory.counters["failures"]
        if not trading.arming.strategy:
            self._strategy_was_armed = False
            return 0
        if not self._strategy_was_armed or (errors != self._errors and not trading.arming.executor):
            self._strategy_was_armed, self._shadow_from = True, actionable
        self._errors = errors
        return actionable - self._shadow_from

    def _balances_age_ms(self, now: int) -> int | None:
        # A halted node answers promptly: balances are as old as their block.
        inventory = self._trading.inventory
        asked_ms = age_ms(self._wall_ns(), inventory.ledger.at_ns)
        if asked_ms is None:
            return None
        if self._height_ns is None or inventory.ledger.height != self._height:
            self._height, self._height_ns = inventory.ledger.height, now
        return max(asked_ms, (now - self._height_ns) // NS_PER_MS - BLOCK_MS)

    def _unexplained_ms(self, now: int) -> int | None:
        inventory = self._trading.inventory
        if inventory.ledger.balance is None:
            self._unexplained_since = None
            return None
        if not inventory.ledger.unexplained:
            self._unexplained_since = None
            return 0
        if self._unexplained_since is None:
            self._unexplained_since = now
        return (now - self._unexplained_since) // NS_PER_MS

    def _difference(self) -> str:
        tokens, ledger = self._trading.tokens, self._trading.inventory.ledger
        if not ledger.unexplained:
            accepted = tokens.by_token(ledger.accepted)
            text = "".join(f", {units:+d} base units of {asset.symbol} accepted" for asset, units in accepted if units)
            return f"difference 0{text}"
        pairs = tokens.by_token(ledger.unexplained)
        return ", ".join(f"{units:+d} base units of {asset.symbol}" for asset, units in pairs if units) + " unexplained"

    def _disk_free(self, now: int) -> int | None:
        if self._disk_ns is None or now - self._disk_ns >= DISK_EVERY_NS:
            self._disk, self._disk_ns = self._free_bytes(self._written), now
        return self._disk


def _free_bytes(history: Path) -> int | None:
    try:
        # The history's file may be a link to another disk.
        return shutil.disk_usage(history.resolve().parent).free
    except OSError:
        return None
