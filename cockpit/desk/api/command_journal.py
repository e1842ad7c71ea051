"""The journal of commands: each answered once for its id, and recorded with time, actor and outcome."""

import hashlib
from collections import OrderedDict, deque
from collections.abc import Mapping

import msgspec

from cockpit.model.commands import CommandRequest, Result
from cockpit.model.environment import Environment
from cockpit.model.events import OperatorAction
from cockpit.model.recorder import Recorder
from venue.transport.jsonrpc import plain

REMEMBERED = 20_000
"""Command ids; the oldest is forgotten then."""
SHOWN = 100
LONGEST_RESULT = 1_000
"""Characters of a result's reason: it may repeat what was sent, and is one line of a panel."""


class _Known(msgspec.Struct):
    """What was asked under an id: a digest of its arguments if they count, and the result once there is one."""

    command: str
    digest: bytes | None = None
    result: Result | None = None


class CommandJournal:
    """Remembers what every command id asked for, and its first result. ``entries``: the newest, oldest first.

    ``accepted`` and ``refused`` count all that were recorded.

    An id answers only the same command with the same arguments: anything else must not be called done.
    """

    def __init__(self, env: Environment, recorder: Recorder) -> None:
        self._env = env
        self._recorder = recorder
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self.entries: deque[OperatorAction] = deque(maxlen=SHOWN)
        self.accepted = self.refused = 0

    def get(self, command_id: str) -> Result | None:
        """Return the first result of this id, whatever the command was."""
        known = self._known.get(command_id)
        return None if known is None else known.result

    def previous_result(self, request: CommandRequest, command: str, arguments: Mapping[str, object]) -> Result | None:
        """Return the first result of this id; a refusal when the id was used for something else, None when it is new.

        ``arguments``: all that the body asks for.
        """
        known, digest = self._known.get(request.command_id), _digest(arguments)
        if known is None or known.result is None:
            self._remember(request.command_id, _Known(command, digest))
            return None
        if known.command == command and known.digest in (None, digest):
            return known.result
        used_for = f"{command} with other arguments" if known.command == command else known.command
        reason = f"command_id {request.command_id} was already used for {used_for}; use a new one"
        return self.record_result(CommandRequest(actor=request.actor), command, arguments, False, reason)

    def unused(self, request: CommandRequest, command: str, arguments: Mapping[str, object]) -> CommandRequest:
        """Return the request, without its id if that was used: for what is carried out in any case."""
        if self.get(request.command_id) is not None:
            return CommandRequest(actor=request.actor)
        self._remember(request.command_id, _Known(command, _digest(arguments)))
        return request

    def record_result(
        self, request: CommandRequest, command: str, arguments: Mapping[str, object], accepted: bool, reason: str
    ) -> Result:
        """Record a command and its outcome, and remember the result for its id."""
        # An id that has its result already names that row: this one is another.
        used = self.get(request.command_id) is not None
        result = Result(
            command_id=self._env.new_id() if used or not request.command_id else request.command_id,
            command=command,
            accepted=accepted,
            reason=plain(reason, LONGEST_RESULT),
            at_ns=self._env.wall_ns(),
        )
        self.replace_result(result.command_id, result)
        action = OperatorAction(
            at_ns=result.at_ns,
            command_id=result.command_id,
            actor=request.actor,
            command=command,
            arguments=msgspec.json.encode(arguments).decode(),
            accepted=accepted,
            reason=result.reason,
        )
        self.entries.append(action)
        self.accepted += accepted
        self.refused += not accepted
        self._recorder.record(action)
        return result

    def replace_result(self, command_id: str, result: Result) -> None:
        """Answer this id with another result from now on."""
        known = self._known.get(command_id)
        if known is None:
            known = _Known(result.command)
            self._remember(command_id, known)
        known.result = result

    def _remember(self, command_id: str, known: _Known) -> None:
        if not command_id:
            return
        self._known[command_id] = known
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    async def flush(self) -> None:
        """Return when everything recorded is durable. Raises HistoryError when it never will be."""
        await self._recorder.flush()


def _digest(arguments: Mapping[str, object]) -> bytes:
    return hashlib.sha256(msgspec.json.encode(arguments, order="sorted")).digest()
