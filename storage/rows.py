"""How each event becomes a row: its table, its columns and its values. Pure."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.model.events import (
    AnyEvent,
    DecisionRules,
    Event,
    ExecuteTrade,
    IntentInventory,
    LiquidityAction,
    MarketPrice,
    MarketSettlements,
    OperatorAction,
    OptionValue,
    SwapDemand,
    TradeDecision,
    TradeResult,
    WithdrawalPrepared,
)
from storage.history import RecordedFill, RecordedQuote

Value = str | int | None
Row = tuple[Value, ...]

ROWS_PER_SLICE = 20
"""Rows made without a pause, about 0.15 ms: a request that arrives meanwhile waits no longer."""

_INT64_MAX = 2**63 - 1
_json = msgspec.json.Encoder()


class Table(msgspec.Struct, frozen=True):
    """One topic's table; ``row(run_id, event)`` returns the values in the order of ``columns``."""

    name: str
    event: type[Event]
    columns: tuple[str, ...]
    row: Callable[[str, Any], Row]


def _text(number: int | Decimal | None) -> str | None:
    return None if number is None else str(number)


def _int64(number: int) -> int:
    # Capped to what an INTEGER column holds: a request may ask for any deadline.
    if -_INT64_MAX <= number <= _INT64_MAX:
        return number
    return _INT64_MAX if number > 0 else -_INT64_MAX


def _swap_demand(run_id: str, e: SwapDemand) -> Row:
    return (
        run_id,
        e.at_ns,
        e.quote_id,
        e.asset_in,
        e.asset_out,
        _text(e.amount_in),
        _text(e.amount_out),
        _int64(e.min_deadline_ms),
        e.partner_id,
        e.traceparent,
        int(e.dry),
        int(e.router_leg),
        e.asked_ns,
        e.min_wait_ms,
        e.max_wait_ms,
        None if e.protocol_fee_included is None else int(e.protocol_fee_included),
        e.source,
        e.quote_type,
        e.trusted_partner_id,
        e.slippage_bps,
    )


def _market_price(run_id: str, e: MarketPrice) -> Row:
    return (run_id, e.at_ns, e.source, str(e.bid), str(e.ask), str(e.mid))


def _intent_inventory(run_id: str, e: IntentInventory) -> Row:
    return (
        run_id,
        e.at_ns,
        e.asset,
        str(e.balance),
        str(e.reserved),
        str(e.spendable),
        _int64(e.block_height),
        e.cause,
        e.over_before_ns,
    )


def _option_value(run_id: str, e: OptionValue) -> Row:
    return (
        run_id,
        e.at_ns,
        str(e.mid),
        str(e.sigma_bps),
        e.quotes,
        str(e.value),
        str(e.intrinsic),
        str(e.fall),
        str(e.rise),
        str(e.refused_value),
    )


def _liquidity_action(run_id: str, e: LiquidityAction) -> Row:
    return (
        run_id,
        e.at_ns,
        e.action_id,
        e.kind,
        e.asset,
        _text(e.amount),
        e.chain,
        e.tx_hash,
        e.status,
        e.detail,
        e.block_height,
    )


def _trade_decision(run_id: str, e: TradeDecision) -> Row:
    return (
        run_id,
        e.at_ns,
        e.decision_id,
        e.quote_id,
        int(e.actionable),
        e.reason,
        e.side,
        _text(e.mid),
        _text(e.price),
        _text(e.skew_bps),
        _text(e.amount_in),
        _text(e.amount_out),
        _text(e.notional),
        _text(e.edge),
        _int64(e.deadline_ns),
        _json.encode(e.checks).decode(),
        e.rules_id,
        e.view,
    )


def _decision_rules(run_id: str, e: DecisionRules) -> Row:
    return (run_id, e.at_ns, e.rules_id, e.limits, e.params)


def _market_settlements(run_id: str, e: MarketSettlements) -> Row:
    return (run_id, e.at_ns, e.since_ns, e.others)


def _execute_trade(run_id: str, e: ExecuteTrade) -> Row:
    return (
        run_id,
        e.at_ns,
        e.command_id,
        e.decision_id,
        e.quote_id,
        e.quote_hash,
        e.nonce,
        _int64(e.deadline_ns),
        e.asset_in,
        e.asset_out,
        str(e.amount_in),
        str(e.amount_out),
        e.reaction_ns,
        e.request_kind,
        None if e.written is None else str(e.written),
    )


def _trade_result(run_id: str, e: TradeResult) -> Row:
    return (
        run_id,
        e.at_ns,
        e.command_id,
        e.quote_id,
        e.quote_hash,
        e.outcome,
        e.detail,
        e.intent_hash,
        e.tx_hash,
        e.request_kind,
        e.settled_ns,
    )


def _withdrawal_prepared(run_id: str, e: WithdrawalPrepared) -> Row:
    return (
        run_id,
        e.at_ns,
        e.withdrawal_id,
        e.idempotency_key,
        e.actor,
        e.route,
        e.asset,
        str(e.amount),
        str(e.fee),
        e.destination,
        e.chain,
        e.hash,
        e.signed,
        e.nonce,
        e.expires_ns,
        e.bridge,
        str(e.gas_fee),
        str(e.native_fee),
        e.external_id,
    )


def _operator_action(run_id: str, e: OperatorAction) -> Row:
    return (run_id, e.at_ns, e.command_id, e.actor, e.command, e.arguments, int(e.accepted), e.reason)


def _table(name: str, event: type[Event], row: Callable[[str, Any], Row]) -> Table:
    return Table(name, event, ("run_id", *event.__struct_fields__), row)


TABLES: tuple[Table, ...] = (
    _table("swap_demand_events", SwapDemand, _swap_demand),
    _table("market_settlement_events", MarketSettlements, _market_settlements),
    _table("market_price_events", MarketPrice, _market_price),
    _table("intent_inventory_snapshots", IntentInventory, _intent_inventory),
    _table("option_values", OptionValue, _option_value),
    _table("liquidity_actions", LiquidityAction, _liquidity_action),
    _table("decision_rules", DecisionRules, _decision_rules),
    _table("trade_decisions", TradeDecision, _trade_decision),
    _table("execute_trade_commands", ExecuteTrade, _execute_trade),
    _table("trade_execution_results", TradeResult, _trade_result),
    _table("operator_actions", OperatorAction, _operator_action),
    _table("prepared_withdrawals", WithdrawalPrepared, _withdrawal_prepared),
)
"""One table a topic, by the names that its readers know."""


_TABLE_OF = {table.event: table for table in TABLES}


def by_table(events: Iterable[AnyEvent]) -> list[tuple[Table, list[AnyEvent]]]:
    """Group the events by table, each group in the order given. Raises TypeError when an event has no table."""
    groups: dict[type[Event], list[AnyEvent]] = {}
    for event in events:
        groups.setdefault(type(event), []).append(event)
    unknown = groups.keys() - _TABLE_OF.keys()
    if unknown:
        raise TypeError(f"no table for {', '.join(sorted(kind.__name__ for kind in unknown))}")
    return [(_TABLE_OF[kind], group) for kind, group in groups.items()]


# Each of these takes a row whose columns are in the order of the event's fields.


def read_liquidity(row: tuple[Any, ...]) -> LiquidityAction:
    fields = dict(zip(LiquidityAction.__struct_fields__, row, strict=True))
    fields["amount"] = None if fields["amount"] is None else int(fields["amount"])
    return LiquidityAction(**fields)


def read_prepared(row: tuple[Any, ...]) -> WithdrawalPrepared:
    fields = dict(zip(WithdrawalPrepared.__struct_fields__, row, strict=True))
    amounts = {name: int(fields[name]) for name in ("amount", "fee", "gas_fee", "native_fee")}
    return WithdrawalPrepared(**{**fields, **amounts})


def read_inventory(row: tuple[Any, ...]) -> IntentInventory:
    fields = dict(zip(IntentInventory.__struct_fields__, row, strict=True))
    amounts = {name: int(fields[name]) for name in ("balance", "reserved", "spendable")}
    return IntentInventory(**{**fields, **amounts})


def read_fill(row: tuple[Any, ...]) -> RecordedFill:
    at_ns, asset_in, asset_out, amount_in, amount_out = row
    return RecordedFill(
        at_ns=at_ns, asset_in=asset_in, asset_out=asset_out, amount_in=int(amount_in), amount_out=int(amount_out)
    )


def read_quote(row: tuple[Any, ...]) -> RecordedQuote:
    """Read a row of ``execute_trade_commands``, its decision's edge and its outcomes joined by commas."""
    *columns, edge, outcomes = row
    fields = dict(zip(ExecuteTrade.__struct_fields__, columns, strict=True))
    amounts = {name: int(fields[name]) for name in ("amount_in", "amount_out")}
    written = fields.pop("written")
    return RecordedQuote(
        command=ExecuteTrade(**{**fields, **amounts}, written=None if written is None else int(written)),
        edge=None if edge is None else int(edge),
        outcomes=tuple(outcomes.split(",")) if outcomes else (),
    )
