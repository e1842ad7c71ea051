"""What the cockpit knows at one moment: the newest snapshot and whether it can be trusted."""

from collections.abc import Mapping
from datetime import UTC, tzinfo

import msgspec

from cockpit.model.commands import Part
from cockpit.model.formatting import utc_moment
from cockpit.model.recorded.board import NOT_RECORDED, UNKNOWN_THEN
from cockpit.model.snapshot import Snapshot
from cockpit.model.trading_figures.earnings import EarnedSpan
from cockpit.model.trading_figures.price_course import PriceCourse
from panels.kit.tour_steps import TourView

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000

LATE_MS = 1_500
SILENT_MS = 3_000
"""A desk streams four snapshots a second: without one for this long it is silent."""

NO_REQUESTS: Mapping[Part, str] = {}


NOTHING_THEN = "none until then"
LIVE_AGAIN = "rewind: esc returns to live"
"""Why nothing can be commanded from it."""


class Rewound(msgspec.Struct, frozen=True, kw_only=True):
    """The moment, UTC ns; whose desk it was; and by panel what its rows are. ``edge``: nothing is beyond it.

    ``reading``: another moment is being read.
    """

    at_ns: int
    run: str
    notes: Mapping[str, str]
    edge: bool = False
    reading: bool = False


def to_the_ms(at_ns: int) -> str:
    """Write a moment, UTC, with its date and its milliseconds."""
    return utc_moment(at_ns).replace(" UTC", f".{at_ns // 1_000_000 % 1_000:03d} UTC")


def is_recorded(panel: str) -> bool:
    """Return whether a history holds what the rows of this panel need."""
    return panel not in NOT_RECORDED


def note_of(rewound: Rewound, panel: str) -> str:
    """Return what the lower edge of a panel says."""
    return rewound.notes.get(panel, UNKNOWN_THEN)


class EarnedSince(msgspec.Struct, frozen=True, kw_only=True):
    """What was earned since a chosen time, UTC ns, read from history at ``read_ns`` (0: not yet).

    ``problem``: why it is not known, empty without one.
    """

    from_ns: int
    span: EarnedSpan | None = None
    read_ns: int = 0
    problem: str = ""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """``quiet_ms``: since the last new snapshot arrived. ``link_lost``: why the connection is down, or empty.

    ``no_desk``: it is down because no desk listens.
    ``asked``: for each part the command that no snapshot shows yet ("arming…").
    ``start_problem`` says why the desk could not be started; ``frozen_ms`` how long the panels are frozen.
    ``unseen``: what has arrived since ("3 new decisions, 1 new fill"). ``read_only``: this cockpit cannot command.
    ``tour``: the tour of the sandbox, if there is one. ``actor``: the name of this cockpit in the journal.
    ``rewound``: the moment that the panels show instead of the present.
    ``course``: prices of before those in the snapshot, for the chart; ``course_problem``: why there are none.
    ``reads_history``: this cockpit knows where the history is, so that a list goes on there.
    ``zone``: that of the clock; None: the terminal's own.
    ``too_small``: why nothing that may let money move can be decided in a terminal of this size; empty in a larger one.
    """

    snapshot: Snapshot | None
    quiet_ms: int = 0
    link_lost: str = ""
    no_desk: bool = False
    asked: Mapping[Part, str] = NO_REQUESTS
    start_problem: str = ""
    frozen_ms: int | None = None
    unseen: str = ""
    read_only: bool = False
    tour: TourView | None = None
    actor: str = ""
    since: EarnedSince | None = None
    course: PriceCourse | None = None
    course_problem: str = ""
    rewound: Rewound | None = None
    zone: tzinfo | None = UTC
    too_small: str = ""
    reads_history: bool = False

    @property
    def now_ns(self) -> int | None:
        """The desk's UTC clock now, ns; None before the first snapshot."""
        return None if self.snapshot is None else self.snapshot.at_ns + self.quiet_ms * NS_PER_MS

    @property
    def stopped_by(self) -> str:
        """Who stopped the desk that was last seen; empty while it runs, or when it went without a word."""
        return self.snapshot.stopped_by if self.link_lost and self.snapshot is not None else ""

    @property
    def desk_ended(self) -> bool:
        """Whether the desk that was last seen is known to run no more."""
        return self.snapshot is not None and (self.no_desk or bool(self.stopped_by))

    @property
    def tick_age_ms(self) -> int:
        """Time since the desk's loop last ticked: its age in the snapshot, and since the snapshot arrived."""
        return self.quiet_ms + (0 if self.snapshot is None else self.snapshot.tick_ms)

    @property
    def silent(self) -> bool:
        """Whether the snapshot is too old to be taken for the present."""
        return bool(self.link_lost) or self.tick_age_ms >= SILENT_MS

    @property
    def trusted(self) -> bool:
        """Whether there is a snapshot, and it is recent."""
        return self.snapshot is not None and not self.silent
