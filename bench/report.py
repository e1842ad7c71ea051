"""The turns of a reaction bench as tables of text, or JSON."""

import statistics
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from bench.load import LoadResult, percentile

P50_AIM, P99_AIM = 1.25, 1.5
BUSY, BUSY_P99_AIM = 1_000.0, 2.5
"""Requests a second, and the aim from there on."""


class ReactionTurn(msgspec.Struct, frozen=True, kw_only=True):
    """One subject at one rate, once. Times in microseconds, CPU in percent of one core, memory in MB."""

    other_pairs: float
    repetition: int
    rate: float
    subject: str
    sent: int
    answered: int
    strange: int
    p50: float
    p99: float
    p999: float
    max: float
    late_p99: float
    cpu: float
    rss: float

    @classmethod
    def of(
        cls,
        other_pairs: float,
        repetition: int,
        rate: float,
        subject: str,
        measured: LoadResult,
        cpu: float,
        rss: float,
    ) -> "ReactionTurn":
        took = measured.latencies_us
        return cls(
            other_pairs=other_pairs,
            repetition=repetition,
            rate=rate,
            subject=subject,
            sent=measured.sent,
            answered=len(took),
            strange=measured.strange,
            p50=percentile(took, 0.5),
            p99=percentile(took, 0.99),
            p999=percentile(took, 0.999),
            max=max(took, default=0.0),
            late_p99=percentile(measured.late_us, 0.99),
            cpu=cpu,
            rss=rss,
        )


class ReactionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One subject at one rate over all repetitions: medians, but counts summed and the worst ``max``."""

    other_pairs: float
    rate: float
    subject: str
    sent: int
    answered: int
    lost: int
    p50: float
    p99: float
    p999: float
    max: float
    late_p99: float
    cpu: float
    rss: float


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """The desk over the signing echo at one rate: the median of the repetitions' ratios."""

    other_pairs: float
    rate: float
    p50: float
    p99: float


class PublicMakerReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a public maker's quotes were, whether or not it was there to the end. Fields as those of the desk."""

    name: str
    version: str
    settled: int
    samples: int
    wrong: list[str]


class ReactionReport(msgspec.Struct, frozen=True, kw_only=True):
    """All turns, and what was found beside them. ``wrong``: what is wrong with sampled quotes, a sentence each.

    ``life_s``: what quotes were asked to live; ``live``: the most that were signed and not over
    at the end of a turn of the desk;
    ``settled``: sampled quotes settled amid the requests, of which the desk has ``booked`` so many; ``deposited``: BTC
    that arrived amid them. ``disarmed``: why the desk stopped quoting before the end,
    empty when it did not. ``market``: the only one that was asked for; ``missing``: why a public maker has no row,
    or only a part of one.
    """

    turns: list[ReactionTurn]
    cockpit: bool
    life_s: float
    live: int
    settled: int
    booked: int
    deposited: Decimal
    samples: int
    wrong: list[str]
    malformed: int
    unknown: int
    disarmed: str
    market: str = ""
    public_makers: list[PublicMakerReport] = []
    missing: list[str] = []


def rows(turns: Iterable[ReactionTurn]) -> list[ReactionRow]:
    """Return one row for each table, rate and subject, in the order measured."""
    found: dict[tuple[float, float, str], list[ReactionTurn]] = {}
    for turn in turns:
        found.setdefault((turn.other_pairs, turn.rate, turn.subject), []).append(turn)
    return [
        ReactionRow(
            other_pairs=other_pairs,
            rate=rate,
            subject=subject,
            sent=sum(turn.sent for turn in same),
            answered=sum(turn.answered for turn in same),
            lost=sum(turn.sent - turn.answered for turn in same),
            p50=statistics.median(turn.p50 for turn in same),
            p99=statistics.median(turn.p99 for turn in same),
            p999=statistics.median(turn.p999 for turn in same),
            max=max(turn.max for turn in same),
            late_p99=statistics.median(turn.late_p99 for turn in same),
            cpu=statistics.median(turn.cpu for turn in same),
            rss=max(turn.rss for turn in same),
        )
        for (other_pairs, rate, subject), same in found.items()
    ]


def ratios(turns: Iterable[ReactionTurn], of: str = "desk", over: str = "signing echo") -> list[Ratio]:
    """``of`` over ``over`` at each table and rate."""
    found: dict[tuple[float, float], dict[tuple[int, str], ReactionTurn]] = {}
    for turn in turns:
        found.setdefault((turn.other_pairs, turn.rate), {})[turn.repetition, turn.subject] = turn
    made = []
    for (other_pairs, rate), same in found.items():
        pairs = [
            (turn, same[repetition, over])
            for (repetition, subject), turn in same.items()
            if subject == of and (repetition, over) in same and same[repetition, over].answered
        ]
        if not pairs:
            continue
        made.append(
            Ratio(
                other_pairs=other_pairs,
                rate=rate,
                p50=statistics.median(a.p50 / b.p50 for a, b in pairs),
                p99=statistics.median(a.p99 / b.p99 for a, b in pairs),
            )
        )
    return made


def _ratio_lines(found: Iterable[Ratio], other_pairs: float) -> list[str]:
    return [
        f"{ratio.rate:>6.0f} p50 {ratio.p50:.2f}  p99 {ratio.p99:.2f}"
        for ratio in found
        if ratio.other_pairs == other_pairs
    ]


def as_json(report: ReactionReport) -> str:
    """Return one JSON object with every turn."""
    everything = {
        "rows": rows(report.turns),
        "ratios": ratios(report.turns),
        "beside": {maker.name: ratios(report.turns, over=maker.name) for maker in report.public_makers},
        **msgspec.structs.asdict(report),
    }
    return msgspec.json.format(msgspec.json.encode(everything)).decode()


def as_text(report: ReactionReport) -> str:
    lines = ["Request frame in to quote frame out, microseconds (medians of the repetitions; max is the worst)."]
    lines.append("A real cockpit is attached." if report.cockpit else "The snapshots are taken, and not painted.")
    lines.append(
        f"Quotes live {report.life_s:g} s; at most {report.live} at once; {report.settled} were settled meanwhile, "
        f"{report.booked} of them booked; {report.deposited:f} BTC deposited."
    )
    if report.market:
        lines.append(f"All requests are for {report.market}: a constant product has one market.")
    every = rows(report.turns)
    for other_pairs in dict.fromkeys(row.other_pairs for row in every):
        lines += ["", f"{other_pairs:.0%} of the requests are for other pairs", ""]
        lines.append(
            f"{'rate/s':>6} {'subject':<17}{'sent':>8}{'answered':>10}{'lost':>6}"
            f"{'p50':>8}{'p99':>8}{'p99.9':>8}{'max':>9}{'CPU %':>8}{'RSS MB':>8}{'late p99':>10}"
        )
        lines += [
            f"{row.rate:>6.0f} {row.subject:<17}{row.sent:>8}{row.answered:>10}{row.lost:>6}"
            f"{row.p50:>8.0f}{row.p99:>8.0f}{row.p999:>8.0f}{row.max:>9.0f}{row.cpu:>8.1f}{row.rss:>8.1f}{row.late_p99:>10.0f}"
            for row in sorted((row for row in every if row.other_pairs == other_pairs), key=lambda row: row.rate)
        ]
        aims = f"p50 {P50_AIM}, p99 {P99_AIM}; from {BUSY:g}/s on p99 {BUSY_P99_AIM}"
        lines += ["", f"desk / signing echo (aim: {aims})", ""]
        lines += _ratio_lines(ratios(report.turns), other_pairs)
        for maker in report.public_makers:
            if beside := _ratio_lines(ratios(report.turns, over=maker.name), other_pairs):
                lines += ["", f"desk / {maker.name}", "", *beside]
    lines += ["", f"{report.samples} quotes sampled and opened: {len(report.wrong)} wrong"]
    lines += [f"  {problem}" for problem in report.wrong[:5]]
    for maker in report.public_makers:
        lines.append(
            f"{maker.name} {maker.version}: {maker.samples} quotes sampled and opened, {len(maker.wrong)} wrong,"
            f" {maker.settled} settled"
        )
        lines += [f"  {problem}" for problem in maker.wrong[:5]]
    lines += report.missing
    if report.disarmed:
        lines.append(f"THE DESK STOPPED QUOTING: {report.disarmed}")
    if report.malformed or report.unknown:
        lines.append(f"the desk counted {report.malformed} malformed requests and {report.unknown} unknown outcomes")
    return "\n".join(lines)
