"""What the control endpoint shows of the Omni bridge, in the shape of the PoA bridge's rows."""

import msgspec

from venue.sandbox.bridges.omni import OmniBridge, OmniTransfer


def payments(omni: OmniBridge, chain: str, now_ns: int) -> list[dict[str, object]]:
    """Return what was paid out on the chain, amounts as text."""
    return [
        {
            "tx_hash": row.payment.tx_hash,
            "token_id": row.token.token_id,
            "to": row.payment.to,
            "amount": str(row.payment.amount),
            "at_ns": row.payment.at_ns,
            "confirmations": row.payment.confirmations(now_ns),
            "burn": row.tx_hash,
            "burn_number": _number(row),
        }
        for row in omni.transfers
        if row.payment is not None and row.token.chain == chain
    ]


def withdrawals(omni: OmniBridge, chain: str) -> list[dict[str, object]]:
    """Return the transfers to the chain that the contract took, amounts as text."""
    return [
        {
            "burn": row.tx_hash,
            "burn_number": _number(row),
            "bridge": "omni",
            "account": row.account,
            "token_id": row.token.token_id,
            "address": row.address,
            "amount": str(row.amount),
            "fee": str(row.gas + row.protocol_fee),
            "native_fee": str(row.message.native_token_fee),
            "status": "COMPLETED" if omni.final(row) else "PENDING",
            "reason": row.reason,
            "transfer_tx_hash": None if row.payment is None else row.payment.tx_hash,
        }
        for row in omni.transfers
        if row.token.chain == chain
    ]


def totals(omni: OmniBridge, token_id: str) -> dict[str, str]:
    counted: dict[str, int] = msgspec.to_builtins(omni.totals(token_id))
    return {key: str(amount) for key, amount in counted.items()}


def _number(row: OmniTransfer) -> str:
    return f"omni-{row.number}"
