"""A part's state is its health and its own share of the snapshot."""

import pytest

from cockpit.desk.api.part_states import part_state
from cockpit.model.commands import PARTS, Part
from storage.writer import WriterState
from tests.support.cockpit.samples import snapshot

OWN: dict[Part, set[str]] = {
    "near-intents-ingest": {"relay", "counts", "relay_latency", "demand_by_market", "demand_ms"},
    "market-reference-ingest": {"market"},
    "inventory-sync": {"inventory"},
    "liquidity-manager": {
        "deposits",
        "deposits_age_ms",
        "deposit_addresses",
        "fund_warnings",
        "withdrawals_frozen",
        "freeze_left_ms",
        "withdrawals",
        "key",
    },
    "history-writer": {"writer"},
    "strategy-engine": {"armed", "why", "limits", "pricing", "lives", "trading", "trading_why", "decisions"},
    "trade-executor": {"armed", "why", "blocked", "alive", "options", "option_day", "quotes", "executions", "reaction"},
}

WRITER = WriterState(
    status="ok", error="", since_ns=None, queue=0, capacity=1, written=7, batches=2, failures=0, dropped=0
)


@pytest.mark.parametrize("part", PARTS)
def test_the_fields_of_a_part_are_those_that_clients_know(part: Part) -> None:
    shot = snapshot()
    found = part_state(part, shot, WRITER)
    assert set(found) == {"health", *OWN[part]}
    assert found["health"] == next(health for health in shot.health if health.part == part)
    for name in OWN[part] & set(shot.__struct_fields__):
        assert found[name] == getattr(shot, name)
