"""Recorded decisions with everything each was made of, for a replay."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.model.events import Check, SwapDemand, TradeDecision
from storage.history import FINAL_OUTCOMES
from storage.reader import Reader, Span

_DEMAND = SwapDemand.__struct_fields__
_DECISION = TradeDecision.__struct_fields__
_FINAL = ", ".join(f"'{outcome}'" for outcome in FINAL_OUTCOMES)
_RELEASED = ", ".join(f"'{outcome}'" for outcome in (*FINAL_OUTCOMES, "refused"))
_WHEN = "(SELECT MIN(e.at_ns) FROM trade_execution_results e WHERE e.quote_hash = c.quote_hash AND e.outcome {})"
_SETTLED = "= 'settled'"
_RECORDED = (
    f"SELECT {', '.join(f's.{name}' for name in _DEMAND)}, {', '.join(f'd.{name}' for name in _DECISION)}, "
    "r.limits, r.params, c.quote_hash, "
    f"{_WHEN.format(f'IN ({_RELEASED})')}, {_WHEN.format(f'IN ({_FINAL})')}, {_WHEN.format(_SETTLED)} "
    "FROM swap_demand_events s JOIN trade_decisions d ON d.run_id = s.run_id AND d.quote_id = s.quote_id "
    "LEFT JOIN decision_rules r ON r.rules_id = d.rules_id "
    "LEFT JOIN execute_trade_commands c ON c.decision_id = d.decision_id "
    "WHERE s.at_ns >= ? AND s.at_ns < ? ORDER BY s.at_ns, s.id"
)
_checks = msgspec.json.Decoder(tuple[Check, ...]).decode
_AMOUNTS = ("amount_in", "amount_out", "notional", "edge")
_PRICES = ("mid", "price", "skew_bps")


class RecordedDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision as it was made. ``limits`` and ``params``: JSON of its rules, None when they were not recorded.

    ``sent``: a quote went out; ``released_ns``: when it was recorded as settled, refused, expired or burned, if it was;
    ``over_ns``: when as one of these but refused. ``quote_hash``: of the quote that went out.
    """

    request: SwapDemand
    decision: TradeDecision
    limits: str | None
    params: str | None
    sent: bool
    released_ns: int | None
    over_ns: int | None
    filled: bool
    quote_hash: str | None = None


def recorded_decisions(reader: Reader, span: Span) -> Iterator[RecordedDecision]:
    """Yield every decision of the span in the order of its requests."""
    cut = len(_DEMAND)
    for row in reader.rows(_RECORDED, span.from_ns, span.to_ns):
        *events, limits, params, quote_hash, released_ns, over_ns, filled_ns = row
        yield RecordedDecision(
            request=_request(dict(zip(_DEMAND, events[:cut], strict=True))),
            decision=_decision(dict(zip(_DECISION, events[cut:], strict=True))),
            limits=limits,
            params=params,
            sent=quote_hash is not None,
            released_ns=released_ns,
            over_ns=over_ns,
            filled=filled_ns is not None,
            quote_hash=quote_hash,
        )


def _request(fields: dict[str, Any]) -> SwapDemand:
    for name in ("amount_in", "amount_out"):
        fields[name] = None if fields[name] is None else int(fields[name])
    for name in ("dry", "router_leg", "protocol_fee_included"):
        fields[name] = None if fields[name] is None else bool(fields[name])
    return SwapDemand(**fields)


def _decision(fields: dict[str, Any]) -> TradeDecision:
    for name in _AMOUNTS:
        fields[name] = None if fields[name] is None else int(fields[name])
    for name in _PRICES:
        fields[name] = None if fields[name] is None else Decimal(fields[name])
    return TradeDecision(**{**fields, "actionable": bool(fields["actionable"]), "checks": _checks(fields["checks"])})
