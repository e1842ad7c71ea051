"""Arming and disarming as the cockpit carries them out: what was asked, what is not yet seen, who has the last word."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from cockpit.app.host import Host
from cockpit.client.desk_client import DeskClient, Outcome, UnknownOutcome
from cockpit.model.commands import ARMABLE, Part
from panels.dialogs.arm import is_armed
from panels.dialogs.dialog import Answer


class ArmingActions:
    """Sends arm and disarm. ``asked`` is what was asked of each part and is not yet seen in a snapshot."""

    def __init__(self, link: DeskClient, host: Host) -> None:
        self._link = link
        self._host = host
        self._asked: dict[Part, str] = {}
        self._acknowledged: set[Part] = set()
        self._disarms = 0

    @property
    def asked(self) -> Mapping[Part, str]:
        """A copy, so that a view made of it stays what it was."""
        return dict(self._asked)

    def arm(self, part: Part, command_id: str, answer: Answer) -> str:
        """Ask the desk to arm, under this id or a new one; ``answer`` takes the outcome. The id."""
        ident = command_id or self._link.new_id()
        self._host.command(self._arm(part, ident, answer))
        return ident

    def disarm_all(self) -> None:
        """Disarm everything at once."""
        self._disarms += 1
        for part in reversed(ARMABLE):
            self._host.command(self._disarm(part, self._host.toast))

    def disarm_to_leave(self, command_id: str, answer: Answer) -> str:
        """Disarm everything under this id or a new one; ``answer`` takes what became of it as a whole. The id.

        Two commands: the executor's has the id itself, the strategy's one made of it, so that both can be asked again.
        """
        self._disarms += 1
        ident = command_id or self._link.new_id()
        outcomes: list[Outcome] = []

        def answered(outcome: Outcome) -> None:
            outcomes.append(outcome)
            if len(outcomes) < len(ARMABLE):
                return
            worst = _worst(outcomes)
            worst = msgspec.structs.replace(worst, command="disarm", command_id=ident)
            if not answer(worst):
                self._host.toast(worst)

        for part in reversed(ARMABLE):
            own = ident if part == "trade-executor" else f"{ident}-strategy"
            self._host.command(self._disarm(part, answered, own))
        return ident

    def took(self) -> None:
        """A snapshot arrived: what was acknowledged is seen now."""
        for part in self._acknowledged:
            self._asked.pop(part, None)
        self._acknowledged.clear()

    async def _arm(self, part: Part, command_id: str, answer: Answer) -> None:
        disarms = self._disarms
        self._asked[part] = "arming…"
        outcome = await self._link.send(part, "arm", command_id=command_id)
        if disarms != self._disarms:
            # Disarming was asked for meanwhile, and the desk may have taken it first: ask again, so that it is last.
            self._host.command(self._disarm(part, self._host.toast))
        else:
            self._settle(part, outcome, armed=True)
        if not answer(outcome):
            self._host.toast(outcome)

    async def _disarm(self, part: Part, answer: Callable[[Outcome], None], command_id: str = "") -> None:
        self._asked[part] = "disarming…"
        outcome = await self._link.send(part, "disarm", command_id=command_id)
        self._settle(part, outcome, armed=False)
        answer(outcome)

    def _settle(self, part: Part, outcome: Outcome, *, armed: bool) -> None:
        """A command ended: an accepted one stays "arming…" until a snapshot shows what it did."""
        newest = self._host.newest()
        shown = newest is not None and is_armed(newest, part) == armed
        if not isinstance(outcome, UnknownOutcome) and outcome.accepted and not shown:
            self._acknowledged.add(part)
        else:
            self._asked.pop(part, None)


def _worst(outcomes: Sequence[Outcome]) -> Outcome:
    """What must be said of several commands: that one is unknown, else that one was not done, else that all were."""

    def weight(outcome: Outcome) -> int:
        if isinstance(outcome, UnknownOutcome):
            return 3 if outcome.sent else 2
        return 0 if outcome.accepted else 1

    return max(outcomes, key=weight)
