"""The operator's commands to the desk: arm, disarm, hard stop, refresh, limits, trading state, shutdown."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.risk.arming import Arming
from cockpit.desk.risk.limits import LimitsInForce
from cockpit.desk.risk.trading_state import SET_TRADING, TradingState
from cockpit.model.commands import (
    ARMABLE,
    ARMABLE_NAMES,
    Armable,
    CommandRequest,
    Limits,
    Part,
    Result,
    TradingOrder,
)
from cockpit.model.formatting import counted
from cockpit.model.pricing.pricing_set import change_text
from cockpit.model.snapshot import Trading
from storage.errors import HistoryError

LONGEST_REASON = 200
REASON_BOUND = f"the reason must be one line of at most {LONGEST_REASON} characters"
SET_LIMITS = "set limits"
NO_LIVE_QUOTES = "no live quotes"
REFRESHED: Mapping[Part, str] = {
    "market-reference-ingest": "reference prices refreshed",
    "inventory-sync": "balances refreshed",
    "liquidity-manager": "deposits and withdrawals refreshed",
}


class CommandHandler:
    """Carries commands out. A command that repeats an id gets its first result again and does nothing twice.

    What restricts is carried out whatever its id: a result that was given before must not hide that it is not in force.

    ``blocked`` returns why a part may not be armed; ``refreshers`` return the problem when a source did not answer;
    ``start_hard_stop`` returns how many quotes are being burned: live ones, and refused ones that could still settle.
    """

    def __init__(
        self,
        journal: CommandJournal,
        arming: Arming,
        limits: LimitsInForce,
        trading: TradingState,
        *,
        blocked: Callable[[Armable], tuple[str, ...]],
        refreshers: Mapping[Part, Callable[[], Awaitable[str | None]]],
        start_hard_stop: Callable[[], int],
        shutdown: Callable[[], None],
    ) -> None:
        self.journal = journal
        self._arming = arming
        self._limits = limits
        self._trading = trading
        self._blocked = blocked
        self._refreshers = refreshers
        self._start_hard_stop = start_hard_stop
        self._shutdown = shutdown
        self._one_at_a_time = asyncio.Lock()

    def arm(self, part: Armable, request: CommandRequest) -> Result:
        """Arm the strategy or the executor; refused with every reason that blocks it."""
        command = f"arm {part}"
        done = self.journal.previous_result(request, command, {})
        if done is not None:
            return done
        refusal = self._arming.arm(part, request.actor, self._blocked(part))
        text = refusal or f"{ARMABLE_NAMES[part]} armed"
        return self.journal.record_result(request, command, {}, refusal is None, text)

    def disarm_at_once(self, part: Armable) -> bool:
        """Disarm before it is read who asks for it; return whether the part was armed."""
        was_armed = self._arming.armed(part)
        self._arming.disarm(part, "disarmed by api")
        return was_armed

    def disarm_everything(self, why: str, actor: str = "api") -> None:
        for part in ARMABLE:
            self._arming.disarm(part, f"disarmed by {actor}: {why}")

    def begin_hard_stop(self) -> int:
        """Disarm everything and burn, before it is read who asks for it; return how many quotes are burned."""
        self.disarm_everything("hard stop")
        return self._start_hard_stop()

    def disarm(
        self, part: Armable, request: CommandRequest, reason: str = "", *, unread: str = "", was_armed: bool = False
    ) -> Result:
        """Disarm; never refused, carried out whatever its id, and journalled again when it disarmed again.

        ``reason`` is what the desk measured when it disarms by itself; ``unread``, why the body could not be read.
        ``was_armed``: whether it was armed before ``disarm_at_once``.
        """
        command = f"disarm {part}"
        was_armed = was_armed or self._arming.armed(part)
        cause = f": {reason}" if reason else ""
        self._arming.disarm(part, f"disarmed by {request.actor}{cause}")
        first = self.journal.get(request.command_id)
        if first is not None:
            if first.command == command and not was_armed:
                return first
            request = CommandRequest(actor=request.actor)
        text = f"{ARMABLE_NAMES[part]} disarmed{cause}{_but(unread)}"
        return self.journal.record_result(request, command, {}, True, text)

    def hard_stop(self, request: CommandRequest, unread: str = "", *, live: int | None = None) -> Result:
        """Disarm everything and burn every quote that could still settle; never refused, and repeating it continues the
        same one.

        ``live``: what ``begin_hard_stop`` returned, if it was called.
        """
        self.disarm_everything("hard stop", request.actor)
        live = self._start_hard_stop() if live is None else live
        first = self.journal.get(request.command_id)
        if first is not None and first.command == "hard-stop":
            return first
        request = CommandRequest(actor=request.actor) if first is not None else request
        text = (
            f"disarmed; burning {counted(live, 'quote')} that could still settle"
            if live
            else f"disarmed; {NO_LIVE_QUOTES}"
        )
        return self.journal.record_result(request, "hard-stop", {"alive": live}, True, f"{text}{_but(unread)}")

    async def refresh(self, part: Part, request: CommandRequest) -> Result:
        """Have a part read its source now; refused when the source did not answer."""
        command = f"refresh {part}"
        done = self.journal.previous_result(request, command, {})
        if done is not None:
            return done
        problem = await self._refreshers[part]()
        text = problem or REFRESHED.get(part, "refreshed")
        return self.journal.record_result(request, command, {}, problem is None, text)

    async def limits(self, patch: Mapping[str, object], request: CommandRequest) -> Result:
        """Change some limits; the whole set is validated, and stays as it was when anything is wrong.

        A longer quote deadline is in the history before it is in force: after a crash it says how long to wait.
        """
        async with self._one_at_a_time:
            wanted, problems = self._patched(patch)
            if wanted is not None and wanted.stricter_than(self._limits.current):
                request = self.journal.unused(request, SET_LIMITS, patch)
                return await self._set_limits(wanted, patch, request)
            done = self.journal.previous_result(request, SET_LIMITS, patch)
            if done is not None:
                return done
            if wanted is None:
                return self.journal.record_result(request, SET_LIMITS, patch, False, "; ".join(problems))
            return await self._set_limits(wanted, patch, request)

    def _patched(self, patch: Mapping[str, object]) -> tuple[Limits | None, tuple[str, ...]]:
        try:
            wanted = msgspec.convert({**msgspec.to_builtins(self._limits.current), **patch}, Limits, strict=False)
        except msgspec.ValidationError as exc:
            return None, (f"the limits cannot be read: {exc}",)
        problems = wanted.problems()
        return None if problems else wanted, problems

    async def _set_limits(self, wanted: Limits, patch: Mapping[str, object], request: CommandRequest) -> Result:
        record_result = self.journal.record_result
        now = self._limits.current
        changes = ", ".join(change_text(name, getattr(now, name), getattr(wanted, name)) for name in patch)
        result = record_result(request, SET_LIMITS, patch, True, changes or "nothing changed")
        if wanted.max_deadline_ms > now.max_deadline_ms:
            try:
                await self.journal.flush()
            except HistoryError as exc:
                by_actor = CommandRequest(actor=request.actor)
                refused = record_result(by_actor, SET_LIMITS, patch, False, f"not in force: {exc}")
                self.journal.replace_result(result.command_id, refused)
                return refused
        self._limits.replace(wanted)
        self._limits.set_by_person(patch.keys())
        return result

    def trading(self, body: Mapping[str, object], request: CommandRequest) -> Result:
        """Set which quotes may be made: all, those that reduce, or none; it outlives the desk.

        Any state but HALTED also lifts a halt for loss. What the desk measures may still restrict more. A state that
        restricts more than the chosen one is set whatever its id, and whatever else the body holds.
        """
        record_result = self.journal.record_result
        state = body.get("state")
        if (state == "REDUCING" or state == "HALTED") and self._trading.restricts(state):
            return self._restrict(state, body, self.journal.unused(request, SET_TRADING, body))
        done = self.journal.previous_result(request, SET_TRADING, body)
        if done is not None:
            return done
        try:
            order = msgspec.convert(body, TradingOrder)
        except msgspec.ValidationError as exc:
            text = f'the trading state cannot be read: {exc}; expected {{"state": "REDUCING", "reason": "…"}}'
            return record_result(request, SET_TRADING, body, False, text)
        if not _is_line(order.reason):
            return record_result(request, SET_TRADING, {"state": order.state}, False, REASON_BOUND)
        return self._choose(order.state, order.reason, request)

    def _restrict(self, state: Trading, body: Mapping[str, object], request: CommandRequest) -> Result:
        reason = body.get("reason", "")
        usable = isinstance(reason, str) and _is_line(reason)
        unread = "" if usable else REASON_BOUND
        if set(body) - {"state", "reason"}:
            unread = "; ".join(filter(None, (unread, "the body may hold only state and reason")))
        return self._choose(state, str(reason) if usable else "", request, unread)

    def _choose(self, state: Trading, reason: str, request: CommandRequest, unread: str = "") -> Result:
        trading = self._trading
        trading.choose(state, request.actor, reason)
        text = f"trading is {trading.state}"
        if trading.state != state:
            text = f"trading is set to {state} but stays {trading.state}: {trading.why}"
        arguments = msgspec.to_builtins(trading.journalled)
        return self.journal.record_result(request, SET_TRADING, arguments, True, f"{text}{_but(unread)}")

    def note_trading(self) -> None:
        """Journal what the desk itself restricted or freed."""
        trading = self._trading
        if trading.changed():
            reason = f": {trading.why}" if trading.why else ""
            text = f"trading is {trading.state}{reason}"
            arguments = msgspec.to_builtins(trading.journalled)
            self.journal.record_result(CommandRequest(actor="desk"), SET_TRADING, arguments, True, text)

    def shutdown(self, request: CommandRequest, unread: str = "") -> Result:
        """Disarm everything and end the desk once its history is written."""
        self.disarm_everything("the desk is stopped", request.actor)
        result = self.journal.get(request.command_id)
        if result is None or result.command != "shutdown":
            request = CommandRequest(actor=request.actor) if result is not None else request
            result = self.journal.record_result(request, "shutdown", {}, True, f"the desk is stopping{_but(unread)}")
        self._shutdown()
        return result


def _is_line(reason: str) -> bool:
    return len(reason) <= LONGEST_REASON and (reason or " ").isprintable()


def _but(unread: str) -> str:
    return f"; {unread}" if unread else ""
