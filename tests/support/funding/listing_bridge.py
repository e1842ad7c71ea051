"""A bridge that lists what a test sets, and deposits to list."""

from collections.abc import Sequence

import httpx

from tests.support.desk.builders import NOW
from venue.bridges.poa.client import Bridge, BridgeToken, Deposit, DepositAddress
from venue.bridges.poa.withdrawals import BridgeWithdrawal
from venue.protocol.assets import Token
from venue.protocol.tokens import BTC

COINS = {"btc:mainnet": "btc:mainnet:native"}
"""What the bridge calls a coin: the same for each of its tokens."""


DEPOSIT_ADDRESSES = {
    "btc:mainnet": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "eth:100": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
}


class ListingBridge(Bridge):
    """``listed`` are the account's deposits, ``rows`` the bridge's tokens, ``given`` its addresses by chain."""

    def __init__(self, client: httpx.AsyncClient, rows: Sequence[BridgeToken] = ()) -> None:
        super().__init__("http://127.0.0.1:1/rpc", client)
        self.listed: list[Deposit] = []
        self.rows = tuple(rows)
        self.given = dict(DEPOSIT_ADDRESSES)

    async def recent_deposits(self, account: str, chain: str | None = None) -> tuple[Deposit, ...]:
        return tuple(one for one in self.listed if one.chain == chain)

    async def recent_withdrawals(self, account: str, chain: str | None = None) -> tuple[BridgeWithdrawal, ...]:
        return ()

    async def supported_tokens(self, chains: object = None) -> tuple[BridgeToken, ...]:
        return self.rows

    async def deposit_address(self, account: str, chain: str) -> DepositAddress:
        return DepositAddress(self.given[chain], chain, None)


def bridge_row(token: Token, minimum: int | None = None, *, near_token: str | None = None) -> BridgeToken:
    """The bridge's row of a token; with ``near_token`` that of another token for the same coin."""
    name = near_token or token.near_token
    return BridgeToken(
        defuse_asset_identifier=COINS.get(token.chain, token.token_id),
        near_token_id=name,
        intents_token_id=f"nep141:{name}",
        standard="nep141",
        decimals=token.decimals,
        asset_name=token.symbol,
        min_deposit_amount=minimum,
        min_withdrawal_amount=minimum,
        withdrawal_fee=None,
    )


def deposit(
    amount: int,
    status: str = "CREDITED",
    *,
    token: Token = BTC,
    near_token: str | None = None,
    tx_hash: str = "a" * 64,
    created_ns: int = NOW,
) -> Deposit:
    """An output that a transaction pays to the account's address on the token's chain."""
    return Deposit(
        tx_hash=tx_hash,
        mint_tx_hash=None,
        chain=token.chain,
        defuse_asset_identifier=COINS.get(token.chain, token.token_id),
        near_token_id=near_token or token.near_token,
        decimals=token.decimals,
        amount=amount,
        account_id="maker.near",
        address="an address",
        status=status,
        created_ns=created_ns,
        sender=None,
    )
