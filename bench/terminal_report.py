"""The figures of the terminal bench, as text beside their aims."""

from collections.abc import Sequence

import msgspec

from bench.keypress import KeyTimes

KB_AIM, KEY_AIM_MS, PICTURE_AIM_S, RSS_AIM_MB = 40.0, 100.0, 1.0, 120.0
KB = 1_000


class MemorySample(msgspec.Struct, frozen=True):
    """The cockpit's resident memory (MB) so many minutes after the first sample."""

    minute: float
    rss: float


class CockpitFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One cockpit at one rate of requests.

    ``rate`` is what was wanted and ``requests`` what the desk counted, a second; ``fills``: whether quotes are settled.
    ``pictures``: seconds from the command to the first complete picture. ``kb``: 1,000 bytes a second to the terminal,
    over the time and in the busiest second; ``cpu``: percent of one core. ``disarmed``: why the desk stopped quoting.
    """

    rate: float
    requests: float
    fills: bool
    pictures: list[float]
    keys: list[KeyTimes]
    kb: float
    kb_most: float
    cpu: float
    memory: list[MemorySample]
    disarmed: str


class OtherProgram(msgspec.Struct, frozen=True, kw_only=True):
    """Another program in a terminal of the same size."""

    program: str
    kb: float
    cpu: float
    rss: float


class TerminalReport(msgspec.Struct, frozen=True, kw_only=True):
    """All that was measured in terminals of ``columns`` by ``rows``; ``beside`` is empty without htop."""

    columns: int
    rows: int
    seconds: float
    shown: list[CockpitFigures]
    beside: list[OtherProgram]


def slope(moments: Sequence[MemorySample]) -> float:
    """Growth of memory in MB a minute by linear regression; 0.0 for fewer than two samples."""
    if len(moments) < 2:
        return 0.0
    middle = sum(moment.minute for moment in moments) / len(moments)
    mean = sum(moment.rss for moment in moments) / len(moments)
    spread = sum((moment.minute - middle) ** 2 for moment in moments)
    return sum((moment.minute - middle) * (moment.rss - mean) for moment in moments) / spread if spread else 0.0


def _lines(shown: CockpitFigures) -> list[str]:
    asked = "the venue's traders" if shown.fills else "the sender, which takes no quote"
    lines = [
        "",
        f"{shown.rate:g} requests/s by {asked}; the desk counted {shown.requests:.0f}/s",
        f"  first picture     {_seconds(shown.pictures)} s (aim: {PICTURE_AIM_S:g})",
        f"  to the terminal   {shown.kb:.1f} KB/s, {shown.kb_most:.1f} in the busiest second (aim: {KB_AIM:g})",
        f"  CPU               {shown.cpu:.1f} % of one core",
    ]
    lines += [
        f"  {key.kind:<17} p50 {key.p50:.0f} ms, p99 {key.p99:.0f}, max {key.max:.0f}, CPU {key.cpu_ms:.0f} ms, "
        f"{key.presses} presses (aim: p99 {KEY_AIM_MS:g})"
        for key in shown.keys
    ]
    if shown.memory:
        first, last = shown.memory[0], shown.memory[-1]
        late = shown.memory[len(shown.memory) // 2 :]
        lines.append(
            f"  memory            {first.rss:.1f} MB, after {last.minute:.1f} min {last.rss:.1f} "
            f"(aim: {RSS_AIM_MB:g}); {slope(late):+.2f} MB a minute in the second half"
        )
    if shown.disarmed:
        lines.append(f"  THE DESK STOPPED QUOTING: {shown.disarmed}")
    return lines


def _seconds(pictures: Sequence[float]) -> str:
    return " ".join(f"{took:.2f}" for took in pictures)


def as_text(report: TerminalReport) -> str:
    lines = [f"cockpit at {report.columns}×{report.rows}, {report.seconds:g} s a rate"]
    for shown in report.shown:
        lines += _lines(shown)
    lines.append("")
    if not report.beside:
        lines.append("htop is not installed: nothing to compare with.")
    lines += [
        f"{other.program:<10} {other.kb:.1f} KB/s, CPU {other.cpu:.1f} %, {other.rss:.1f} MB" for other in report.beside
    ]
    return "\n".join(lines)
