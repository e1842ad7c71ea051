"""Decides recorded requests again with the desk's own ``decide``, under the recorded rules or others. Pure.

Taken from the record: requests, mids and the reference's judgement of its sources, balances, what was armed, the
trading state, and what limits count (fills, losses, the quotes of the last second). Computed again: prices, amounts,
every risk check, and the amounts committed by the quotes of the replay. Under the recorded rules the result is exactly
what was recorded. Whether a different quote would have won its auction is unknowable.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.desk.quoting.desk_view import DeskView, read_view
from cockpit.desk.quoting.late_decision import undescribed_decision
from cockpit.desk.quoting.strategy import decide, decision_event, desk_prices
from cockpit.model.commands import Limits, PriceParams
from cockpit.model.events import Check, TradeDecision
from storage.reporting.decisions import RecordedDecision
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable

SHOWN = 5
_NEVER_NS = 1 << 62
"""End of a quote whose end is not recorded: it stays committed, as it did then."""


class RuleChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Rules that differ from the recorded ones, by field; ``armed``: as if strategy and executor had been armed."""

    limits: Mapping[str, Any] = {}
    params: Mapping[str, Any] = {}
    view: Mapping[str, Any] = {}
    armed: bool = False


class Tally(msgspec.Struct, kw_only=True):
    """What was, or would have been, quoted. Amounts are base units; ``peak_*``: the largest sums live at once."""

    quoted: int = 0
    reasons: Counter[str] = msgspec.field(default_factory=Counter)
    notional: int = 0
    edge: int = 0
    peak_quotes: int = 0
    peak_btc: int = 0
    peak_eure: int = 0


class Difference(msgspec.Struct, frozen=True):
    """A decision that differs from its record: the fields, recorded and replayed."""

    quote_id: str
    at_ns: int
    fields: dict[str, tuple[str, str]]


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """``same`` of the ``decisions`` equal their record; ``without_record`` could not be replayed.

    ``filled``: recorded fills; ``filled_still``: those whose request would have been quoted again, ``filled_better`` at
    an equal or better price for the taker. ``differences``: the first few.
    """

    decisions: int
    without_record: int
    same: int
    recorded: Tally
    replayed: Tally
    filled: int
    filled_still: int
    filled_better: int
    differences: tuple[Difference, ...]


class _Given:
    """What quotes give until their ends."""

    def __init__(self) -> None:
        self.amounts = NOTHING
        self._ends: list[tuple[int, str, int]] = []

    def __len__(self) -> int:
        return len(self._ends)

    def release_ended(self, now_ns: int) -> None:
        while self._ends and self._ends[0][0] <= now_ns:
            _, token_id, units = heapq.heappop(self._ends)
            self.amounts -= TokenAmounts({token_id: units})

    def add(self, token_id: str, units: int, ends_ns: int) -> None:
        self.amounts += TokenAmounts({token_id: units})
        heapq.heappush(self._ends, (ends_ns, token_id, units))


class _Quotes:
    """What a set of quotes commits over time, and what of it could still settle."""

    def __init__(self, tally: Tally, tokens: TokenTable) -> None:
        self.committed = _Given()
        self.signed = _Given()
        self._tally = tally
        self._tokens = tokens

    def release_ended(self, now_ns: int) -> None:
        self.committed.release_ended(now_ns)
        self.signed.release_ended(now_ns)

    def add(self, event: TradeDecision, token_id: str, *, released_ns: int, over_ns: int) -> None:
        """Commit the quote's amount of this token until it was released; it is signed until it was over."""
        assert event.amount_out is not None
        self.committed.add(token_id, event.amount_out, released_ns)
        self.signed.add(token_id, event.amount_out, over_ns)
        worth = self._tokens.worth(self.committed.amounts)
        tally = self._tally
        tally.quoted += 1
        tally.notional += event.notional or 0
        tally.edge += event.edge or 0
        tally.peak_quotes = max(tally.peak_quotes, len(self.committed))
        tally.peak_btc = max(tally.peak_btc, worth.base)
        tally.peak_eure = max(tally.peak_eure, worth.quote)


class _Rules:
    """The recorded rules with the changes applied, decoded once each."""

    def __init__(self, changes: RuleChanges) -> None:
        self._changes = changes
        self._read: dict[tuple[str, str], tuple[Limits, PriceParams]] = {}

    def of(self, limits: str, params: str) -> tuple[Limits, PriceParams]:
        """Limits and parameters; the same objects for the same record."""
        key = limits, params
        if key not in self._read:
            self._read[key] = (
                msgspec.structs.replace(msgspec.json.decode(limits, type=Limits), **self._changes.limits),
                msgspec.structs.replace(msgspec.json.decode(params, type=PriceParams), **self._changes.params),
            )
        return self._read[key]


def replay(
    every: Iterable[RecordedDecision],
    changes: RuleChanges,
    tokens: TokenTable,
    *,
    decided: Callable[[TradeDecision], None] = lambda event: None,
) -> Replay:
    """Decide every recorded request again; ``decided`` is called with each decision."""
    recorded, replayed, rules = Tally(), Tally(), _Rules(changes)
    recorded_quotes, replayed_quotes = _Quotes(recorded, tokens), _Quotes(replayed, tokens)
    decisions = without = same = filled = still = better = 0
    differences: list[Difference] = []
    for record in every:
        decisions += 1
        original = record.decision
        market = tokens.market(record.request.asset_in, record.request.asset_out)
        if market is None or not original.view or record.limits is None or record.params is None:
            without += 1
            continue
        at_ns = record.request.at_ns
        recorded_quotes.release_ended(at_ns)
        replayed_quotes.release_ended(at_ns)
        view = read_view(original.view, market, *rules.of(record.limits, record.params))
        view = _changed(
            view,
            tokens,
            changes,
            committed=replayed_quotes.committed.amounts - recorded_quotes.committed.amounts,
            signed=replayed_quotes.signed.amounts - recorded_quotes.signed.amounts,
        )
        event, sends = _decide_again(record, view)
        decided(event)
        recorded.reasons[original.reason] += 1
        replayed.reasons[event.reason] += 1
        if event == original:
            same += 1
        elif len(differences) < SHOWN:
            differences.append(_difference(original, event))
        given = record.request.asset_out
        released_ns = _NEVER_NS if record.released_ns is None else record.released_ns
        # A version that took a refusal for an end recorded no other: its quotes could settle until their deadline.
        unknown_ns = _NEVER_NS if record.released_ns is None else original.deadline_ns
        over_ns = unknown_ns if record.over_ns is None else record.over_ns
        if record.sent:
            recorded_quotes.add(original, given, released_ns=released_ns, over_ns=over_ns)
        if sends and record.sent:
            replayed_quotes.add(event, given, released_ns=released_ns, over_ns=over_ns)
        elif sends:
            replayed_quotes.add(event, given, released_ns=event.deadline_ns, over_ns=event.deadline_ns)
        if record.filled:
            filled += 1
            still += sends
            better += sends and _no_worse(original, event)
    return Replay(
        decisions=decisions,
        without_record=without,
        same=same,
        recorded=recorded,
        replayed=replayed,
        filled=filled,
        filled_still=still,
        filled_better=better,
        differences=tuple(differences),
    )


def _changed(
    view: DeskView, tokens: TokenTable, changes: RuleChanges, *, committed: TokenAmounts, signed: TokenAmounts
) -> DeskView:
    """Return the recorded view with the changes, and with what the replayed quotes commit more than the recorded, and
    with what more of them is signed."""
    given: dict[str, Any] = dict(changes.view)
    if changes.armed:
        given |= {"strategy_armed": True, "executor_armed": True}
    for side, token in (("base", view.market.base), ("quote", view.market.quote)):
        if committed:
            elsewhere = _elsewhere(tokens, token, committed)
            given[f"{side}_reserved"] = getattr(view, f"{side}_reserved") + committed[token.token_id]
            given[f"{side}_elsewhere_reserved"] = getattr(view, f"{side}_elsewhere_reserved") + elsewhere
            given[f"{side}_promised"] = (
                getattr(view, f"{side}_promised") + committed[token.token_id] * token.scale + elsewhere
            )
        was: int | None = getattr(view, f"{side}_signed")
        if signed and was is not None:
            given[f"{side}_signed"] = was + signed[token.token_id] * token.scale + _elsewhere(tokens, token, signed)
    return msgspec.structs.replace(view, **given) if given else view


def _elsewhere(tokens: TokenTable, token: Token, amounts: TokenAmounts) -> int:
    # In the other tokens of the underlying, in its base units.
    return sum(amounts[one.token_id] * one.scale for one in tokens.of(token.underlying) if one != token)


def _decide_again(record: RecordedDecision, view: DeskView) -> tuple[TradeDecision, bool]:
    # The new decision, and whether a quote is sent; a quote that could not be sent then is not sent now.
    original = record.decision
    decision = decide(record.request, view, desk_prices(view))
    failure = ""
    last = original.checks[-1] if original.checks else Check("", True, "")
    if decision.execute and original.reason == "sent" and last.name == "sent":
        failure = last.detail
    given = original.decision_id, record.request, decision, view, failure, original.rules_id
    try:
        event = decision_event(*given)
    except Exception:
        # So it was when it was recorded, too.
        event = undescribed_decision(*given)
    return event, decision.execute and not failure


def _no_worse(original: TradeDecision, event: TradeDecision) -> bool:
    # The taker would have got no less for no more.
    if original.amount_in is None or event.amount_in is None or original.amount_out is None or event.amount_out is None:
        return False
    return event.amount_in <= original.amount_in and event.amount_out >= original.amount_out


def _difference(original: TradeDecision, event: TradeDecision) -> Difference:
    names = [name for name in original.__struct_fields__ if getattr(original, name) != getattr(event, name)]
    fields = {name: (_text(getattr(original, name)), _text(getattr(event, name))) for name in names if name != "checks"}
    for old, new in zip(original.checks, event.checks, strict=False):
        if old != new:
            fields[f"check {old.name}"] = (_check(old), _check(new))
    return Difference(original.quote_id, original.at_ns, fields)


def _check(check: Check) -> str:
    return f"{'ok' if check.passed else 'FAIL'} {check.detail}"


def _text(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
