"""The operator's commands: carried out once each, answered, and journalled with time, actor and outcome."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from cockpit.desk.risk.arming import Arming
from cockpit.desk.risk.limits import LimitsInForce
from cockpit.desk.risk.trading_state import SET_TRADING, TradingState
from cockpit.model.commands import ARMABLE, Armable, CommandRequest, Limits, Part, Result, TradingOrder
from cockpit.model.events import OperatorAction
from storage.errors import HistoryError

REMEMBERED = 1_000
JOURNAL_SHOWN = 100
LONGEST_REASON = 200


class CommandHandler:
    """Carries commands out. A command id seen before gets its first answer again and does nothing twice."""

    def __init__(
        self,
        arming: Arming,
        *,
        blocked: Callable[[Armable], tuple[str, ...]],
        refreshers: Mapping[Part, Callable[[], Awaitable[str | None]]],
        limits: LimitsInForce,
        trading: TradingState,
        shutdown: Callable[[], None],
        record: Callable[[OperatorAction], None],
        durable: Callable[[], Awaitable[None]],
        wall_ns: Callable[[], int],
        new_id: Callable[[], str],
        burn: Callable[[], int] = lambda: 0,
    ) -> None:
        self._arming = arming
        self._blocked = blocked
        self._refreshers = refreshers
        self._limits = limits
        self._trading = trading
        self._shutdown = shutdown
        self._record = record
        self._durable = durable
        self._wall_ns = wall_ns
        self._new_id = new_id
        self._burn = burn
        self._one_at_a_time = asyncio.Lock()
        self._answered: OrderedDict[str, Result] = OrderedDict()
        self.journal: deque[OperatorAction] = deque(maxlen=JOURNAL_SHOWN)
        """The newest commands of this run and their outcomes, oldest first."""

    def arm(self, part: Armable, request: CommandRequest) -> Result:
        """Arm the strategy or the executor; refused with every reason that blocks it."""
        command = f"arm {part}"
        done = self.before(request, command)
        if done is not None:
            return done
        refusal = self._arming.arm(part, request.actor, self._blocked(part))
        return self.answer(request, command, {}, refusal is None, refusal or f"{part} is armed")

    def disarm(self, part: Armable, request: CommandRequest, why: str = "") -> Result:
        """Disarm; never refused, carried out whatever its id, and journalled again when it disarmed again.

        ``why`` is what the desk measured when it disarms by itself.
        """
        command = f"disarm {part}"
        was_armed = self._arming.armed(part)
        reason = f": {why}" if why else ""
        self._arming.disarm(part, f"disarmed by {request.actor}{reason}")
        first = self._answered.get(request.command_id)
        if first is not None:
            if first.command == command and not was_armed:
                return first
            request = CommandRequest(actor=request.actor)
        return self.answer(request, command, {}, True, f"{part} is disarmed{reason}")

    def hard_stop(self, request: CommandRequest) -> Result:
        """Disarm everything and burn every live quote; never refused, and asking again goes on with the same."""
        for part in ARMABLE:
            self._arming.disarm(part, f"disarmed by {request.actor}: hard stop")
        alive = self._burn()
        first = self._answered.get(request.command_id)
        if first is not None and first.command == "hard-stop":
            return first
        request = CommandRequest(actor=request.actor) if first is not None else request
        told = f"disarmed; {alive} live quotes are being burned" if alive else "disarmed; no quote is alive"
        return self.answer(request, "hard-stop", {"alive": alive}, True, told)

    async def refresh(self, part: Part, request: CommandRequest) -> Result:
        """Have a part read its source now; refused when the source did not answer."""
        command = f"refresh {part}"
        done = self.before(request, command)
        if done is not None:
            return done
        problem = await self._refreshers[part]()
        return self.answer(request, command, {}, problem is None, problem or f"{part} is refreshed")

    async def limits(self, patch: Mapping[str, object], request: CommandRequest) -> Result:
        """Change some limits; the whole set is validated, and stays as it was when anything is wrong.

        A longer life for quotes is in the history before it is in force: after a crash it tells how long to wait.
        """
        async with self._one_at_a_time:
            return self.before(request, "set limits") or await self._set_limits(patch, request)

    async def _set_limits(self, patch: Mapping[str, object], request: CommandRequest) -> Result:
        try:
            wanted = msgspec.convert({**msgspec.to_builtins(self._limits.current), **patch}, Limits, strict=False)
            problems = wanted.problems()
        except msgspec.ValidationError as exc:
            problems = (f"the limits cannot be read: {exc}",)
        if problems:
            return self.answer(request, "set limits", patch, False, "; ".join(problems))
        named = ", ".join(f"{name} = {getattr(wanted, name)}" for name in patch) or "nothing changed"
        result = self.answer(request, "set limits", patch, True, named)
        if wanted.max_deadline_ms > self._limits.current.max_deadline_ms:
            try:
                await self._durable()
            except HistoryError as exc:
                refused = self.answer(
                    CommandRequest(actor=request.actor), "set limits", patch, False, f"not in force: {exc}"
                )
                self._answered[result.command_id] = refused
                return refused
        self._limits.replace(wanted)
        return result

    def trading(self, body: Mapping[str, object], request: CommandRequest) -> Result:
        """Set which quotes may be made: all, those that reduce, or none; it outlives the desk.

        Any state but HALTED also lifts a halt for loss. What the desk measures may still restrict more.
        """
        done = self.before(request, SET_TRADING)
        if done is not None:
            return done
        try:
            order = msgspec.convert(body, TradingOrder)
        except msgspec.ValidationError as exc:
            told = f'the trading state cannot be read: {exc}; expected {{"state": "REDUCING", "reason": "…"}}'
            return self.answer(request, SET_TRADING, body, False, told)
        if len(order.reason) > LONGEST_REASON or not (order.reason or " ").isprintable():
            told = f"the reason must be one line of at most {LONGEST_REASON} characters"
            return self.answer(request, SET_TRADING, {"state": order.state}, False, told)
        trading = self._trading
        trading.choose(order.state, request.actor, order.reason)
        told = f"trading is {trading.state}"
        if trading.state != order.state:
            told = f"trading is set to {order.state} and stays {trading.state}: {trading.why}"
        return self.answer(request, SET_TRADING, msgspec.to_builtins(trading.kept), True, told)

    def note_trading(self) -> None:
        """Have in the journal what the desk itself restricted or freed."""
        trading = self._trading
        if trading.moved():
            why = f": {trading.why}" if trading.why else ""
            told = f"trading is {trading.state}{why}"
            self.answer(CommandRequest(actor="desk"), SET_TRADING, msgspec.to_builtins(trading.kept), True, told)

    def shutdown(self, request: CommandRequest) -> Result:
        """Disarm everything and end the desk once its history is written."""
        for part in ARMABLE:
            self._arming.disarm(part, f"disarmed by {request.actor}: the desk is stopped")
        result = self._answered.get(request.command_id)
        if result is None or result.command != "shutdown":
            request = CommandRequest(actor=request.actor) if result is not None else request
            result = self.answer(request, "shutdown", {}, True, "the desk is stopping")
        self._shutdown()
        return result

    def before(self, request: CommandRequest, command: str) -> Result | None:
        """The first answer to this id; a refusal when the id was another command's."""
        first = self._answered.get(request.command_id)
        if first is None or first.command == command:
            return first
        reason = f"the command_id {request.command_id} was used for {first.command} before"
        return self.answer(CommandRequest(actor=request.actor), command, {}, False, reason)

    def answer(
        self, request: CommandRequest, command: str, arguments: Mapping[str, object], accepted: bool, reason: str
    ) -> Result:
        """Write a command and its outcome into the journal, and remember the answer for its id."""
        result = Result(
            command_id=request.command_id or self._new_id(),
            command=command,
            accepted=accepted,
            reason=reason,
            at_ns=self._wall_ns(),
        )
        self._answered[result.command_id] = result
        if len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)
        action = OperatorAction(
            result.at_ns,
            result.command_id,
            request.actor,
            command,
            msgspec.json.encode(arguments).decode(),
            accepted,
            reason,
        )
        self.journal.append(action)
        self._record(action)
        return result
