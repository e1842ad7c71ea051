"""What the bridge knows: its tokens, the deposits and withdrawals under way, and how it writes them."""

import msgspec

from venue.assets import BTC, EURE, Asset
from venue.sandbox.timestamps import format_timestamp


class BridgeToken(msgspec.Struct, frozen=True):
    """A token the bridge carries; amounts in base units."""

    asset: Asset
    identifier: str
    min_deposit: int
    min_withdrawal: int
    withdrawal_fee: int

    def render(self) -> dict[str, object]:
        """The token as ``supported_tokens`` lists it."""
        return {
            "defuse_asset_identifier": self.identifier,
            "near_token_id": self.asset.near_token,
            "intents_token_id": self.asset.token_id,
            "standard": "nep141",
            "decimals": self.asset.decimals,
            "asset_name": self.asset.symbol,
            "min_deposit_amount": str(self.min_deposit),
            "min_withdrawal_amount": str(self.min_withdrawal),
            "withdrawal_fee": str(self.withdrawal_fee),
        }


TOKENS = (
    BridgeToken(BTC, "btc:mainnet:native", 5_000, 7_000, 1_500),
    BridgeToken(
        EURE,
        "eth:100:0x420ca0f9b9b604ce0fd9c18ef134c705e5fa3430",
        10**17,
        2 * 10**17,
        10**16,
    ),
)
"""The active pair, with minima and fees of a plausible size."""


class Deposit(msgspec.Struct):
    """Money on its way in: PENDING until ``due_ns`` (UTC), then CREDITED, or FAILED when it cannot be minted."""

    token: BridgeToken
    account: str
    amount: int
    address: str
    sender: str
    tx_hash: str
    mint_tx_hash: str
    created_ns: int
    due_ns: int
    fails: bool
    number: int
    status: str = "PENDING"

    def render(self) -> dict[str, object]:
        """The deposit as ``recent_deposits`` lists it: the amount a bare number in every other row, else a string."""
        row: dict[str, object] = {
            "tx_hash": self.tx_hash,
            "chain": self.token.asset.chain,
            "defuse_asset_identifier": self.token.identifier,
            "near_token_id": self.token.asset.near_token,
            "decimals": self.token.asset.decimals,
            "amount": self.amount if self.number % 2 == 0 else str(self.amount),
            "account_id": self.account,
            "address": self.address,
            "status": self.status,
            "created_at": format_timestamp(self.created_ns),
            "from": self.sender,
        }
        if self.status == "CREDITED":
            row["mint_tx_hash"] = self.mint_tx_hash
        return row


class Withdrawal(msgspec.Struct):
    """Money on its way out: not indexed before ``indexed_ns`` (UTC), then PENDING, then COMPLETED or FAILED."""

    token: BridgeToken
    account: str
    amount: int
    address: str
    tx_hash: str
    transfer_tx_hash: str
    created_ns: int
    indexed_ns: int
    due_ns: int
    number: int
    status: str = "PENDING"

    def render(self) -> dict[str, object]:
        """``{status, data}`` as ``withdrawal_status`` gives it; ``withdraw_amount`` is what is delivered."""
        fee = self.token.withdrawal_fee
        data: dict[str, object] = {
            "tx_hash": self.tx_hash,
            "transfer_tx_hash": self.transfer_tx_hash if self.status == "COMPLETED" else None,
            "chain": self.token.asset.chain,
            "near_token_id": self.token.asset.near_token,
            "defuse_asset_identifier": self.token.identifier,
            "decimals": self.token.asset.decimals,
            "amount": self.amount if self.number % 2 == 0 else str(self.amount),
            "account_id": self.account,
            "address": self.address,
            "created_at": format_timestamp(self.created_ns),
            "withdrawal_fee": str(fee),
            "withdraw_amount": str(max(self.amount - fee, 0)),
        }
        return {"status": self.status, "data": data}
