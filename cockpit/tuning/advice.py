"""From figures to a verdict: what is advised, or why nothing is. Pure."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from cockpit.tuning import messages
from cockpit.tuning.bootstrap import RealityCheck
from cockpit.tuning.candidates import Candidate
from cockpit.tuning.folds import LEAST_FILLS
from cockpit.tuning.scores import Score

Verdict = Literal["change", "keep", "explore", "no advice"]
LARGEST_MISS = 0.25
"""A model whose prediction of what was booked is further off gives no advice."""
FEW_FILLS = 0.03
"""A share of filled quotes below which those that fill may be the informed ones alone."""


class FoldCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What the model of the days before said of the quotes that were sent, and what was booked, EURe by the mid of
    60 s later. ``by_chance``: the difference may be chance."""

    from_ns: int
    quotes: int
    fills: int
    predicted_fills: float
    predicted: float
    booked: float
    by_chance: bool

    @property
    def miss(self) -> float:
        return miss(self.predicted, self.booked)


class Advice(msgspec.Struct, frozen=True):
    """``advised``: the candidate to change to, when the verdict is to change."""

    verdict: Verdict
    reason: str
    advised: Candidate | None = None


def miss(predicted: float, booked: float) -> float:
    """Return how far off a prediction was, as a share of what was booked."""
    if predicted == booked:
        return 0.0
    return abs(predicted - booked) / abs(booked) if booked else float("inf")


def judge(
    fills: int, folds: Sequence[FoldCheck], current: Score, known: Sequence[Score], check: RealityCheck
) -> Advice:
    """Judge in this order: enough fills, a model that holds, widths that were tried, a gain beyond chance."""
    if fills < LEAST_FILLS:
        return Advice("explore", f"{messages.TOO_FEW}: {fills} of at least {LEAST_FILLS}; {messages.EXPLORE}")
    if not folds:
        return Advice("explore", f"{messages.ONE_FOLD}; trade on, or {messages.EXPLORE}")
    wrong = _wrong(folds)
    if wrong:
        return Advice("no advice", wrong)
    if current.unknown:
        return Advice("explore", f"{messages.UNTRIED} ({current.unknown}); {messages.EXPLORE}")
    if not known:
        return Advice("explore", f"{messages.NOTHING_TRIED}; {messages.EXPLORE}")
    near = [one for one in known if one.candidate.within_a_step_of(current.candidate)]
    better = [one for one in near if check.intervals[str(one.candidate)].deflated > 0]
    if not better:
        return Advice("keep", messages.KEEP)
    best = max(better, key=lambda one: check.intervals[str(one.candidate)].gain)
    return Advice("change", f"{best.candidate} earns more than {current.candidate}, beyond chance", best.candidate)


def _wrong(folds: Sequence[FoldCheck]) -> str:
    predicted, booked = (sum(values) for values in zip(*((one.predicted, one.booked) for one in folds), strict=True))
    if miss(predicted, booked) > LARGEST_MISS:
        return _missed("all judged days", predicted, booked)
    newest = folds[-1]
    if newest.miss > LARGEST_MISS and not newest.by_chance:
        return _missed("the newest day, and not by chance", newest.predicted, newest.booked)
    return ""


def _missed(when: str, predicted: float, booked: float) -> str:
    return (
        f"{messages.MODEL_WRONG}: it predicted {predicted:+.2f} EURe of eur60 where {booked:+.2f} were booked, over "
        f"{when}; at most {LARGEST_MISS:.0%} off is believed"
    )
