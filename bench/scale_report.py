"""What a bench of scale found, as text or JSON."""

import msgspec

from bench.load import LoadResult, percentile


class ScaleRow(msgspec.Struct, frozen=True, kw_only=True):
    """One subject. Times in microseconds, CPU in percent of one core, memory in MB.

    ``us_foreign``, ``us_own``: processor time of a request for another pair, and for a market of the desk with all that
    follows from it. ``idle_cpu``: without any request.
    """

    subject: str
    sent: int
    others: int
    lost: int
    p50: float
    p99: float
    p999: float
    max: float
    late_p99: float
    idle_cpu: float
    cpu: float
    us_foreign: float
    us_own: float
    rss: float

    @classmethod
    def of(
        cls,
        subject: str,
        measured: LoadResult,
        *,
        idle_cpu: float,
        cpu: float,
        us_foreign: float,
        us_own: float,
        rss: float,
    ) -> "ScaleRow":
        took = measured.latencies_us
        return cls(
            subject=subject,
            sent=measured.sent,
            others=measured.others,
            lost=measured.sent - len(took),
            p50=percentile(took, 0.5),
            p99=percentile(took, 0.99),
            p999=percentile(took, 0.999),
            max=max(took, default=0.0),
            late_p99=percentile(measured.late_us, 0.99),
            idle_cpu=idle_cpu,
            cpu=cpu,
            us_foreign=us_foreign,
            us_own=us_own,
            rss=rss,
        )


class ScaleReport(msgspec.Struct, frozen=True, kw_only=True):
    """Both subjects, and what was found beside them. ``live``: quotes signed and not over at the end.

    ``pinned``: whether the subjects had a core of their own. ``wrong``: what is wrong with sampled quotes, a sentence
    each. ``disarmed``: why the desk stopped quoting before the end, empty when it did not.
    """

    rows: list[ScaleRow]
    markets: int
    rate: float
    other_pairs: float
    life_s: float
    live: int
    pinned: bool
    samples: int
    wrong: list[str]
    malformed: int
    unknown: int
    disarmed: str


def as_json(report: ScaleReport) -> str:
    return msgspec.json.format(msgspec.json.encode(report)).decode()


def as_text(report: ScaleReport) -> str:
    where = "on a core of their own" if report.pinned else "on any core: nothing could be pinned"
    lines = [
        f"{report.rate:g} requests/s, {report.other_pairs:.0%} for other pairs, the rest over {report.markets} markets",
        f"Quotes live {report.life_s:g} s; {report.live} live at the end. Desk and echo ran {where}.",
        "",
        f"{'subject':<13}{'sent':>7}{'lost':>6}{'p50':>7}{'p99':>8}{'p99.9':>8}{'max':>9}"
        f"{'idle %':>8}{'CPU %':>7}{'µs other':>10}{'µs own':>8}{'RSS MB':>8}{'late p99':>10}",
    ]
    lines += [
        f"{row.subject:<13}{row.sent:>7}{row.lost:>6}{row.p50:>7.0f}{row.p99:>8.0f}{row.p999:>8.0f}{row.max:>9.0f}"
        f"{row.idle_cpu:>8.1f}{row.cpu:>7.1f}{row.us_foreign:>10.1f}{row.us_own:>8.1f}{row.rss:>8.1f}{row.late_p99:>10.0f}"
        for row in report.rows
    ]
    lines += ["", f"{report.samples} quotes sampled and opened: {len(report.wrong)} wrong"]
    lines += [f"  {problem}" for problem in report.wrong[:5]]
    if report.disarmed:
        lines.append(f"THE DESK STOPPED QUOTING: {report.disarmed}")
    if report.malformed or report.unknown:
        lines.append(f"the desk counted {report.malformed} malformed requests and {report.unknown} unknown outcomes")
    return "\n".join(lines)
