"""Reads the venue's own alarms once a minute and keeps what they said last. Never on the path of a quote.

An alarm that was seen holds until a readable answer no longer has it. A source that cannot be read only warns.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

import httpx
import msgspec

from cockpit.config.settings import Settings
from cockpit.desk.api.command_journal import CommandJournal
from cockpit.model.ages import age_ms
from cockpit.model.alarms import NO_ALARMS, AlarmRow, AlarmSourceRow, AlarmsState, alarm_text
from cockpit.model.commands import CommandRequest
from cockpit.model.environment import Environment
from cockpit.model.errors import NOT_READABLE
from venue.alarms.client import AlarmSource
from venue.alarms.judgement import Alarm, by_effect, judge, started, unlisted
from venue.alarms.reading import AlarmReading
from venue.alarms.scopes import OurScope
from venue.alarms.shield import SHIELD, read_incidents
from venue.alarms.status_page import STATUS_PAGE, read_posts
from venue.protocol.units import NS_PER_S
from venue.transport.errors import UnreachableError
from venue.transport.jsonrpc import plain

log = logging.getLogger(__name__)

SPREAD = 0.2
"""Each pause is up to so much shorter or longer, so that desks do not ask together."""
STALE_NS = 300 * NS_PER_S
"""A source that was not asked with an outcome for so long counts as unreadable."""
SHOWN = 20
MAX_PROBLEM = 120
COMMAND = "venue alarms"
_NEVER = 1 << 62
_NOT_ASKED_LATELY = "it was not asked lately"


class RecordedAlarms(msgspec.Struct, frozen=True, kw_only=True):
    """The alarms as the journal has them; ``more``: how many were not recorded one by one."""

    alarms: tuple[AlarmRow, ...] = ()
    more: int = 0


class _Watched:
    """One source and what it said last. Times are monotonic nanoseconds, but ``read_wall_ns``."""

    def __init__(self, name: str, source: AlarmSource | None) -> None:
        self.name = name
        self.source = source
        self.reading: AlarmReading | None = None
        self.remembered: tuple[Alarm, ...] = ()
        """What an earlier run saw; it holds until the first reading."""
        self.read_ns: int | None = None
        self.read_wall_ns = 0
        self.failing_ns: int | None = None
        self.problem = ""

    def alarms(self, ours: OurScope, now_ns: int) -> tuple[Alarm, ...]:
        """Judge the newest reading at this time, UTC; before the first, what an earlier run saw."""
        if self.reading is None:
            return tuple(started(alarm, now_ns) for alarm in self.remembered)
        return judge(self.reading, ours, now_ns=now_ns, read_ns=self.read_wall_ns)

    def row(self, now: int) -> AlarmSourceRow:
        if self.source is None:
            return AlarmSourceRow(source=self.name, off=True)
        failing_ns, problem = self.failing_ns, self.problem
        if failing_ns is None and self.read_ns is not None and now - self.read_ns > STALE_NS:
            failing_ns, problem = self.read_ns, _NOT_ASKED_LATELY
        return AlarmSourceRow(
            source=self.name,
            age_ms=age_ms(now, self.read_ns),
            unreadable_ms=age_ms(now, failing_ns),
            problem=problem,
        )


class AlarmWatch:
    """The alarms of one desk. ``run`` asks; ``state`` and ``note`` are called at each tick.

    ``ours`` returns what the desk depends on; it is asked again for each reading.
    """

    def __init__(
        self,
        sources: Sequence[tuple[str, AlarmSource | None]],
        ours: Callable[[], OurScope],
        env: Environment,
        journal: CommandJournal,
        *,
        poll_s: float,
    ) -> None:
        self._watched = tuple(_Watched(name, source) for name, source in sources)
        self._ours = ours
        self._env = env
        self._journal = journal
        self._poll_s = poll_s
        self._alarms: tuple[Alarm, ...] = ()
        self._judge_again_ns = 0
        """UTC; judged anew from then on: at once after a reading, else when an announced maintenance starts."""
        self._noted: tuple[Alarm, ...] = ()

    async def run(self) -> None:
        """Ask every source that is not switched off, each on its own, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for one in self._watched:
                if one.source is not None:
                    group.create_task(self._keep_asking(one, one.source), name=one.name)
            # With every source switched off there is nothing to ask, and still nothing has failed.
            await asyncio.Event().wait()

    def remember(self, recorded: str | None) -> None:
        """Take over what earlier runs saw last: the arguments of the newest ``COMMAND`` in the journal."""
        try:
            kept = RecordedAlarms() if recorded is None else msgspec.json.decode(recorded, type=RecordedAlarms)
        except NOT_READABLE as error:
            log.warning("the recorded alarms of the venue cannot be read: %s", plain(str(error)))
            return
        for one in self._watched:
            if one.source is not None:
                rows = [row for row in kept.alarms if row.source == one.name]
                one.remembered = tuple(Alarm(**msgspec.structs.asdict(row)) for row in rows)
                if kept.more and rows:
                    one.remembered += (unlisted(one.name, kept.more),)
        self._noted = self._judged()

    def state(self) -> AlarmsState:
        """Return what is known now, bounded."""
        now = self._env.monotonic_ns()
        rows = tuple(AlarmRow(**msgspec.structs.asdict(alarm)) for alarm in self._judged()[:SHOWN])
        more = max(0, len(self._alarms) - SHOWN)
        return AlarmsState(rows=rows, more=more, sources=tuple(one.row(now) for one in self._watched))

    def note(self) -> None:
        """Journal the alarms when they changed."""
        alarms = self._judged()
        if alarms == self._noted:
            return
        self._noted = alarms
        rows = self.state().rows
        text = "; ".join(alarm_text(row) for row in rows[:3]) or NO_ALARMS
        text += f"; and {len(alarms) - 3} more" if len(alarms) > 3 else ""
        arguments = {"alarms": msgspec.to_builtins(rows), "more": max(0, len(alarms) - SHOWN)}
        self._journal.record_result(CommandRequest(actor="desk"), COMMAND, arguments, True, text)

    def _judged(self) -> tuple[Alarm, ...]:
        now_ns = self._env.wall_ns()
        if now_ns >= self._judge_again_ns:
            ours = self._ours()
            alarms = by_effect(alarm for one in self._watched for alarm in one.alarms(ours, now_ns))
            starts = [alarm.starts_ns for alarm in alarms if alarm.effect == "warns" and alarm.starts_ns is not None]
            self._alarms, self._judge_again_ns = alarms, min(starts, default=_NEVER)
        return self._alarms

    async def _keep_asking(self, one: _Watched, source: AlarmSource) -> None:
        while True:
            await self._ask(one, source)
            await asyncio.sleep(self._poll_s * (1 - SPREAD + 2 * SPREAD * self._env.jitter()))

    async def _ask(self, one: _Watched, source: AlarmSource) -> None:
        asked_ns, asked_wall_ns = self._env.monotonic_ns(), self._env.wall_ns()
        try:
            reading = await source.read()
        except UnreachableError as error:
            if one.failing_ns is None:
                one.failing_ns = asked_ns
                log.warning("%s cannot be read: %s", one.name, error)
            one.problem = plain(str(error), MAX_PROBLEM)
            return
        if one.failing_ns is not None:
            log.warning("%s can be read again", one.name)
        one.failing_ns, one.problem = None, ""
        one.reading, one.read_ns, one.read_wall_ns = reading, asked_ns, asked_wall_ns
        self._judge_again_ns = 0


def watch_alarms(
    settings: Settings,
    ours: Callable[[], OurScope],
    client: httpx.AsyncClient,
    env: Environment,
    journal: CommandJournal,
) -> AlarmWatch:
    """Build the watch of the sources that the settings name."""
    shield, page = settings.shield_url, settings.status_page_url
    return AlarmWatch(
        (
            (SHIELD, None if shield is None else AlarmSource(SHIELD, shield, client, read_incidents)),
            (STATUS_PAGE, None if page is None else AlarmSource(STATUS_PAGE, page, client, read_posts)),
        ),
        ours,
        env,
        journal,
        poll_s=settings.alarms_poll_ms / 1000,
    )
