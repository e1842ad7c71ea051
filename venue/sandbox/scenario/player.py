"""Plays a scenario: each event at its time, by the clock of the running loop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from venue.protocol.units import NS_PER_S
from venue.sandbox.base.errors import SandboxError
from venue.sandbox.scenario.model import Scenario
from venue.sandbox.scenario.timeline import Stage, events

MOST_PROBLEMS = 100
logger = logging.getLogger("venue.sandbox")


class Player:
    """Plays the scenario on a ``stage``, from when ``started`` returns."""

    def __init__(self, scenario: Scenario, stage: Stage, started: Callable[[], Awaitable[None]]) -> None:
        self._scenario = scenario
        self._stage = stage
        self._started = started
        self._events = events(scenario)
        self._start_s: float | None = None
        self._done = 0
        self._over = False
        self._problems: list[str] = []

    @property
    def problems(self) -> tuple[str, ...]:
        """The events that could not happen, with the reason."""
        return tuple(self._problems)

    def state(self) -> dict[str, object]:
        """Return how far the scenario is, as JSON values; ``problems`` names the events that could not happen."""
        at_s = 0.0 if self._start_s is None else asyncio.get_running_loop().time() - self._start_s
        return {
            "name": self._scenario.name,
            "at_s": round(min(at_s, self._scenario.header.duration_s), 3),
            "duration_s": self._scenario.header.duration_s,
            "events": len(self._events),
            "done": self._done,
            "over": self._over,
            "problems": list(self._problems),
        }

    async def play(self) -> None:
        """Play to the end of the scenario's time."""
        await self._started()
        loop = asyncio.get_running_loop()
        self._start_s = loop.time()
        for event in self._events:
            await self._until(event.at_ns)
            if event.act is not None:
                try:
                    event.act(self._stage)
                except (ValueError, SandboxError) as error:
                    self._add(f"at {event.at_ns / NS_PER_S:g} s, {event.text}: {error}")
            self._done += 1
        await self._until(self._scenario.duration_ns)
        self._over = True

    async def _until(self, at_ns: int) -> None:
        assert self._start_s is not None
        rest_s = self._start_s + at_ns / NS_PER_S - asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, rest_s))

    def _add(self, problem: str) -> None:
        logger.warning("scenario %s: %s", self._scenario.name, problem)
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(problem)
