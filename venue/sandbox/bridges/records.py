"""What the bridge knows: its tokens, deposits and withdrawals, and their wire form."""

import re
from decimal import ROUND_UP, Decimal

import msgspec

from venue.protocol.assets import Token
from venue.protocol.tokens import BITCOIN, TokenTable
from venue.sandbox.bridges.chains import ChainTransfer
from venue.sandbox.verifier.accounts import Burn
from venue.sandbox.wire.timestamps import format_millis


class BridgeToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token the bridge carries; amounts in base units. ``min_withdrawal`` holds for what arrives, after the fee."""

    asset: Token
    identifier: str
    min_deposit: int
    min_withdrawal: int
    withdrawal_fee: int

    def fee(self, factor: Decimal) -> int:
        """Return the withdrawal fee in base units when fees are ``factor`` times the usual, rounded up."""
        return int((self.withdrawal_fee * factor).to_integral_value(ROUND_UP))

    def render(self, factor: Decimal) -> dict[str, object]:
        """Render the token as ``supported_tokens`` lists it."""
        return {
            "defuse_asset_identifier": self.identifier,
            "near_token_id": self.asset.near_token,
            "intents_token_id": self.asset.token_id,
            "standard": "nep141",
            "decimals": self.asset.decimals,
            "asset_name": self.asset.symbol,
            "min_deposit_amount": str(self.min_deposit),
            "min_withdrawal_amount": str(self.min_withdrawal),
            "withdrawal_fee": str(self.fee(factor)),
        }


_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_TERMS = {BITCOIN.name: (5_000, 700, 1_500)}
_OTHER_TERMS = (10**17, 2 * 10**17, 10**16)
"""Least deposit, least withdrawal and fee in base units of the underlying, of a plausible size."""


def bridge_tokens(table: TokenTable) -> tuple[BridgeToken, ...]:
    """Return the bridge's rows of the table's tokens. Those of one coin have one identifier, as on the real bridge:
    all of Bitcoin, and of one contract of a chain with contracts.
    """
    return tuple(_bridge_token(token) for token in table.tokens)


def _bridge_token(token: Token) -> BridgeToken:
    address = _ADDRESS.search(token.near_token)
    contract = token.near_token if address is None else address[0]
    terms = _TERMS.get(token.underlying.name, _OTHER_TERMS)
    min_deposit, min_withdrawal, fee = (max(1, amount // token.scale) for amount in terms)
    return BridgeToken(
        asset=token,
        identifier=f"{token.chain}:{contract if token.chain.startswith('eth:') else 'native'}",
        min_deposit=min_deposit,
        min_withdrawal=min_withdrawal,
        withdrawal_fee=fee,
    )


class LostBurn(msgspec.Struct, frozen=True):
    """Base units that left the Verifier for a contract that keeps them: nobody pays them out or gives them back."""

    token: BridgeToken
    burn: Burn


class Deposit(msgspec.Struct, kw_only=True):
    """An incoming deposit, known to the bridge from ``seen_ns`` (UTC) on: PENDING, then CREDITED once the transfer is
    final, or FAILED when it is below the minimum, cannot be minted, or ``fails``.
    """

    token: BridgeToken
    account: str
    transfer: ChainTransfer
    mint_tx_hash: str
    seen_ns: int
    fails: bool
    number: int
    status: str = "PENDING"

    @property
    def amount(self) -> int:
        return self.transfer.amount

    def render(self) -> dict[str, object]:
        """Render the deposit as ``recent_deposits`` lists it: the amount a number in every other row, else text."""
        row: dict[str, object] = {
            "tx_hash": self.transfer.tx_hash,
            "chain": self.token.asset.chain,
            "defuse_asset_identifier": self.token.identifier,
            "near_token_id": self.token.asset.near_token,
            "decimals": self.token.asset.decimals,
            "amount": self.amount if self.number % 2 == 0 else str(self.amount),
            "account_id": self.account,
            "address": self.transfer.to,
            "status": self.status,
            "created_at": format_millis(self.transfer.at_ns),
            "from": self.transfer.sender,
        }
        if self.status == "CREDITED":
            row["mint_tx_hash"] = self.mint_tx_hash
        return row


class BridgeWithdrawal(msgspec.Struct, kw_only=True):
    """An outgoing withdrawal. Not indexed before ``indexed_ns`` (UTC), then PENDING; paid at ``sent_ns``; COMPLETED at
    ``due_ns``. One with a ``reason`` is not paid: REJECTED, RETURNING at ``sent_ns``, RETURNED (minted) at ``due_ns``.

    ``address`` is the memo's, ``to`` its canonical form on the chain.
    """

    token: BridgeToken
    account: str
    amount: int
    fee: int
    address: str
    to: str
    reason: str
    tx_hash: str
    created_ns: int
    indexed_ns: int
    sent_ns: int
    due_ns: int
    number: int
    status: str = "PENDING"
    payment: ChainTransfer | None = None

    @property
    def open(self) -> bool:
        return self.status not in ("COMPLETED", "RETURNED")

    def render(self) -> dict[str, object]:
        """Render ``{status, data}`` as ``withdrawal_status`` does; ``withdraw_amount`` is what is delivered."""
        data: dict[str, object] = {
            "tx_hash": self.tx_hash,
            "transfer_tx_hash": None if self.payment is None else self.payment.tx_hash,
            "chain": self.token.asset.chain,
            "near_token_id": self.token.asset.near_token,
            "defuse_asset_identifier": self.token.identifier,
            "decimals": self.token.asset.decimals,
            "amount": self.amount if self.number % 2 == 0 else str(self.amount),
            "account_id": self.account,
            "address": self.address,
            "created_at": format_millis(self.created_ns),
            "withdrawal_fee": str(self.fee) if self.number % 2 == 0 else self.fee,
            "withdraw_amount": str(max(self.amount - self.fee, 0)),
        }
        return {"status": self.status, "data": data}


class BridgeTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Totals of one token, base units: credited to the Verifier; burned for withdrawals; of that paid out, kept as
    fees, returned, and still under way. ``lost``: sent to a contract that keeps it; not part of what was burned.
    """

    credited: int
    burned: int
    paid: int
    fees: int
    returned: int
    under_way: int
    lost: int
