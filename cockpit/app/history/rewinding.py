"""The board of a recorded moment in place of the live one, and the steps from it."""

from collections.abc import Callable

import msgspec

from cockpit.model.printable import printable
from cockpit.model.recorded.board import RecordedBoard
from cockpit.model.recorded.pages import Step
from cockpit.model.snapshot import Snapshot
from cockpit.model.trading_figures.earnings import EarningsState
from panels.dialogs.history.messages import NOT_KNOWN, READING
from panels.dialogs.history.port import HistoryPort
from panels.kit.view import Rewound, View

EARNED_AFTER_S = 0.4
"""Without a step for so long what was earned then is read: that takes longer than a step."""
EARNED = "as `cockpit report` says for the spans until then"


class Rewinding:
    """One moment is read at a time: a key pressed meanwhile does nothing, so that none counts for a later picture.

    ``say`` tells the operator a sentence that is a warning; ``changed`` has the screen painted. ``clock`` counts
    seconds; ``course_s``: the seconds that the chart shows.
    """

    def __init__(
        self,
        history: HistoryPort | None,
        *,
        clock: Callable[[], float],
        course_s: Callable[[], int],
        say: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self._history = history
        self._clock = clock
        self._course_s = course_s
        self._say = say
        self._changed = changed
        self._board: RecordedBoard | None = None
        self._earnings: EarningsState | None = None
        self._earnings_note = ""
        self._earnings_asked = False
        self._came_s = 0.0
        self._asked = 0
        """Counts the questions, so that a late answer to an earlier one is known."""
        self._reading = False
        self._shown = 0

    @property
    def active(self) -> bool:
        """Whether the board shows another moment than the present."""
        return self._board is not None

    @property
    def at_ns(self) -> int | None:
        """Return the moment that is shown, UTC ns."""
        return None if self._board is None else self._board.at_ns

    @property
    def snapshot(self) -> Snapshot | None:
        """Return what the panels show of it."""
        if self._board is None:
            return None
        # A number of its own for each picture: panels draw what has another one.
        return msgspec.structs.replace(self._board.snapshot, seq=-self._shown, earnings=self._earnings)

    @property
    def rewound(self) -> Rewound | None:
        """Return what is said of the moment."""
        board = self._board
        if board is None:
            return None
        return Rewound(
            at_ns=board.at_ns,
            run=printable(board.run),
            notes={**board.notes, "earnings": self._earnings_note or READING},
            edge=board.edge,
            reading=self._reading,
        )

    def added_to(self, view: View) -> View:
        """Return the view with the prices of then."""
        return msgspec.structs.replace(view, course=None if self._board is None else self._board.course, since=None)

    def go(self, at_ns: int) -> None:
        """Show a moment, UTC ns."""
        self._ask(max(0, at_ns), "", 0)

    def step(self, step: Step, direction: int) -> None:
        """Go on (1) or back (-1) by a second, to the next event or to the next fill."""
        if self._board is not None and not self._reading:
            self._ask(self._board.at_ns, step, direction)

    def read_again(self) -> None:
        """Read the moment again, for a chart of another time."""
        if self._board is not None:
            self.go(self._board.at_ns)

    def leave(self) -> None:
        """Show the present again; what is still being read is not shown."""
        self._asked += 1
        self._reading = False
        self._board = None
        self._changed()

    def look(self) -> None:
        """Read what was earned then, once nobody steps any more."""
        board = self._board
        if board is None or self._history is None or self._earnings_asked or self._reading:
            return
        if self._clock() - self._came_s >= EARNED_AFTER_S:
            self._earnings_asked = True
            asked = self._asked
            started_ns = board.snapshot.started_ns
            self._history.earned_then(started_ns, board.at_ns, lambda found: self._earned(asked, found))

    def _ask(self, at_ns: int, step: Step, direction: int) -> None:
        if self._history is None:
            self._say(NOT_KNOWN)
            return
        self._asked += 1
        asked, self._reading = self._asked, True
        self._history.board(at_ns, step, direction, self._course_s(), lambda found: self._answered(asked, found))

    def _answered(self, asked: int, found: RecordedBoard | str) -> None:
        if asked != self._asked:
            return
        self._reading = False
        if isinstance(found, str):
            self._say(printable(found))
            return
        self._board = found
        self._earnings, self._earnings_note, self._earnings_asked = None, "", False
        self._came_s = self._clock()
        self._shown += 1
        self._changed()

    def _earned(self, asked: int, found: EarningsState | str) -> None:
        if asked != self._asked or self._board is None:
            return
        if isinstance(found, str):
            self._earnings_note = printable(found)
        else:
            self._earnings, self._earnings_note = found, EARNED
        self._shown += 1
        self._changed()
