"""The board of a recorded moment: what the panels show of it, and what is said of what they cannot know."""

from collections.abc import Mapping

import msgspec

from cockpit.model.snapshot import Snapshot
from cockpit.model.trading_figures.price_course import PriceCourse

UNKNOWN_THEN = "unknown then: not recorded"

NOT_RECORDED = frozenset({"interlocks", "health", "deposits"})
"""Panels of which the history holds nothing that their live rows need."""


class RecordedBoard(msgspec.Struct, frozen=True, kw_only=True):
    """``at_ns``: the moment, UTC ns. ``edge``: there was nothing further to step to.

    ``snapshot`` holds only what ``notes`` has a sentence for, by panel; whatever else is in it is a placeholder, and
    nobody draws it. ``run``: whose desk it was, and what was armed as far as is known.
    """

    at_ns: int
    snapshot: Snapshot
    course: PriceCourse
    run: str
    notes: Mapping[str, str]
    edge: bool = False
