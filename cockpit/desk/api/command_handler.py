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
from storage.errors import HistoryError

LONGEST_REASON = 200
NO_LIVE_QUOTES = "no live quotes"
REFRESHED: Mapping[Part, str] = {
    "market-reference-ingest": "reference prices refreshed",
    "inventory-sync": "balances refreshed",
    "liquidity-manager": "deposits and withdrawals refreshed",
}


class CommandHandler:
    """Carries commands out. A command id seen before gets its first result again and does nothing twice.

    ``blocked`` returns why a part may not be armed; ``refreshers`` return the problem when a source did not answer;
    ``start_hard_stop`` returns how many live quotes are being burned.
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
        done = self.journal.previous_result(request, command)
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
        """Disarm everything and burn, before it is read who asks for it; return how many live quotes are burned."""
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
        """Disarm everything and burn every live quote; never refused, and repeating it continues the same one.

        ``live``: what ``begin_hard_stop`` returned, if it was called.
        """
        self.disarm_everything("hard stop", request.actor)
        live = self._start_hard_stop() if live is None else live
        first = self.journal.get(request.command_id)
        if first is not None and first.command == "hard-stop":
            return first
        request = CommandRequest(actor=request.actor) if first is not None else request
        text = f"disarmed; burning {live} live quotes" if live else f"disarmed; {NO_LIVE_QUOTES}"
        return self.journal.record_result(request, "hard-stop", {"alive": live}, True, f"{text}{_but(unread)}")

    async def refresh(self, part: Part, request: CommandRequest) -> Result:
        """Have a part read its source now; refused when the source did not answer."""
        command = f"refresh {part}"
        done = self.journal.previous_result(request, command)
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
            return self.journal.previous_result(request, "set limits") or await self._set_limits(patch, request)

    async def _set_limits(self, patch: Mapping[str, object], request: CommandRequest) -> Result:
        record_result = self.journal.record_result
        try:
            wanted = msgspec.convert({**msgspec.to_builtins(self._limits.current), **patch}, Limits, strict=False)
            problems = wanted.problems()
        except msgspec.ValidationError as exc:
            problems = (f"the limits cannot be read: {exc}",)
        if problems:
            return record_result(request, "set limits", patch, False, "; ".join(problems))
        changes = ", ".join(f"{name} = {getattr(wanted, name)}" for name in patch) or "nothing changed"
        result = record_result(request, "set limits", patch, True, changes)
        if wanted.max_deadline_ms > self._limits.current.max_deadline_ms:
            try:
                await self.journal.flush()
            except HistoryError as exc:
                by_actor = CommandRequest(actor=request.actor)
                refused = record_result(by_actor, "set limits", patch, False, f"not in force: {exc}")
                self.journal.replace_result(result.command_id, refused)
                return refused
        self._limits.replace(wanted)
        return result

    def trading(self, body: Mapping[str, object], request: CommandRequest) -> Result:
        """Set which quotes may be made: all, those that reduce, or none; it outlives the desk.

        Any state but HALTED also lifts a halt for loss. What the desk measures may still restrict more.
        """
        record_result = self.journal.record_result
        done = self.journal.previous_result(request, SET_TRADING)
        if done is not None:
            return done
        try:
            order = msgspec.convert(body, TradingOrder)
        except msgspec.ValidationError as exc:
            text = f'the trading state cannot be read: {exc}; expected {{"state": "REDUCING", "reason": "…"}}'
            return record_result(request, SET_TRADING, body, False, text)
        if len(order.reason) > LONGEST_REASON or not (order.reason or " ").isprintable():
            text = f"the reason must be one line of at most {LONGEST_REASON} characters"
            return record_result(request, SET_TRADING, {"state": order.state}, False, text)
        trading = self._trading
        trading.choose(order.state, request.actor, order.reason)
        text = f"trading is {trading.state}"
        if trading.state != order.state:
            text = f"trading is set to {order.state} but stays {trading.state}: {trading.why}"
        return record_result(request, SET_TRADING, msgspec.to_builtins(trading.journalled), True, text)

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


def _but(unread: str) -> str:
    return f"; {unread}" if unread else ""
