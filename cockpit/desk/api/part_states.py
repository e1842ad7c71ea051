"""What ``/{part}/state`` returns: a part's own share of the snapshot."""

from collections.abc import Mapping

from cockpit.model.commands import Part
from cockpit.model.snapshot import Snapshot
from storage.writer import WriterState


def part_state(part: Part, shot: Snapshot, writer: WriterState) -> Mapping[str, object]:
    """Return the part's health and its fields of the snapshot."""
    health = next(health for health in shot.health if health.part == part)
    own: dict[Part, Mapping[str, object]] = {
        "near-intents-ingest": {
            "relay": shot.relay,
            "counts": shot.counts,
            "relay_latency": shot.relay_latency,
            "demand_by_market": shot.demand_by_market,
            "demand_ms": shot.demand_ms,
        },
        "market-reference-ingest": {"market": shot.market},
        "inventory-sync": {"inventory": shot.inventory},
        "liquidity-manager": {
            "deposits": shot.deposits,
            "deposits_age_ms": shot.deposits_age_ms,
            "deposit_addresses": shot.deposit_addresses,
            "fund_warnings": shot.fund_warnings,
            "withdrawals_frozen": shot.withdrawals_frozen,
            "freeze_left_ms": shot.freeze_left_ms,
            "withdrawals": shot.withdrawals,
            "key": shot.key,
        },
        "history-writer": {"writer": writer},
        "strategy-engine": {
            "armed": shot.strategy_armed,
            "why": shot.strategy_why,
            "limits": shot.limits,
            "pricing": shot.pricing,
            "lives": shot.lives,
            "trading": shot.trading,
            "trading_why": shot.trading_why,
            "decisions": shot.decisions,
        },
        "trade-executor": {
            "armed": shot.executor_armed,
            "why": shot.executor_why,
            "blocked": shot.executor_blocked,
            "alive": shot.alive,
            "options": shot.options,
            "option_day": shot.option_day,
            "quotes": shot.quotes,
            "executions": shot.executions,
            "reaction": shot.reaction,
        },
    }
    return {"health": health, **own[part]}
