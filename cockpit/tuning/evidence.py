"""What a history says for a fit: every sent quote that is over, with its width and what a fill of it kept."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from cockpit.accounting.markouts import HORIZONS_S
from cockpit.desk.market.pricing import MOST_HALF_SPREAD_BPS, Amounts, edge_bps
from cockpit.model.commands import PriceParams
from cockpit.model.events import TradeDecision
from cockpit.reports.marked_fills import horizon_mids, mark_fill
from cockpit.tuning.trials import Outcome60, Trial
from storage.reader import Reader, Span, runs
from storage.reporting import trading
from storage.reporting.decisions import RecordedDecision, recorded_decisions
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_MS, NS_PER_S

MARKED_AFTER_S = 60
_PLACE = HORIZONS_S.index(MARKED_AFTER_S)
LATEST_BOOKING_NS = 2 * 3_600 * NS_PER_S
"""A fill is booked no longer after its quote was sent: no quote lives for more than an hour."""


class _Seen(msgspec.Struct, frozen=True):
    """Of a recorded view, what its price depends on."""

    sigma_bps: Decimal | None = None
    add_on_bps: Decimal = Decimal(0)


_seen = msgspec.json.Decoder(_Seen).decode


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """``params``: those in force at the end; None when no decision tells. ``unmarked``: fills without a mid after
    60 s, ``unended``: quotes that may yet be filled, or were burned; neither is among the ``outcomes``."""

    outcomes: list[Outcome60]
    params: PriceParams | None
    decisions: int
    unmarked: int
    unended: int


class Trials:
    """Makes trials of decisions; parameters are decoded once each."""

    def __init__(self, eure_units: int) -> None:
        self._eure = eure_units
        self._params: dict[str, PriceParams] = {}

    def params(self, recorded: str) -> PriceParams:
        found = self._params.get(recorded)
        if found is None:
            found = self._params[recorded] = msgspec.json.decode(recorded, type=PriceParams)
        return found

    def trial(self, event: TradeDecision, params: PriceParams) -> Trial | None:
        """Return what was quoted under these parameters; None where no price was made."""
        if event.amount_in is None or event.amount_out is None or event.notional is None or event.edge is None:
            return None
        width = edge_bps(event.side, Amounts(event.amount_in, event.amount_out, event.notional, event.edge))
        if width is None or not event.view:
            return None
        seen = _seen(event.view)
        sigma = float(params.unknown_sigma_bps if seen.sigma_bps is None else seen.sigma_bps)
        life_ms = max(0, event.deadline_ns - event.at_ns) // NS_PER_MS
        deviation = sigma * (life_ms / 60_000) ** 0.5
        add_on = float(seen.add_on_bps)
        half = float(params.half_spread_bps) + float(params.vol_factor) * deviation + add_on
        return Trial(
            at_ns=event.at_ns,
            half=min(half, float(MOST_HALF_SPREAD_BPS)),
            width=float(width),
            deviation=deviation,
            sigma=sigma,
            eure=event.notional / self._eure,
        )


def gather(reader: Reader, span: Span, tokens: TokenTable) -> Evidence:
    """Read every decision of the span once. Raises HistoryError."""
    every = [run for run in runs(reader) if run.started_ns < span.to_ns and run.last_write_ns >= span.from_ns]
    found = trading.fills(reader, Span(span.from_ns, min(span.to_ns + LATEST_BOOKING_NS, 2**63 - 1)))
    marks = horizon_mids(reader, every, found)
    kept: dict[str, float | None] = {}
    for fill in found:
        hundredths = mark_fill(fill, marks, tokens).markouts[_PLACE]
        kept[fill.quote_hash] = None if hundredths is None else hundredths / 100
    last_ns = max((run.last_write_ns for run in every), default=0)
    trials = Trials(10**tokens.quote.decimals)
    outcomes: list[Outcome60] = []
    params: PriceParams | None = None
    decisions = unmarked = unended = 0
    for record in recorded_decisions(reader, span):
        decisions += 1
        if record.params is None:
            continue
        params = trials.params(record.params)
        trial = trials.trial(record.decision, params) if record.sent else None
        if trial is None:
            continue
        if not _is_over(record, kept, last_ns):
            unended += 1
        elif not record.filled:
            outcomes.append(Outcome60(trial=trial, kept=None))
        elif (after := kept.get(record.quote_hash or "")) is None:
            unmarked += 1
        else:
            outcomes.append(Outcome60(trial=trial, kept=after))
    return Evidence(outcomes=outcomes, params=params, decisions=decisions, unmarked=unmarked, unended=unended)


def _is_over(record: RecordedDecision, kept: Mapping[str, float | None], last_ns: int) -> bool:
    # A burned quote could not be filled to its end, and says nothing of its chance.
    deadline_ns = record.decision.deadline_ns
    if record.filled or record.quote_hash in kept:
        return True
    return deadline_ns <= (last_ns if record.over_ns is None else record.over_ns)
