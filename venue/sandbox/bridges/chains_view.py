"""What the chains hold, as ``GET /chains`` of the control endpoint gives it: proof of one payment or the money back."""

import msgspec

from venue.sandbox.bridges.bridge import Bridge
from venue.sandbox.bridges.records import Deposit, Withdrawal
from venue.sandbox.verifier.ledger import Ledger


def chains_view(bridge: Bridge, ledger: Ledger, now_ns: int) -> dict[str, object]:
    """By chain: balances by address, deposits, burns and payments; by token what went through, amounts as text."""
    return {token.asset.chain: _chain(bridge, ledger, token.asset.chain, now_ns) for token in bridge.tokens}


def _chain(bridge: Bridge, ledger: Ledger, name: str, now_ns: int) -> dict[str, object]:
    chain = bridge.chains[name]
    token_id = chain.asset.token_id
    totals: dict[str, int] = msgspec.to_builtins(bridge.totals(token_id))
    withdrawals = [row for row in bridge.withdrawals if row.token.asset.chain == name]
    return {
        "token_id": token_id,
        "supply": str(ledger.supply(token_id)),
        "totals": {key: str(amount) for key, amount in totals.items()},
        "balances": {address: str(amount) for address, amount in sorted(chain.balances.items())},
        "payments": [payment for row in withdrawals if (payment := _payment(row, now_ns)) is not None],
        "withdrawals": [_withdrawal(row) for row in withdrawals],
        "deposits": [_deposit(row, now_ns) for row in bridge.deposits if row.transfer.chain == name],
    }


def _payment(row: Withdrawal, now_ns: int) -> dict[str, object] | None:
    if row.payment is None:
        return None
    return {
        "tx_hash": row.payment.tx_hash,
        "to": row.payment.to,
        "amount": str(row.payment.amount),
        "at_ns": row.payment.at_ns,
        "confirmations": row.payment.confirmations(now_ns),
        "burn": row.tx_hash,
        "burn_number": row.number,
    }


def _withdrawal(row: Withdrawal) -> dict[str, object]:
    return {
        "burn": row.tx_hash,
        "burn_number": row.number,
        "account": row.account,
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
        "amount": str(row.amount),
        "confirmations": row.transfer.confirmations(now_ns),
        "seen": row.seen_ns <= now_ns,
        "status": row.status,
    }
