"""What the venue holds and has seen, as ``GET /state`` of the control endpoint gives it."""

import msgspec

from venue.sandbox.assembly import Parts
from venue.sandbox.verifier.ledger import Ledger

Balances = dict[str, dict[str, str]]
"""Account to token id to base units as text."""


def balances(ledger: Ledger) -> Balances:
    """Every account's balances."""
    return {
        name: {token: str(amount) for token, amount in sorted(ledger.balances_of(name).items())}
        for name in sorted(ledger.accounts.names())
    }


def overview(
    parts: Parts, *, opening: Balances, connections: int, failures: int, account: str | None
) -> dict[str, object]:
    """The state as JSON values, amounts in base units as text. ``account`` narrows the fills to its own."""
    offset_ns = parts.market.offset_ns()
    settlement = parts.relay.settlement
    return {
        "seed": parts.config.seed,
        "account": parts.cast.maker.account,
        "running": parts.traders.running,
        "market": {"offset_ns": offset_ns, "mid": str(parts.path.mid_at(offset_ns))},
        "opening": opening,
        "balances": balances(parts.ledger),
        "fills": [msgspec.to_builtins(fill) for fill in settlement.fills if account in (None, fill.account)],
        "deposits": _deposits(parts),
        "requests": _requests(parts),
        "settlements": {name: settlement.counts[name] for name in ("settled", "failed")},
        "relay": {
            "connections": connections,
            "quote_subscriptions": parts.relay.subscribers("quote"),
            "status_subscriptions": parts.relay.subscribers("quote_status"),
            **parts.relay.counts,
        },
        "traders": dict(parts.traders.counts),
        "rivals": dict(parts.rivals.counts),
        "faults": msgspec.to_builtins(parts.switches.faults),
        "failures": failures,
    }


def _deposits(parts: Parts) -> list[dict[str, str]]:
    return [
        {
            "account": deposit.account,
            "token_id": deposit.token.asset.token_id,
            "amount": str(deposit.amount),
            "status": deposit.status,
        }
        for deposit in parts.bridge.deposits
    ]


def _requests(parts: Parts) -> dict[str, object]:
    total, active = parts.relay.requests.total(), parts.relay.active_requests()
    pairs = [
        {"asset_in": asset_in, "asset_out": asset_out, "count": count}
        for (asset_in, asset_out), count in sorted(parts.relay.requests.items())
    ]
    return {"total": total, "active": active, "other": total - active, "pairs": pairs}
