"""What a soak has measured, as lines of text."""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from bench.first_picture import AIM_S, FirstPicture
from bench.load import ANSWER_WITHIN_S, LoadResult, percentile
from bench.work_log import Work, cause
from cockpit.model.snapshot import Counts, Snapshot
from venue.protocol.tokens import DEFAULT_TOKENS

DESK_AIM_MB = 110.0
SLOW_MS, VERY_SLOW_MS = 5.0, 20.0
MOST_SHOWN = 20
LONGEST_S = 1.0
"""Of a step: one that ends later than so long after an answer began after it."""


class SlowRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request answered after more than 5 ms; ``at_s`` since the start of its stretch."""

    at_s: float
    took_ms: float
    cause: str


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Of one subject in one stretch, milliseconds."""

    p50: float
    p99: float
    p999: float
    max: float

    @classmethod
    def of(cls, took_us: list[float]) -> "Latency":
        p50, p99, p999 = (percentile(took_us, share) / 1e3 for share in (0.5, 0.99, 0.999))
        return cls(p50=p50, p99=p99, p999=p999, max=max(took_us, default=0.0) / 1e3)

    def columns(self) -> str:
        return f"{self.p50:>8.2f}{self.p99:>7.2f}{self.p999:>7.2f}{self.max:>8.2f}"


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Of one moment: the desk's and the cockpit's resident MB, the desk's CPU since the moment before in percent of a
    core, and live quotes.
    """

    rss: float
    cpu: float
    cockpit_rss: float
    live: int


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A minute of the soak.

    ``events``: what happened in it. ``cut``: in flight when the link was lost, ``unsent``: due while it was. ``echo``:
    the signing echo's figures of the same time. ``lost``: not answered within 3 s. ``late_p99``: how far behind its
    schedule the sender was, milliseconds.
    """

    minute: float
    events: list[str]
    sent: int
    lost: int
    cut: int
    unsent: int
    desk: Latency
    echo: Latency
    late_p99: float
    memory: Memory
    slow: list[SlowRequest]

    @property
    def over(self) -> tuple[int, int]:
        """How many requests took longer than 5 and 20 ms."""
        return len(self.slow), sum(one.took_ms > VERY_SLOW_MS for one in self.slow)


class SoakReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole soak. ``given``: quotes taken, by the token that the maker gives; ``differences``: what is not
    explained to the base unit at the end; ``disarmed``: why the desk stopped quoting before the end, or empty.
    """

    rate: float
    life_s: float
    pictures: list[FirstPicture]
    stretches: list[Stretch]
    given: dict[str, int]
    differences: list[str]
    counts: Counts
    disarmed: str


def stretch(minute: float, events: list[str], load: LoadResult, work: Sequence[Work], memory: Memory) -> Stretch:
    """Return what was measured in one load."""
    took = load.latencies_us
    return Stretch(
        minute=minute,
        events=events,
        sent=load.sent,
        lost=load.sent - len(took),
        cut=load.cut,
        unsent=load.unsent,
        desk=Latency.of(took),
        echo=Latency.of(load.beside_us),
        late_p99=percentile(load.late_us, 0.99) / 1e3,
        memory=memory,
        slow=_slow(load, work),
    )


def _slow(load: LoadResult, work: Sequence[Work]) -> list[SlowRequest]:
    found = []
    # What was never answered is no longer waited for.
    done = sorted(at or sent + ANSWER_WITHIN_S for sent, at in zip(load.sent_at, load.answered_at, strict=True))
    ends = [one.until for one in work]
    for number, (sent, answered) in enumerate(zip(load.sent_at, load.answered_at, strict=True)):
        if answered and (answered - sent) * 1e3 > SLOW_MS:
            near = work[bisect(ends, sent) : bisect(ends, answered + LONGEST_S)]
            found.append(
                SlowRequest(
                    at_s=round(sent - load.sent_at[0], 3),
                    took_ms=round((answered - sent) * 1e3, 2),
                    cause=cause(near, sent, answered, number - bisect(done, sent)),
                )
            )
    return found


def differences(shot: Snapshot, ledger: Mapping[str, str]) -> list[str]:
    """Return a sentence for each token of which the desk explains another balance than the venue's ledger has."""
    rows = {row.symbol: row for row in shot.inventory.rows}
    wrong = []
    for token in DEFAULT_TOKENS.tokens:
        held, row = token.to_decimal(int(ledger.get(token.token_id, "0"))), rows.get(token.symbol)
        if row is None or row.balance is None or row.unexplained is None or row.opening is None:
            if held:
                wrong.append(f"{token.symbol}: {held} is held, and the desk does not know it")
            continue
        known = row.opening + row.deposited + row.filled - row.withdrawn + row.accepted
        if row.unexplained or not row.balance == known == held:
            wrong.append(f"{token.symbol}: {held} is held, {known} known, {row.unexplained} unexplained")
    return wrong


_FIGURES = f"{'p50':>8}{'p99':>7}{'p99.9':>7}{'max':>8}"
HEADER = (
    f"{'min':>5}{'sent':>8}{'lost':>6}{_FIGURES}{'>5':>5}{'>20':>5} | echo{_FIGURES} |"
    f"{'late':>6}{'live':>8}{'RSS':>7}{'CPU %':>7}{'cockpit':>9}  events"
)


def line(one: Stretch) -> str:
    """Return a stretch as one line; milliseconds and MB."""
    over, far_over = one.over
    memory = one.memory
    events = [*one.events, *([f"{one.cut} in flight lost"] if one.cut else []), *_unsent(one)]
    return (
        f"{one.minute:>5.1f}{one.sent:>8}{one.lost:>6}{one.desk.columns()}{over:>5}{far_over:>5} |     "
        f"{one.echo.columns()} |{one.late_p99:>6.2f}{memory.live:>8}{memory.rss:>7.1f}{memory.cpu:>7.1f}"
        f"{memory.cockpit_rss:>9.1f}  {', '.join(events)}"
    )


def _unsent(one: Stretch) -> list[str]:
    return [f"{one.unsent} not sent"] if one.unsent else []


def ending(report: SoakReport) -> str:
    """Return what is printed after the last stretch."""
    stretches = report.stretches
    slow = [one for stretch in stretches for one in stretch.slow]
    sent, lost = sum(one.sent for one in stretches), sum(one.lost for one in stretches)
    lines = [
        "",
        f"{sent} requests, {lost} unanswered; {len(slow)} took more than {SLOW_MS:g} ms and "
        f"{sum(one.took_ms > VERY_SLOW_MS for one in slow)} more than {VERY_SLOW_MS:g} ms:",
        *_causes(slow),
    ]
    worst = sorted(((one, stretch) for stretch in stretches for one in stretch.slow), key=lambda pair: -pair[0].took_ms)
    lines += [
        f"  minute {stretch.minute:.1f} + {one.at_s:.3f} s: {one.took_ms:.2f} ms, {one.cause}"
        for one, stretch in worst[:MOST_SHOWN]
        if one.took_ms > VERY_SLOW_MS
    ]
    rss = [one.memory.rss for one in stretches]
    lines += [
        "",
        f"desk: {rss[-1]:.1f} MB at the end, {max(rss):.1f} at most (aim: {DESK_AIM_MB:g}); "
        f"in the second half {rss[-1] - rss[len(rss) // 2]:+.1f}",
        *(
            f"{picture.command}: first picture after {picture.drawn_s:.2f} s (aim: {AIM_S:g}), "
            f"the desk's state in it after {picture.live_s:.2f} s"
            for picture in report.pictures
        ),
        f"quotes taken, by the token given: {', '.join(f'{name} {n}' for name, n in report.given.items()) or 'none'}; "
        f"the desk counts {report.counts.sent} quotes sent, {report.counts.settled} settled",
    ]
    lines += [f"NOT EXPLAINED: {text}" for text in report.differences] or ["balances: explained to the base unit"]
    if report.disarmed:
        lines.append(f"THE DESK STOPPED QUOTING: {report.disarmed}")
    return "\n".join(lines)


def _causes(slow: Iterable[SlowRequest]) -> list[str]:
    by_cause: Counter[str] = Counter()
    worst: dict[str, float] = {}
    for one in slow:
        by_cause[one.cause] += 1
        worst[one.cause] = max(worst.get(one.cause, 0.0), one.took_ms)
    return [f"{count:>7} {what}, at most {worst[what]:.2f} ms" for what, count in by_cause.most_common()]
