"""Late events whose making failed, counted and told: what was recorded after them does not wait for them."""

import logging

from cockpit.model.events import AnyEvent
from cockpit.model.recorder import LateEvent
from storage import messages

log = logging.getLogger(__name__)

LOGGED = 20
"""Undescribed events that are logged, the first of a run: they are on record, and thousands may come a second."""


class UnmadeEvents:
    """``undescribed``: events that were recorded without their texts; ``unmade``: those that were not recorded."""

    def __init__(self) -> None:
        self._newest_undescribed = self._newest_unmade = ""
        self.undescribed = 0
        self.unmade = 0

    def note(self, event: LateEvent[AnyEvent]) -> None:
        """Count an event whose making failed, once its batch is durable, and log its kind, ids and error."""
        told = ": ".join(filter(None, (" ".join(event.name), event.failure)))
        if event.made() is None:
            self.unmade += 1
            self._newest_unmade = told
            log.error("%s: not recorded, as it could not be made", told)
            return
        self.undescribed += 1
        self._newest_undescribed = told
        if self.undescribed <= LOGGED:
            more = "; more of these are counted, not logged" if self.undescribed == LOGGED else ""
            log.error("%s: recorded without texts that could not be made%s", told, more)

    @property
    def problem(self) -> str:
        """What to tell the operator; empty while nothing failed."""
        texts = []
        if self.unmade:
            texts.append(messages.unmade(self.unmade, self._newest_unmade))
        if self.undescribed:
            texts.append(messages.undescribed(self.undescribed, self._newest_undescribed))
        return "; ".join(texts)
