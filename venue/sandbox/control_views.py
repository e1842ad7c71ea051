"""What the control endpoint shows: what the venue, its chains and its bridges hold, as JSON values."""

import msgspec

from venue.protocol.assets import Token
from venue.sandbox.assembly import Parts
from venue.sandbox.bridges import omni_view
from venue.sandbox.bridges.bridge import Bridge
from venue.sandbox.bridges.chains import Chain
from venue.sandbox.bridges.omni import OmniBridge
from venue.sandbox.bridges.records import BridgeWithdrawal, Deposit
from venue.sandbox.verifier.accounts import Burn
from venue.sandbox.verifier.ledger import Ledger

Balances = dict[str, dict[str, str]]
"""Account to token id to base units as text."""


def balances(ledger: Ledger) -> Balances:
    return {
        name: {token: str(amount) for token, amount in sorted(ledger.balances_of(name).items())}
        for name in sorted(ledger.accounts.names())
    }


def overview(
    parts: Parts, *, opening: Balances, connections: int, failures: int, account: str | None
) -> dict[str, object]:
    """Return the state as JSON values, amounts in base units as text. ``account`` narrows the fills to its own."""
    offset_ns = parts.market.offset_ns()
    settlement = parts.relay.settlement
    return {
        "seed": parts.config.seed,
        "account": parts.participants.maker.account,
        "running": parts.traders.running,
        "market": {"offset_ns": offset_ns, "mid": str(parts.path.mid_at(offset_ns))},
        "pairs": {pair.market.name: str(pair.path.mid_at(offset_ns)) for pair in parts.pairs},
        "opening": opening,
        "balances": balances(parts.ledger),
        "fills": [msgspec.to_builtins(fill) for fill in settlement.fills if account in (None, fill.account)],
        "deposits": _all_deposits(parts),
        "requests": _requests(parts),
        "settlements": {name: settlement.counts[name] for name in ("settled", "failed")},
        "relay": {
            "connections": connections,
            "quote_subscriptions": parts.relay.subscriptions.count("quote"),
            "status_subscriptions": parts.relay.subscriptions.count("quote_status"),
            "extended_subscriptions": parts.relay.subscriptions.count("quote_status_extended"),
            "waiting": parts.relay.subscriptions.waiting(),
            **parts.relay.counts,
        },
        "traders": dict(parts.traders.counts),
        "rivals": dict(parts.rivals.counts),
        "faults": msgspec.to_builtins(parts.faults.current),
        "failures": failures,
    }


def _all_deposits(parts: Parts) -> list[dict[str, str]]:
    return [
        {
            "account": deposit.account,
            "token_id": deposit.token.asset.token_id,
            "symbol": deposit.token.asset.symbol,
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


def chains_view(bridge: Bridge, omni: OmniBridge, ledger: Ledger, now_ns: int) -> dict[str, object]:
    """Return by chain: balances by address (of its first coin, and of each), deposits, burns, payments and losses; by
    token its totals. Amounts are text.
    """
    return {name: _chain(bridge, omni, ledger, name, now_ns) for name in bridge.chains}


def _chain(bridge: Bridge, omni: OmniBridge, ledger: Ledger, name: str, now_ns: int) -> dict[str, object]:
    chain = bridge.chains[name]
    credited = bridge.credited(name)
    withdrawals = [row for row in bridge.withdrawals if row.token.asset.chain == name]
    return {
        "credits": None if credited is None else credited.asset.token_id,
        "tokens": {
            row.asset.token_id: _totals(bridge, omni, ledger, row.asset)
            for row in bridge.tokens
            if row.asset.chain == name
        },
        "balances": _shown(chain),
        "coins": {coin.coin: _shown(coin) for coin in bridge.coins.values() if coin.name == name},
        "payments": [payment for row in withdrawals if (payment := _payment(row, now_ns)) is not None]
        + omni_view.payments(omni, name, now_ns),
        "withdrawals": [_withdrawal(row) for row in withdrawals] + omni_view.withdrawals(omni, name),
        "deposits": [_deposit(row, now_ns) for row in bridge.deposits if row.transfer.chain == name],
        "lost": [_lost(row.burn) for row in bridge.lost if row.token.asset.chain == name]
        + [_lost(burn) for burn in omni.lost if _is_of(bridge, burn, name)],
    }


def _shown(coin: Chain) -> dict[str, str]:
    return {address: str(amount) for address, amount in sorted(coin.balances.items())}


def _totals(bridge: Bridge, omni: OmniBridge, ledger: Ledger, token: Token) -> dict[str, object]:
    totals: dict[str, int] = msgspec.to_builtins(bridge.totals(token.token_id))
    return {
        "symbol": token.symbol,
        "supply": str(ledger.supply(token.token_id)),
        "totals": {key: str(amount) for key, amount in totals.items()},
        "omni": omni_view.totals(omni, token.token_id),
    }


def _is_of(bridge: Bridge, burn: Burn, chain: str) -> bool:
    token = bridge.token(lambda known: known.asset.token_id == burn.token_id)
    return token is not None and token.asset.chain == chain


def _lost(burn: Burn) -> dict[str, object]:
    return {
        "burn": burn.tx_hash,
        "account": burn.account,
        "token_id": burn.token_id,
        "amount": str(burn.amount),
        "receiver_id": burn.receiver_id,
        "memo": burn.memo,
    }


def _payment(row: BridgeWithdrawal, now_ns: int) -> dict[str, object] | None:
    if row.payment is None:
        return None
    return {
        "tx_hash": row.payment.tx_hash,
        "token_id": row.token.asset.token_id,
        "to": row.payment.to,
        "amount": str(row.payment.amount),
        "at_ns": row.payment.at_ns,
        "confirmations": row.payment.confirmations(now_ns),
        "burn": row.tx_hash,
        "burn_number": row.number,
    }


def _withdrawal(row: BridgeWithdrawal) -> dict[str, object]:
    return {
        "burn": row.tx_hash,
        "burn_number": row.number,
        "account": row.account,
        "token_id": row.token.asset.token_id,
        "address": row.address,
        "amount": str(row.amount),
        "fee": str(row.fee),
        "status": row.status,
        "reason": row.reason,
        "transfer_tx_hash": None if row.payment is None else row.payment.tx_hash,
    }


def _deposit(row: Deposit, now_ns: int) -> dict[str, object]:
    return {
        "tx_hash": row.transfer.tx_hash,
        "from": row.transfer.sender,
        "to": row.transfer.to,
        "account": row.account,
        "token_id": row.token.asset.token_id,
        "amount": str(row.amount),
        "confirmations": row.transfer.confirmations(now_ns),
        "seen": row.seen_ns <= now_ns,
        "status": row.status,
    }
