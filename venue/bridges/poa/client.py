"""The bridge (Passive Deposit/Withdrawal Service): its tokens, deposit addresses, deposits and withdrawals.

Source of the shapes: docs.near-intents.org, deposit and withdrawal service.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Annotated, TypeVar

import httpx
import msgspec

from venue.bridges.poa.pages import MAX_PAGES, PAGE, Page, read_pages
from venue.bridges.poa.withdrawals import (
    BridgeWithdrawal,
    RawEstimate,
    RawWithdrawals,
    WithdrawalEstimate,
    fee_of,
    identity,
    is_not_indexed,
    pick,
    read_withdrawal,
)
from venue.transport.amounts import amount_of, optional_amount
from venue.transport.bounds import MAX_ADDRESS, is_line, is_name, marked_name
from venue.transport.errors import RefusedError, UnreachableError
from venue.transport.jsonrpc import JsonRpc, decode, unreadable
from venue.transport.timestamps import nanoseconds

__all__ = [
    "MAX_PAGES",
    "PAGE",
    "Bridge",
    "BridgeToken",
    "BridgeWithdrawal",
    "Deposit",
    "DepositAddress",
    "WithdrawalEstimate",
]

T = TypeVar("T")
Raw = TypeVar("Raw")
Value = TypeVar("Value")
Own = TypeVar("Own", "Deposit", BridgeWithdrawal)
_Decimals = Annotated[int, msgspec.Meta(ge=0, le=77)]


class BridgeToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token the bridge moves. Amounts are base units; None where the service gives none."""

    defuse_asset_identifier: str
    near_token_id: str
    intents_token_id: str | None
    standard: str | None
    decimals: int
    asset_name: str
    min_deposit_amount: int | None
    min_withdrawal_amount: int | None
    withdrawal_fee: int | None


class DepositAddress(msgspec.Struct, frozen=True):
    """The address for deposits on ``chain``; some chains need the ``memo`` with it."""

    address: str
    chain: str
    memo: str | None


class Deposit(msgspec.Struct, frozen=True, kw_only=True):
    """A deposit the bridge has seen. ``amount`` is base units, ``created_ns`` UTC nanoseconds since the epoch.

    ``status`` is PENDING, CREDITED, COMPLETED, FAILED, or one this program does not know; only CREDITED and COMPLETED
    deposits are on the Verifier. Fields the service left out are None (or empty, for texts it always sends).
    """

    tx_hash: str
    mint_tx_hash: str | None
    chain: str
    defuse_asset_identifier: str
    near_token_id: str | None
    decimals: int
    amount: int
    account_id: str
    address: str
    status: str
    created_ns: int | None
    sender: str | None


class _Token(msgspec.Struct):
    defuse_asset_identifier: str
    near_token_id: str
    decimals: _Decimals
    asset_name: str
    intents_token_id: str | None = None
    standard: str | None = None
    min_deposit_amount: str | int | None = None
    min_withdrawal_amount: str | int | None = None
    withdrawal_fee: str | int | None = None


class _Tokens(msgspec.Struct):
    tokens: list[_Token]


class _Address(msgspec.Struct):
    address: str
    chain: str | None = None
    memo: str | None = None


class _Deposit(msgspec.Struct):
    chain: str
    defuse_asset_identifier: str
    decimals: _Decimals
    amount: str | int
    status: str
    tx_hash: str | None = None
    mint_tx_hash: str | None = None
    near_token_id: str | None = None
    account_id: str | None = None
    address: str | None = None
    created_at: str | int | float | None = None
    sender: str | None = msgspec.field(default=None, name="from")


class _Page(msgspec.Struct):
    deposits: list[_Deposit]
    total: int | None = None


_TOKENS = msgspec.json.Decoder(_Tokens)
_ADDRESS = msgspec.json.Decoder(_Address)
_PAGE = msgspec.json.Decoder(_Page)
_ESTIMATE = msgspec.json.Decoder(RawEstimate)
_WITHDRAWALS = msgspec.json.Decoder(RawWithdrawals)
_ANYTHING: msgspec.json.Decoder[object] = msgspec.json.Decoder(object)


class Bridge:
    """The bridge's RPC over an injected client. Methods raise RefusedError with its text, or UnreachableError.

    ``short_reads`` counts lists that ended before the service's own total.
    """

    def __init__(self, url: str, client: httpx.AsyncClient, *, timeout_s: float = 10.0) -> None:
        self.rpc = JsonRpc(url, client, timeout_s=timeout_s)
        self.short_reads = 0

    async def supported_tokens(self, chains: Sequence[str]) -> tuple[BridgeToken, ...]:
        """Return the tokens of these chains (``btc:mainnet``, ``eth:100``); of every chain when none is given."""
        answer = await self._call("supported_tokens", {"chains": list(chains)} if chains else {}, _TOKENS)
        return tuple(self._read(_token, token) for token in answer.tokens)

    async def deposit_address(self, account: str, chain: str) -> DepositAddress:
        """Return the account's deposit address on ``chain``."""
        answer = await self._call("deposit_address", {"account_id": account, "chain": chain}, _ADDRESS)
        if not is_name(answer.address, MAX_ADDRESS) or answer.chain not in (None, chain):
            raise self._unreadable(f"the address is not on {chain}")
        if answer.memo and not is_name(answer.memo, MAX_ADDRESS):
            raise self._unreadable(f"the memo for {chain} is not one word")
        return DepositAddress(answer.address, chain, answer.memo or None)

    async def recent_deposits(self, account: str, chain: str | None = None) -> tuple[Deposit, ...]:
        """Return every deposit the bridge lists, in its order, each once and in the state last read.

        Pages are read up to the service's ``total``; when the service repeats its pages or ends early, reading stops
        and ``short_reads`` counts it.
        """

        async def fetch(offset: int) -> Page[Deposit]:
            page = await self._call("recent_deposits", _page_of(account, chain, offset), _PAGE)
            rows = [(raw, self._own(self._read(_deposit, raw), account)) for raw in page.deposits]
            return Page([(_deposit_identity(raw, row.amount), row) for raw, row in rows], page.total)

        return await self._all(fetch)

    async def withdrawal_estimate(self, chain: str, token: str, address: str) -> WithdrawalEstimate:
        """Estimate the fee of a withdrawal of ``token`` (its NEAR contract) to ``address`` on ``chain``."""
        params = {"chain": chain, "token": token, "address": address}
        answer = await self._call("withdrawal_estimate", params, _ESTIMATE)
        if answer.userAddress not in (None, address):
            raise self._unreadable("the estimate is for another address")
        return WithdrawalEstimate(self._read(fee_of, answer), token, address, answer.withdrawalFeeDecimals)

    async def withdrawal_status(self, withdrawal_hash: str, *, near_token: str, amount: int) -> BridgeWithdrawal | None:
        """Return the withdrawal of ``amount`` base units of ``near_token`` made by a NEAR transaction.

        None means that the bridge has not indexed it yet, never that it failed.
        """
        try:
            answer = await self._call("withdrawal_status", {"withdrawal_hash": withdrawal_hash}, _WITHDRAWALS)
        except RefusedError as error:
            if is_not_indexed(str(error)):
                return None
            raise
        if answer.withdrawals is None and answer.status is None:
            raise self._unreadable("it has neither a withdrawal nor a list of them")
        found = [self._read(read_withdrawal, row) for row in answer.rows]
        return self._read(lambda rows: pick(rows, near_token, amount), found)

    async def recent_withdrawals(self, account: str, chain: str | None = None) -> tuple[BridgeWithdrawal, ...]:
        """Return every withdrawal of the account, read as ``recent_deposits`` reads deposits."""

        async def fetch(offset: int) -> Page[BridgeWithdrawal]:
            page = await self._call("recent_withdrawals", _page_of(account, chain, offset), _WITHDRAWALS)
            rows = [self._own(self._read(read_withdrawal, row), account) for row in page.rows]
            return Page([(identity(row), row) for row in rows], page.total)

        try:
            return await self._all(fetch)
        except RefusedError as error:
            if is_not_indexed(str(error)):
                return ()
            raise

    async def notify_deposit(self, chain: str, deposit_address: str, tx_hash: str) -> None:
        """Report a deposit that the bridge has not seen, by its transaction on ``chain``."""
        params = {"chain": chain, "deposit_address": deposit_address, "tx_hash": tx_hash}
        await self._call("notify_deposit", params, _ANYTHING)

    async def _all(self, fetch: Callable[[int], Awaitable[Page[Value]]]) -> tuple[Value, ...]:
        rows, complete = await read_pages(fetch)
        self.short_reads += not complete
        return rows

    def _own(self, row: Own, account: str) -> Own:
        if row.account_id not in ("", account):
            kind = "deposit" if isinstance(row, Deposit) else "withdrawal"
            raise self._unreadable(f"the {kind} belongs to another account")
        return row

    async def _call(self, method: str, params: Mapping[str, object], decoder: msgspec.json.Decoder[T]) -> T:
        raw = await self.rpc.call(method, [params])
        try:
            return decode(decoder, raw, f"{self.rpc.host} {method}")
        except UnreachableError as error:
            self.rpc.count_failure(error)
            raise

    def _read(self, read: Callable[[Raw], Value], raw: Raw) -> Value:
        try:
            return read(raw)
        except ValueError as error:
            raise self._unreadable(str(error)) from None

    def _unreadable(self, detail: str) -> UnreachableError:
        error = unreadable(self.rpc.host, detail)
        self.rpc.count_failure(error)
        return error


def _token(raw: _Token) -> BridgeToken:
    return BridgeToken(
        defuse_asset_identifier=marked_name(raw.defuse_asset_identifier),
        near_token_id=marked_name(raw.near_token_id),
        intents_token_id=marked_name(raw.intents_token_id) if raw.intents_token_id else None,
        standard=marked_name(raw.standard) if raw.standard else None,
        decimals=raw.decimals,
        asset_name=raw.asset_name if is_line(raw.asset_name) else marked_name(raw.asset_name),
        min_deposit_amount=optional_amount(raw.min_deposit_amount),
        min_withdrawal_amount=optional_amount(raw.min_withdrawal_amount),
        withdrawal_fee=optional_amount(raw.withdrawal_fee),
    )


def _deposit(raw: _Deposit) -> Deposit:
    return Deposit(
        tx_hash=marked_name(raw.tx_hash or ""),
        mint_tx_hash=marked_name(raw.mint_tx_hash) if raw.mint_tx_hash else None,
        chain=marked_name(raw.chain),
        defuse_asset_identifier=marked_name(raw.defuse_asset_identifier),
        near_token_id=marked_name(raw.near_token_id) if raw.near_token_id else None,
        decimals=raw.decimals,
        amount=amount_of(raw.amount),
        account_id=marked_name(raw.account_id or ""),
        address=marked_name(raw.address or ""),
        status=marked_name(raw.status),
        created_ns=nanoseconds(raw.created_at),
        sender=marked_name(raw.sender) if raw.sender else None,
    )


def _deposit_identity(raw: _Deposit, amount: int) -> Hashable:
    return raw.chain, raw.tx_hash, raw.defuse_asset_identifier, amount, raw.address, raw.created_at


def _page_of(account: str, chain: str | None, offset: int) -> dict[str, object]:
    params: dict[str, object] = {"account_id": account, "limit": PAGE, "offset": offset}
    return params if chain is None else {**params, "chain": chain}
