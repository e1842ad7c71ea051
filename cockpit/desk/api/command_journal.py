"""The journal of commands: each answered once for its id, and recorded with time, actor and outcome."""

from collections import OrderedDict, deque
from collections.abc import Mapping

import msgspec

from cockpit.model.commands import CommandRequest, Result
from cockpit.model.environment import Environment
from cockpit.model.events import OperatorAction
from cockpit.model.recorder import Recorder

REMEMBERED = 1_000
SHOWN = 100


class CommandJournal:
    """Remembers the first result of every command id. ``entries``: the newest of this run, oldest first."""

    def __init__(self, env: Environment, recorder: Recorder) -> None:
        self._env = env
        self._recorder = recorder
        self._results: OrderedDict[str, Result] = OrderedDict()
        self.entries: deque[OperatorAction] = deque(maxlen=SHOWN)

    def get(self, command_id: str) -> Result | None:
        """Return the first result of this id, whatever the command was."""
        return self._results.get(command_id)

    def previous_result(self, request: CommandRequest, command: str) -> Result | None:
        """Return the first result of this id; a refusal when the id was another command's, None when it is new."""
        first = self.get(request.command_id)
        if first is None or first.command == command:
            return first
        reason = f"command_id {request.command_id} was already used for {first.command}; use a new one"
        return self.record_result(CommandRequest(actor=request.actor), command, {}, False, reason)

    def record_result(
        self, request: CommandRequest, command: str, arguments: Mapping[str, object], accepted: bool, reason: str
    ) -> Result:
        """Record a command and its outcome, and remember the result for its id."""
        result = Result(
            command_id=request.command_id or self._env.new_id(),
            command=command,
            accepted=accepted,
            reason=reason,
            at_ns=self._env.wall_ns(),
        )
        self.replace_result(result.command_id, result)
        if len(self._results) > REMEMBERED:
            self._results.popitem(last=False)
        action = OperatorAction(
            at_ns=result.at_ns,
            command_id=result.command_id,
            actor=request.actor,
            command=command,
            arguments=msgspec.json.encode(arguments).decode(),
            accepted=accepted,
            reason=reason,
        )
        self.entries.append(action)
        self._recorder.record(action)
        return result

    def replace_result(self, command_id: str, result: Result) -> None:
        """Answer this id with another result from now on."""
        self._results[command_id] = result

    async def flush(self) -> None:
        """Return when everything recorded is durable. Raises HistoryError when it never will be."""
        await self._recorder.flush()
