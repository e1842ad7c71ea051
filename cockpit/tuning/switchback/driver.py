"""Runs a plan on a desk: each width in its turn while the desk trades, and the old one at the end, however it ends."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Literal

from cockpit.client.desk_client import UnknownOutcome
from cockpit.model.environment import Environment
from cockpit.model.snapshot import Snapshot
from cockpit.tuning.switchback import messages
from cockpit.tuning.switchback.desk_watch import DeskWatch, PricingLink
from cockpit.tuning.switchback.plan import Plan, Step
from cockpit.tuning.switchback.progress import Progress, ProgressFile
from venue.protocol.units import NS_PER_S

End = Literal["finished", "stopped", "refused", "foreign", "lost"]
PATIENCE_S = 60.0
"""A desk that does not answer for so long is given up; the plan can be gone on with."""
RESTORE_S = 15.0
"""How long the old half spread is tried to be put back."""
AGAIN_S = 0.5
SAVED_EVERY_S = 5.0
LONGEST_GAP_S = 2.0
"""More time between two snapshots does not count: nobody saw whether the desk traded."""


class Switchback:
    """``told`` hears what happens, one line each; it may fail, as a terminal that is gone does. ``stopping``: set it to
    end. ``restored`` tells after ``run`` whether no half spread of the plan is in force."""

    def __init__(
        self,
        plan: Plan,
        progress: ProgressFile,
        link: PricingLink,
        *,
        env: Environment,
        told: Callable[[str], None],
        stopping: asyncio.Event,
        patience_s: float = PATIENCE_S,
        restore_s: float = RESTORE_S,
    ) -> None:
        self._plan = plan
        self._progress = progress
        self._link = link
        self._watch = DeskWatch(link)
        self._env = env
        self._told = told
        self._stopping = stopping
        self._patience_s = patience_s
        self._restore_s = restore_s
        self._paused = ""
        self._wanted: Decimal | None = None
        """What is in force unless somebody else changed it."""
        self._unseen = False
        """Whether a width was asked for that no snapshot has shown yet."""
        self.restored = False

    async def run(self) -> End:
        """Go on with the plan until it ends. Raises ProgressError when progress cannot be kept."""
        following = asyncio.create_task(self._watch.follow())
        try:
            try:
                end = await self._drive()
            except BaseException:
                await self._put_back()
                raise
            if end != "foreign":
                await self._put_back()
            return end
        finally:
            following.cancel()

    async def restore(self) -> bool:
        """Put the half spread of before the plan back where one of the plan is in force; True when none is any more."""
        following = asyncio.create_task(self._watch.follow())
        try:
            progress = self._progress.current
            if progress.asked is None:
                self._tell(messages.NOTHING_TO_RESTORE)
                return True
            shot = await self._snapshot()
            if shot is None:
                self._tell(messages.left(progress.asked, progress.before))
                return False
            found = shot.pricing.half_spread_bps
            if found not in (progress.asked, progress.replaced):
                self._leave(found)
                return True
            return await self._put_back()
        finally:
            following.cancel()

    async def _drive(self) -> End:
        shot = await self._snapshot()
        if shot is None:
            return self._ended()
        progress, found = self._progress.current, shot.pricing.half_spread_bps
        if progress.run_id == shot.run_id and progress.asked is not None and not progress.may_be_in_force(found):
            self._leave(found)
            return "foreign"
        refusal = self._refusal(shot)
        if refusal:
            self._tell(refusal)
            return "refused"
        self._adopt(shot)
        while (number := self._progress.current.step) < len(self._plan.steps):
            step = self._plan.steps[number]
            self._tell(
                f"step {number + 1} of {len(self._plan.steps)}: {step.half_spread_bps:f} bps for {step.seconds} s"
            )
            end = await self._step(step)
            if end is not None:
                return end
            self._progress.save(step=number + 1, done_s=0.0)
        self._tell(messages.FINISHED)
        return "finished"

    def _refusal(self, shot: Snapshot) -> str:
        # Why nothing is begun.
        if self._plan.narrowest < shot.limits.min_edge_bps:
            return (
                f"the plan's narrowest width, {self._plan.narrowest:f} bps, is below min_edge_bps "
                f"{shot.limits.min_edge_bps:f}: it would not be tried"
            )
        if shot.mode == "SANDBOX":
            self._tell(messages.REHEARSAL)
            return ""
        problem = self._out_of_bounds(shot)
        return f"{problem}; lower the limit first, or make another plan" if problem else ""

    def _out_of_bounds(self, shot: Snapshot) -> str:
        limits, plan = shot.limits, self._plan
        if limits.max_notional_eure > plan.max_notional_eure:
            return f"max_notional_eure is {limits.max_notional_eure:f}, above the plan's {plan.max_notional_eure:f}"
        if limits.max_fills_per_hour > plan.max_fills_per_hour:
            return f"max_fills_per_hour is {limits.max_fills_per_hour}, above the plan's {plan.max_fills_per_hour}"
        return ""

    def _adopt(self, shot: Snapshot) -> None:
        """Note what was in force before the plan: again for every run of a desk, as each starts with its settings."""
        progress, found = self._progress.current, shot.pricing.half_spread_bps
        self._wanted = found
        if progress.run_id == shot.run_id and progress.asked is not None:
            return
        if self._unseen and found == progress.asked and progress.before is not None:
            # A restarted desk that has already taken the command, repeated to it.
            self._progress.save(run_id=shot.run_id)
        else:
            self._progress.save(run_id=shot.run_id, before=found, asked=None, replaced=None)
        self._unseen = False

    async def _step(self, step: Step) -> End | None:
        """Have the width in force until it was for long enough; returns why the plan ends, None when it goes on."""
        done = saved = self._progress.current.done_s
        last_ns: int | None = None
        while done < step.seconds:
            shot = await self._snapshot()
            if shot is None:
                self._progress.save(done_s=done)
                return self._ended()
            now_ns, counted_ns = self._env.monotonic_ns(), last_ns
            last_ns = None
            found = shot.pricing.half_spread_bps
            if shot.run_id != self._progress.current.run_id:
                self._tell(messages.RESTARTED)
                self._adopt(shot)
            elif found != self._wanted:
                self._leave(found)
                return "foreign"
            elif self._pauses(shot):
                # Nothing is tried while nobody counts it.
                if self._progress.current.asked is not None and not await self._put_back():
                    return "lost"
            elif found != step.half_spread_bps or self._progress.current.asked is None:
                end = await self._set(step.half_spread_bps)
                if end is not None:
                    return end
            else:
                last_ns = now_ns
                if counted_ns is not None:
                    done += min((now_ns - counted_ns) / NS_PER_S, LONGEST_GAP_S)
                if done - saved >= SAVED_EVERY_S:
                    self._progress.save(done_s=done)
                    saved = done
        return None

    def _pauses(self, shot: Snapshot) -> bool:
        reason = ""
        if not (shot.strategy_armed and shot.executor_armed):
            reason = f"{messages.DISARMED}: {shot.executor_why or shot.strategy_why or 'disarmed'}"
        elif shot.trading != "ACTIVE":
            reason = f"{messages.DISARMED}: {shot.trading}"
        elif shot.mode != "SANDBOX":
            reason = self._out_of_bounds(shot)
        if reason != self._paused:
            self._tell(f"paused: {reason}" if reason else "goes on")
            self._paused = reason
        return bool(reason)

    async def _set(self, width: Decimal) -> End | None:
        """Put a width in force and see it there; what is asked for is on disk before it is asked for."""
        before = self._progress.current
        self._progress.save(asked=width, replaced=self._wanted)
        self.restored = False
        if self._wanted == width:
            return None
        command_id, self._unseen = self._env.new_id(), True
        until_ns = self._env.monotonic_ns() + int(self._patience_s * NS_PER_S)
        while not self._stopping.is_set() and self._env.monotonic_ns() < until_ns:
            outcome = await self._link.pricing({messages.SETTING: str(width)}, command_id=command_id)
            if isinstance(outcome, UnknownOutcome):
                await self._pause()
                continue
            if not outcome.accepted:
                self._progress.save(asked=before.asked, replaced=before.replaced)
                self._tell(f"refused: {outcome.reason}")
                return "refused"
            self._wanted = width
            while (shot := await self._snapshot()) is not None:
                if shot.run_id != self._progress.current.run_id:
                    return None
                if shot.at_ns >= outcome.at_ns:
                    self._progress.save(replaced=None)
                    self._unseen = False
                    return None
            break
        return self._ended()

    async def _put_back(self) -> bool:
        """Put the half spread of before the plan in force; False when it may not be."""
        progress = self._progress.current
        if progress.asked is None or progress.before is None:
            self.restored = True
            self._tell(messages.in_force(self._wanted))
            return True
        command_id, sent = self._env.new_id(), False
        until_ns = self._env.monotonic_ns() + int(self._restore_s * NS_PER_S)
        while True:
            if self._is_gone(progress):
                return True
            outcome = await self._link.pricing({messages.SETTING: str(progress.before)}, command_id=command_id)
            if not isinstance(outcome, UnknownOutcome):
                break
            sent = sent or outcome.sent
            if self._env.monotonic_ns() >= until_ns:
                break
            await asyncio.sleep(AGAIN_S)
        if not isinstance(outcome, UnknownOutcome) and outcome.accepted:
            self.restored = True
            self._wanted = progress.before
            self._tell(f"put back; {messages.in_force(progress.before)}")
            self._progress.save(asked=None, replaced=None)
            await self._see(outcome.at_ns)
            return True
        self._tell(messages.NO_ANSWER if not sent and isinstance(outcome, UnknownOutcome) else outcome.reason)
        self._tell(messages.left(progress.asked, progress.before))
        return False

    def _is_gone(self, progress: Progress) -> bool:
        """Return whether the newest snapshot shows another half spread than what the plan asked for."""
        shot = self._watch.last
        if shot is None or progress.may_be_in_force(found := shot.pricing.half_spread_bps):
            return False
        if shot.run_id == progress.run_id:
            self._leave(found)
            return True
        self._tell(f"{messages.RESTARTED}; {messages.in_force(found)}")
        self._progress.save(asked=None, replaced=None)
        self.restored = True
        return True

    async def _see(self, from_ns: int) -> None:
        # Snapshots of before a change would look like somebody else's.
        while not self._stopping.is_set():
            shot = await self._snapshot()
            if shot is None or shot.at_ns >= from_ns:
                return

    def _leave(self, found: Decimal) -> None:
        self.restored = True
        self._progress.save(asked=None, replaced=None)
        self._tell(f"{messages.FOREIGN}; {messages.in_force(found)}")

    async def _snapshot(self) -> Snapshot | None:
        """Return the next snapshot; None when it is time to stop, or none came for too long."""
        until_ns = self._env.monotonic_ns() + int(self._patience_s * NS_PER_S)
        lost = ""
        while not self._stopping.is_set() and (left_ns := until_ns - self._env.monotonic_ns()) > 0:
            item = await self._watch.next(left_ns / NS_PER_S, self._stopping)
            if isinstance(item, Snapshot):
                if lost:
                    self._tell("connected again")
                return item
            if item is not None and item.reason != lost:
                lost = item.reason
                self._tell(f"disconnected: {lost}")
        return None

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), AGAIN_S)

    def _ended(self) -> End:
        return "stopped" if self._stopping.is_set() else "lost"

    def _tell(self, text: str) -> None:
        # The old half spread is put back, whoever still reads this.
        with suppress(OSError):
            self._told(text)
