"""JSON lines between the bench and its sender: loads and their results."""

import msgspec

from bench.requests import SHORT_LIFE_MS

ANSWER_WITHIN_S = 3.0
"""The relay waits at most this long (PROTOCOL); a later answer is lost."""


class RequestLoad(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Requests to send to one subject: ``rate`` a second for ``warm_up_s`` (not measured) and then ``seconds``.

    ``other_pairs`` is the share of requests for other pairs, 0 to 1; ``run`` makes the quote ids unique; a quote is
    asked to live for ``life_ms``. ``market``: the name of the only one that is asked for; empty for all in turn.
    ``markets``: the file of the markets; empty: the built-in ones.

    ``refusal``: with what every answer is refused, empty for the usual. ``timed``: the result says when each request
    left and was answered. ``ahead``: frames are made before the clock runs, which takes their memory. ``beside``: a
    subject that is asked ``beside_rate`` times a second meanwhile. ``cut_at_s``: when the subject's connection is
    dropped; for ``cut_s`` no other is taken then. ``answer_within_s``: how long the last answers are waited for.
    """

    subject: str
    run: int
    rate: float
    seconds: float
    warm_up_s: float
    other_pairs: float
    life_ms: int = SHORT_LIFE_MS
    market: str = ""
    markets: str = ""
    refusal: str = ""
    timed: bool = False
    ahead: bool = True
    beside: str = ""
    beside_rate: float = 0.0
    cut_at_s: float | None = None
    cut_s: float = 0.0
    answer_within_s: float = ANSWER_WITHIN_S


class SettledQuote(msgspec.Struct, frozen=True, tag=True):
    """A subject's quote that was settled: its maker is told, as soon as it is connected."""

    subject: str
    quote_hash: str


class LoadResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a load. Latencies and delays in microseconds.

    ``sent`` counts measured requests of the pair and ``others`` those of other pairs; ``late_us``: how far behind its
    schedule each measured request left. ``samples``: the newest accepted answers, as they came; ``strange``: answers to
    nothing asked. ``connected``: whether the subject was there to the end; what it was not there for is unanswered.

    ``sent_at`` and ``answered_at``: perf_counter times of the measured requests of the pair, 0.0 without an answer;
    empty unless the load is ``timed``. ``beside_us``: latencies of the subject beside. In a load with a cut, ``unsent``
    were due while the subject had no connection, and ``cut`` were sent and not answered when it ended; ``sent`` counts
    neither.
    """

    sent: int
    others: int
    latencies_us: list[float]
    late_us: list[float]
    seconds: float
    samples: list[str]
    strange: int
    connected: bool = True
    sent_at: list[float] = []
    answered_at: list[float] = []
    beside_us: list[float] = []
    unsent: int = 0
    cut: int = 0


class Listening(msgspec.Struct, frozen=True):
    """The sender's port on 127.0.0.1."""

    port: int


def percentile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` (0 to 1) of the values lie; 0.0 if there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
