"""`cockpit tune fit`: evidence, models, candidates and the judgement of them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from cockpit.model.events import TradeDecision
from cockpit.model.formatting import counted
from cockpit.reports.decision_replay import RuleChanges, replay
from cockpit.tuning import messages
from cockpit.tuning.advice import FEW_FILLS, Advice, FoldCheck, judge
from cockpit.tuning.bootstrap import RealityCheck, explained_by_chance, reality_check
from cockpit.tuning.candidates import Candidate, compared, in_force, neighbours
from cockpit.tuning.errors import TuningError
from cockpit.tuning.evidence import Evidence, Trials, gather
from cockpit.tuning.fill_model import FillModel
from cockpit.tuning.folds import MOST_FOLDS, Clock, Fold, judged_folds
from cockpit.tuning.scores import Score, score
from cockpit.tuning.trials import Outcome60, Trial, quantiles
from cockpit.tuning.tried_widths import MARGIN_BPS, RANGE
from storage.reader import Reader, Span, runs
from storage.reporting.decisions import RecordedDecision, recorded_decisions
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

SIGMA_SHARES = (0.05, 0.5, 0.95)
CURVE_POINTS = 25
NOTHING_QUOTED = "no decision of the span tells by which parameters it was made; choose a span in which the desk quoted"


class WidthPoint(msgspec.Struct, frozen=True):
    """A half spread, the chance that a quote as wide is filled, and what it earns on average, bps of its notional."""

    half: float
    chance: float
    gain: float


class TuneFit(msgspec.Struct, frozen=True, kw_only=True):
    """The result, of what was recorded in ``span``.

    ``sigmas``: 5, 50 and 95 % of σ of the quotes; ``halves``: the half spreads that were tried, from 2 to 98 %.
    """

    span: Span
    advice: Advice
    current: Candidate
    scores: tuple[Score, ...]
    check: RealityCheck
    folds: tuple[FoldCheck, ...]
    curve: tuple[WidthPoint, ...]
    sigmas: tuple[float, ...]
    halves: tuple[float, ...]
    decisions: int
    quotes: int
    fills: int
    unmarked: int
    unended: int
    days: float
    warnings: tuple[str, ...]


def fit(
    reader: Reader,
    span: Span,
    tokens: TokenTable,
    *,
    others: Sequence[Candidate] = (),
    fold_s: int = 86_400,
    seed: int = 1,
    told: Callable[[str], None] = lambda text: None,
) -> TuneFit:
    """Fit and judge. ``others``: candidates in place of the neighbours. ``told`` hears of the progress.

    Raises HistoryError, and TuningError when nothing was quoted.
    """
    clock = Clock(fold_s)
    span = _newest(span, clock, [run.last_write_ns for run in runs(reader)])
    evidence = gather(reader, span, tokens)
    if evidence.params is None:
        raise TuningError(NOTHING_QUOTED)
    outcomes = evidence.outcomes
    current = in_force(evidence.params)
    folds = list(judged_folds(outcomes, clock))
    filled = [one.trial for one in outcomes if one.kept is not None]
    scores = []
    judged = Span(folds[0].number * fold_s * NS_PER_S, span.to_ns) if folds else None
    every = compared(current, others or neighbours(current)) if judged else (current,)
    for number, candidate in enumerate(every, 1):
        told(f"{number} of {len(every)}: {candidate}")
        quotes = () if judged is None else _quotes(candidate, recorded_decisions(reader, judged), tokens)
        scores.append(score(candidate, quotes, folds, clock, filled=filled))
    known = [one for one in scores[1:] if not one.unknown]
    blocks = sorted({clock.block(one.trial.at_ns) for one in outcomes})
    checked = RealityCheck({}, 1.0) if scores[0].unknown else reality_check(scores[0], known, folds, blocks, seed)
    checks = tuple(_checked(fold, clock, seed) for fold in folds)
    return TuneFit(
        span=span,
        advice=judge(len(filled), checks, scores[0], known, checked),
        current=current,
        scores=tuple(scores),
        check=checked,
        folds=checks,
        curve=_curve(outcomes, clock),
        sigmas=quantiles((one.trial.sigma for one in outcomes), SIGMA_SHARES),
        halves=quantiles((one.trial.half for one in outcomes), RANGE),
        decisions=evidence.decisions,
        quotes=len(outcomes),
        fills=len(filled),
        unmarked=evidence.unmarked,
        unended=evidence.unended,
        days=len(scores[0].blocks) * clock.block_s / 86_400,
        warnings=_warnings(evidence, len(filled)),
    )


def _newest(span: Span, clock: Clock, written_ns: Sequence[int]) -> Span:
    """Return what of the span is used: the folds that are judged, and those that the first of them rests on."""
    to_ns = min(span.to_ns, max(written_ns, default=0) + 1)
    first = clock.fold(max(0, to_ns - 1)) + 1 - 2 * MOST_FOLDS
    from_ns = max(span.from_ns, first * clock.fold_s * NS_PER_S)
    return Span(from_ns, max(from_ns, to_ns))


def _quotes(candidate: Candidate, records: Iterator[RecordedDecision], tokens: TokenTable) -> list[Trial]:
    """Decide the requests again as the candidate would have, and return the quotes that it would have sent."""
    trials = Trials(10**tokens.quote.decimals)
    params: dict[str, Any] = dict(candidate.params)
    found: list[Trial] = []
    latest: list[str | None] = [None]

    def each() -> Iterator[RecordedDecision]:
        for record in records:
            latest[0] = record.params
            yield record

    def decided(event: TradeDecision) -> None:
        if event.reason != "quote" or latest[0] is None:
            return
        quote = trials.trial(event, msgspec.structs.replace(trials.params(latest[0]), **params))
        if quote is not None:
            found.append(quote)

    replay(each(), RuleChanges(params=params), tokens, decided=decided)
    return found


def _checked(fold: Fold, clock: Clock, seed: int) -> FoldCheck:
    differences: dict[int, float] = {}
    predicted = chances = 0.0
    for one in fold.outcomes:
        expected = fold.model.expected(one.trial)
        predicted += expected.eur60
        chances += expected.chance
        block = clock.block(one.trial.at_ns)
        differences[block] = differences.get(block, 0.0) + one.eur60 - expected.eur60
    return FoldCheck(
        from_ns=fold.number * clock.fold_s * NS_PER_S,
        quotes=len(fold.outcomes),
        fills=sum(one.kept is not None for one in fold.outcomes),
        predicted_fills=chances,
        predicted=predicted,
        booked=sum(one.eur60 for one in fold.outcomes),
        by_chance=explained_by_chance([differences[block] for block in sorted(differences)], seed),
    )


def _curve(outcomes: Sequence[Outcome60], clock: Clock) -> tuple[WidthPoint, ...]:
    """What the newest days say of the widths that were tried, at the usual σ√T and size."""
    if not outcomes:
        return ()
    last = clock.fold(outcomes[-1].trial.at_ns)
    newest = [one for one in outcomes if clock.fold(one.trial.at_ns) > last - MOST_FOLDS]
    if not any(one.kept is not None for one in newest):
        return ()
    model = FillModel(newest, clock.block)
    low, high = quantiles((one.trial.half for one in newest), RANGE)
    low, high = max(0.0, low - MARGIN_BPS), high + MARGIN_BPS
    (deviation,) = quantiles((one.trial.deviation for one in newest), (0.5,))
    (eure,) = quantiles((one.trial.eure for one in newest), (0.5,))
    points = []
    for place in range(CURVE_POINTS):
        half = low + (high - low) * place / (CURVE_POINTS - 1)
        quote = Trial(at_ns=0, half=half, width=half, deviation=deviation, sigma=deviation, eure=eure)
        chance = model.chance(quote)
        points.append(WidthPoint(half, chance, chance * (half - model.lost(quote))))
    return tuple(points)


def _warnings(evidence: Evidence, fills: int) -> tuple[str, ...]:
    found = []
    if evidence.outcomes and fills < FEW_FILLS * len(evidence.outcomes):
        share = f"{fills / len(evidence.outcomes):.1%}"
        found.append(f"{share} of the quotes were filled, below {FEW_FILLS:.0%}: {messages.FEW_UNINFORMED}")
    if evidence.unmarked:
        found.append(f"{counted(evidence.unmarked, 'fill')} without a mid after 60 s left out")
    return tuple(found)
