"""Transfers as the Omni bridge's API reports them, in its third version (a list) and its fourth (an object).

Source: @omni-bridge/core, 0.9.1 for the third version and 0.15.0 for the fourth.
"""

import re
from collections.abc import Sequence

import msgspec

from venue.transport.amounts import amount_of

_HASH = re.compile(r"[0-9a-f]{64}\Z", re.IGNORECASE)
_MAX_LISTED = 1000
"""Transfers of one NEAR transaction that are looked at: a call's logs hold no more."""


class OmniTransfer(msgspec.Struct, frozen=True):
    """A transfer that the bridge has indexed; ``paid_hash`` is the Bitcoin transaction, None until it is final."""

    paid_hash: str | None


class _Utxo(msgspec.Struct):
    transaction_hash: str


class _Finalised(msgspec.Struct):
    utxo: _Utxo | None = msgspec.field(default=None, name="UtxoLog")
    transaction_hash: str | None = None
    chain: str | None = None


class _Message(msgspec.Struct):
    token: str
    amount: str | int
    recipient: str
    sender: str = ""


class RawTransfer(msgspec.Struct):
    finalised: _Finalised | None = None
    transfer_message: _Message | None = None
    token_id: str | None = None
    amount: str | int | None = None
    recipient: str | None = None
    sender: str | None = None

    @property
    def message(self) -> _Message | None:
        if self.transfer_message is not None:
            return self.transfer_message
        if self.token_id is None or self.amount is None or self.recipient is None:
            return None
        return _Message(self.token_id, self.amount, self.recipient, self.sender or "")

    @property
    def paid_hash(self) -> str | None:
        """Return the Bitcoin transaction; ValueError for a value that is none."""
        done = self.finalised
        if done is None:
            return None
        found = done.utxo.transaction_hash if done.utxo is not None else None
        if found is None and done.chain == "Btc":
            found = done.transaction_hash
        if found is not None and not _HASH.match(found):
            raise ValueError("the hash of the payment is not a Bitcoin transaction's")
        return None if found is None else found.lower()


class RawTransfers(msgspec.Struct):
    transfers: list[RawTransfer]


def pick_transfer(
    rows: Sequence[RawTransfer], *, token: str, amount: int, recipient: str, sender: str
) -> OmniTransfer | None:
    """Return the transfer of ``amount`` base units of ``token`` to ``recipient``; None while there is none.

    Addresses with their chain (``near:…``, ``btc:…``). One NEAR transaction may hold several transfers. Raises
    ValueError when several that fit differ: it is then unknown which is meant.
    """
    if len(rows) > _MAX_LISTED:
        raise ValueError(f"it lists {len(rows)} transfers of one transaction")
    found = [
        OmniTransfer(row.paid_hash)
        for row in rows
        if (message := row.message) is not None
        and message.token in (token, token.removeprefix("near:"))
        and message.recipient == recipient
        and message.sender in ("", sender, sender.removeprefix("near:"))
        and amount_of(message.amount) == amount
    ]
    if any(one != found[0] for one in found[1:]):
        raise ValueError("several transfers of the same token, amount and recipient have one hash")
    return found[0] if found else None
