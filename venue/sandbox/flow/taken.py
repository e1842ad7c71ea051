"""What became of each kind of taker: how many asked, and which quotes they executed."""

from collections import Counter

import msgspec

from venue.sandbox.flow.schedule import ScheduledRequest
from venue.sandbox.mixes import KINDS, Kind
from venue.sandbox.relay.auction import Answer

MOST_TAKEN = 100_000
"""Executed quotes that are kept; of more, the oldest are forgotten."""


class TakenQuote(msgspec.Struct, frozen=True, kw_only=True):
    """A quote that a taker published; whether it settled, the fills tell."""

    quote_hash: str
    quote_id: str
    maker: str
    kind: Kind


class TakerRegister:
    """Counts the requests by kind, and keeps what was taken. No maker is told of it.

    ``mix`` and ``speed``: what the venue plays.
    """

    def __init__(self, mix: str, speed: float = 1.0) -> None:
        self._mix = mix
        self._speed = speed
        self.asked: Counter[Kind] = Counter()
        self.published: Counter[Kind] = Counter()
        self._taken: dict[str, TakenQuote] = {}

    def took(self, scheduled: ScheduledRequest, answer: Answer) -> None:
        self.published[scheduled.kind] += 1
        self._taken[answer.quote_hash] = TakenQuote(
            quote_hash=answer.quote_hash, quote_id=scheduled.quote_id, maker=answer.maker, kind=scheduled.kind
        )
        if len(self._taken) > MOST_TAKEN:
            del self._taken[next(iter(self._taken))]

    def view(self, account: str | None = None) -> dict[str, object]:
        """Return requests, published and taken quotes by kind; ``account`` narrows the last to its own."""
        taken = [one for one in self._taken.values() if account in (None, one.maker)]
        return {
            "mix": self._mix,
            "speed": self._speed,
            "kinds": {kind: {"asked": self.asked[kind], "published": self.published[kind]} for kind in KINDS},
            "taken": msgspec.to_builtins(taken),
        }
