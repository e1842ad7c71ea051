"""What was chosen of the past: the time from which P&L counts, and how far the chart goes back; read again in time."""

from collections.abc import Callable, Coroutine

import msgspec

from cockpit.app.past.figures import PastFigures
from cockpit.model.printable import printable
from cockpit.model.snapshot import Snapshot
from cockpit.model.trading_figures.price_course import PriceCourse
from panels.kit.view import EarnedSince, View
from storage.errors import HistoryError

SINCE_EVERY_S = 15.0
"""Between two readings of what was earned; longer where one takes long."""
LEAST_COURSE_EVERY_S, MOST_COURSE_EVERY_S = 5.0, 60.0
POINTS = 300
REST = 20.0
"""The pause after a reading is at least so many times as long as the reading took."""
NO_HISTORY = "this cockpit does not know the desk's history"
_NS = 10**9

Start = Callable[[Coroutine[None, None, None]], object]


class _Reading:
    """One thing that is read again and again: when it is due, and whether it is being read."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._due_s = 0.0
        self._began_s: float | None = None

    @property
    def due(self) -> bool:
        return self._began_s is None and self._clock() >= self._due_s

    def begin(self) -> None:
        self._began_s = self._clock()

    def end(self, every_s: float) -> None:
        now_s = self._clock()
        took_s = now_s - (now_s if self._began_s is None else self._began_s)
        self._began_s = None
        self._due_s = now_s + max(every_s, took_s * REST)

    def hurry(self) -> None:
        self._due_s = 0.0


class PastView:
    """``start`` runs a reading beside the screen; one of each kind at a time. ``clock`` counts seconds."""

    def __init__(self, figures: PastFigures | None, start: Start, clock: Callable[[], float]) -> None:
        self._figures = figures
        self._start = start
        self._since: EarnedSince | None = None
        self._since_reading = _Reading(clock)
        self._course: PriceCourse | None = None
        self._course_problem = ""
        self._course_s: int | None = None
        self._course_reading = _Reading(clock)

    def choose(self, from_ns: int) -> None:
        """Count P&L from this time on, UTC ns; 0: from none."""
        self._since = None if not from_ns else EarnedSince(from_ns=from_ns)
        self._since_reading.hurry()

    def added_to(self, view: View) -> View:
        """Return the view with what is known of the past."""
        if self._since is None and self._course_s is None:
            return view
        return msgspec.structs.replace(
            view, since=self._since, course=self._course, course_problem=self._course_problem
        )

    def look(self, snapshot: Snapshot, course_s: int | None) -> None:
        """Read what is due. ``course_s``: the seconds that the chart shows, None while the snapshot has them all."""
        if self._since is not None and self._since_reading.due:
            if self._figures is None:
                self._since = msgspec.structs.replace(self._since, problem=NO_HISTORY)
            else:
                self._since_reading.begin()
                self._start(self._read_since(self._figures, self._since.from_ns, snapshot.at_ns))
        if course_s != self._course_s:
            self._course_s, self._course, self._course_problem = course_s, None, ""
            self._course_reading.hurry()
        if course_s is not None and self._course_reading.due:
            if self._figures is None:
                self._course_problem = NO_HISTORY
            else:
                self._course_reading.begin()
                self._start(self._read_course(self._figures, course_s, snapshot.at_ns))

    async def _read_since(self, figures: PastFigures, from_ns: int, now_ns: int) -> None:
        try:
            read = EarnedSince(from_ns=from_ns, span=await figures.earned(from_ns, now_ns), read_ns=now_ns)
        except HistoryError as error:
            read = EarnedSince(from_ns=from_ns, read_ns=now_ns, problem=printable(str(error)))
        finally:
            self._since_reading.end(SINCE_EVERY_S)
        if self._since is not None and self._since.from_ns == from_ns:
            self._since = read
        else:
            self._since_reading.hurry()

    async def _read_course(self, figures: PastFigures, course_s: int, now_ns: int) -> None:
        course, problem = None, ""
        try:
            course = await figures.course(now_ns - course_s * _NS, now_ns)
        except HistoryError as error:
            problem = printable(str(error))
        finally:
            every_s = min(MOST_COURSE_EVERY_S, max(LEAST_COURSE_EVERY_S, course_s / POINTS))
            self._course_reading.end(every_s)
        if self._course_s == course_s:
            self._course, self._course_problem = course, problem
        else:
            self._course_reading.hurry()
