"""Arming and disarming: what was sent, what no snapshot shows yet, and that disarming has the last word."""

from collections.abc import Callable, Coroutine, Mapping, Sequence

import msgspec

from cockpit.client.desk_client import DeskClient, Outcome, UnknownOutcome
from cockpit.model.commands import ARMABLE, Part
from cockpit.model.formatting import counted, time_left
from cockpit.model.snapshot import Snapshot
from panels.dialogs.desk_port import Answer
from panels.dialogs.trading.arm import is_armed


class ArmingCommands:
    """``run`` runs a command in the background, ``report`` shows an outcome that no dialog takes."""

    def __init__(
        self,
        client: DeskClient,
        run: Callable[[Coroutine[object, object, None]], None],
        report: Callable[[Outcome], None],
        newest: Callable[[], Snapshot | None],
    ) -> None:
        self._client = client
        self._run = run
        self._report = report
        self._newest = newest
        self._asked: dict[Part, str] = {}
        self._acknowledged: set[Part] = set()
        self._disarms = 0

    @property
    def asked(self) -> Mapping[Part, str]:
        """Return what was sent to each part and no snapshot shows yet ("arming…"). A copy: views never change."""
        return dict(self._asked)

    def arm(self, part: Part, command_id: str, answer: Answer) -> str:
        """Arm under this id, or under a new one; return the id."""
        command_id = command_id or self._client.new_id()
        self._run(self._arm(part, command_id, answer))
        return command_id

    def disarm_all(self) -> None:
        """Disarm both parts at once."""
        self._disarms += 1
        outcomes: list[Outcome] = []

        def take(outcome: Outcome) -> None:
            outcomes.append(outcome)
            if len(outcomes) == len(ARMABLE):
                self._report_disarmed(outcomes)

        for part in reversed(ARMABLE):
            self._run(self._disarm(part, take))

    def disarm(self, part: Part) -> None:
        """Disarm one part at once; the other stays as it is."""
        self._disarms += 1
        self._run(self._disarm(part, self._report))

    def _report_disarmed(self, outcomes: Sequence[Outcome]) -> None:
        # One action, one sentence: the worst outcome, or what still binds.
        worst = worst_of(outcomes)
        if isinstance(worst, UnknownOutcome) or not worst.accepted:
            alike = len({type(outcome) for outcome in outcomes}) == 1
            self._report(msgspec.structs.replace(worst, command="disarm") if alike else worst)
        else:
            self._report(msgspec.structs.replace(worst, reason=disarmed_text(self._newest())))

    def disarm_to_stop(self, command_id: str, answer: Answer) -> str:
        """Disarm both parts under this id, or under a new one; ``answer`` takes the worse outcome. Return the id.

        Two commands: the executor's has the id itself, the strategy's one made of it, so that both can be sent again.
        """
        self._disarms += 1
        command_id = command_id or self._client.new_id()
        outcomes: list[Outcome] = []

        def take(outcome: Outcome) -> None:
            outcomes.append(outcome)
            if len(outcomes) < len(ARMABLE):
                return
            worst = msgspec.structs.replace(worst_of(outcomes), command="disarm", command_id=command_id)
            if not answer(worst):
                self._report(worst)

        for part in reversed(ARMABLE):
            own_id = command_id if part == "trade-executor" else f"{command_id}-strategy"
            self._run(self._disarm(part, take, own_id))
        return command_id

    def snapshot_arrived(self) -> None:
        """Forget what was acknowledged: the snapshot shows it now."""
        for part in self._acknowledged:
            self._asked.pop(part, None)
        self._acknowledged.clear()

    async def _arm(self, part: Part, command_id: str, answer: Answer) -> None:
        disarms = self._disarms
        self._asked[part] = "arming…"
        outcome = await self._client.send(part, "arm", command_id=command_id)
        if disarms != self._disarms:
            # Disarming was sent meanwhile, and the desk may have done it first: send it again, so that it is last.
            self._run(self._disarm(part, self._report))
        else:
            self._settle(part, outcome, armed=True)
        if not answer(outcome):
            self._report(outcome)

    async def _disarm(self, part: Part, answer: Callable[[Outcome], None], command_id: str = "") -> None:
        self._asked[part] = "disarming…"
        outcome = await self._client.send(part, "disarm", command_id=command_id)
        self._settle(part, outcome, armed=False)
        answer(outcome)

    def _settle(self, part: Part, outcome: Outcome, *, armed: bool) -> None:
        # An accepted command stays "arming…" until a snapshot shows what it did.
        newest = self._newest()
        shown = newest is not None and is_armed(newest, part) == armed
        if not isinstance(outcome, UnknownOutcome) and outcome.accepted and not shown:
            self._acknowledged.add(part)
        else:
            self._asked.pop(part, None)


def disarmed_text(snapshot: Snapshot | None) -> str:
    """Say that everything is disarmed, and what live quotes still bind."""
    live = None if snapshot is None else snapshot.alive
    if live is None or not live.quotes:
        return "DISARMED."
    quotes = counted(live.quotes, "live quote still binds", "live quotes still bind")
    return f"DISARMED. {quotes} for {time_left(live.last_death_ms)} (^o burns all)."


def worst_of(outcomes: Sequence[Outcome]) -> Outcome:
    # Unknown is worse than not sent, then comes refused, then accepted.

    def weight(outcome: Outcome) -> int:
        if isinstance(outcome, UnknownOutcome):
            return 3 if outcome.sent else 2
        return 0 if outcome.accepted else 1

    return max(outcomes, key=weight)
