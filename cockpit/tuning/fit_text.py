"""The result of a fit as text and JSON. Pure. An unknown figure is never shown as a number."""

import math
import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec

from cockpit.model.formatting import UNKNOWN, counted, utc_moment
from cockpit.reports.report_text import table
from cockpit.tuning import messages
from cockpit.tuning.candidates import Candidate
from cockpit.tuning.fill_model import ASSUMPTIONS
from cockpit.tuning.fit import TuneFit
from cockpit.tuning.scores import Score

WIDTH = 100
_HEAD = ("half spread", "quotes", "fills", "eur60 a day", "gain a day", "5 %", "95 %", "deflated", "")
_FOLDS = ("from (UTC)", "quotes", "fills", "predicted", "eur60 booked", "predicted", "off")


def as_text(result: TuneFit, curve: str = "") -> str:
    """For people: assumptions, what was seen, how good the model was, candidates, a curve, and the advice."""
    return "\n".join(_lines(result, curve))


def _lines(result: TuneFit, curve: str) -> Iterator[str]:
    yield "The model takes for granted:"
    yield from (line for text in ASSUMPTIONS for line in textwrap.wrap(f"- {text}", WIDTH, subsequent_indent="  "))
    yield ""
    yield f"from {utc_moment(result.span.from_ns)} to {utc_moment(result.span.to_ns)}:"
    ended = counted(result.quotes, "quote that is over", "quotes that are over")
    yield f"{counted(result.decisions, 'decision')}; {ended}, {result.fills:,} of them filled"
    if result.sigmas:
        low, mid, high = result.sigmas
        yield (f"regime seen: σ60 {low:.1f} … {mid:.1f} … {high:.1f} bps (5, 50, 95 %); nothing is said of any other")
        yield f"half spreads tried: {result.halves[0]:.1f} to {result.halves[1]:.1f} bps (2 to 98 %)"
    if result.folds:
        yield ""
        yield "fitted on the days before, judged on each next one:"
        yield from table(
            [("from (UTC)", "quotes", "fills", "predicted", "eur60 booked", "predicted", "off"), *_folds(result)]
        )
        yield ""
        yield f"{counted(len(result.scores), 'candidate')} over {result.days:.2f} days, EURe by the mid of 60 s later:"
        yield from table([_HEAD, *(_row(result, one) for one in result.scores)])
        yield (
            f"deflated: the lower bound when the best of {max(0, len(result.check.intervals))} is chosen; were none "
            f"better, the best would look as good in {result.check.chance:.0%} of all cases"
        )
    if curve:
        yield ""
        yield curve
    yield ""
    yield from (f"! {text}" for text in result.warnings)
    yield f"{result.advice.verdict}: {result.advice.reason}"
    if result.advice.advised is not None:
        yield from _paste(result.advice.advised)
    yield messages.CHANGES_NOTHING


def _folds(result: TuneFit) -> Iterator[tuple[str, ...]]:
    for one in result.folds:
        off = f"{one.miss:.0%}" if math.isfinite(one.miss) else UNKNOWN
        yield (
            utc_moment(one.from_ns),
            f"{one.quotes:,}",
            f"{one.fills:,}",
            f"{one.predicted_fills:,.0f}",
            f"{one.booked:+,.2f}",
            f"{one.predicted:+,.2f}",
            off,
        )


def _row(result: TuneFit, one: Score) -> tuple[str, ...]:
    name = f"{one.candidate}"
    if one is result.scores[0]:
        name += " (in force)"
    if one.unknown:
        return (name, f"{one.quotes:,}", *("unknown",) * 6, one.unknown)
    figures = (name, f"{one.quotes:,}", f"{one.fills:,.0f}", f"{one.eur60 / result.days:+,.2f}")
    found = result.check.intervals.get(str(one.candidate))
    if found is None:
        return (*figures, *("",) * 5)
    gains = (found.gain, found.low, found.high, found.deflated)
    far = "" if one.candidate.within_a_step_of(result.current) else "further than one step"
    return (*figures, *(f"{value / result.days:+,.2f}" for value in gains), far)


def _paste(advised: Candidate) -> Iterator[str]:
    yield ""
    yield "see what it would have quoted:"
    yield f"  cockpit replay {' '.join(f'--set {name}={value}' for name, value in advised.settings.items())}"
    yield "for the settings file:"
    yield from (f"  {name}={value}" for name, value in advised.settings.items())
    yield ""


def as_json(result: TuneFit) -> str:
    """Return one JSON object: EURe and bps as numbers, null for what is unknown."""
    advised = result.advice.advised
    plain = {
        "verdict": result.advice.verdict,
        "reason": result.advice.reason,
        "settings": None if advised is None else advised.settings,
        "current": result.current.settings,
        "assumptions": ASSUMPTIONS,
        "warnings": result.warnings,
        "from_ns": result.span.from_ns,
        "to_ns": result.span.to_ns,
        "decisions": result.decisions,
        "quotes": result.quotes,
        "fills": result.fills,
        "fills_without_mid": result.unmarked,
        "quotes_not_over": result.unended,
        "sigma60_bps": _named(result.sigmas, ("p5", "p50", "p95")),
        "half_spreads_tried_bps": _named(result.halves, ("p2", "p98")),
        "days": [
            {
                "from_ns": one.from_ns,
                "quotes": one.quotes,
                "fills": one.fills,
                "predicted_fills": one.predicted_fills,
                "eur60": one.booked,
                "predicted_eur60": one.predicted,
                "miss": one.miss if math.isfinite(one.miss) else None,
            }
            for one in result.folds
        ],
        "judged_days": result.days,
        "candidates_compared": len(result.check.intervals),
        "chance_of_the_best": result.check.chance,
        "candidates": [_candidate(result, one) for one in result.scores] if result.folds else [],
        "curve": [msgspec.structs.asdict(point) for point in result.curve],
    }
    return msgspec.json.format(msgspec.json.encode(plain), indent=2).decode()


def _named(values: tuple[float, ...], names: tuple[str, ...]) -> dict[str, float] | None:
    return dict(zip(names, values, strict=True)) if values else None


def _candidate(result: TuneFit, one: Score) -> dict[str, Any]:
    known = not one.unknown
    found = result.check.intervals.get(str(one.candidate))
    gains = None
    if found is not None:
        gains = {name: getattr(found, name) / result.days for name in found.__struct_fields__}
    return {
        "settings": one.candidate.settings,
        "unknown": one.unknown or None,
        "quotes": one.quotes,
        "expected_fills": one.fills if known else None,
        "eur60_a_day": one.eur60 / result.days if known and result.days else None,
        "gain_a_day": gains,
        "within_one_step": one.candidate.within_a_step_of(result.current),
    }
