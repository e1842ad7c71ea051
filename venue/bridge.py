"""The bridge (Passive Deposit/Withdrawal Service): its tokens, deposit addresses and deposits.

Source of the shapes: docs.near-intents.org, deposit and withdrawal service.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import httpx
import msgspec

from venue.amounts import amount_of
from venue.jsonrpc import JsonRpc, Unreachable, decode, plain

PAGE = 100
"""Deposits asked for at a time: the most the service gives."""
MAX_PAGES = 50

T = TypeVar("T")
Raw = TypeVar("Raw")
Value = TypeVar("Value")
_Decimals = Annotated[int, msgspec.Meta(ge=0, le=77)]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BridgeToken(msgspec.Struct, frozen=True):
    """A token the bridge moves. Amounts are base units; None where the service did not say."""

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
    """Where to send a deposit on ``chain``; some chains need the ``memo`` with it."""

    address: str
    chain: str
    memo: str | None


class Deposit(msgspec.Struct, frozen=True):
    """A deposit the bridge has seen. ``amount`` is base units, ``created_ns`` UTC nanoseconds since the epoch.

    ``status`` is PENDING, CREDITED, COMPLETED, FAILED, or a word this program does not know; only CREDITED and
    COMPLETED money is on the Verifier. Fields the service left out are None (or empty, for texts it always sends).
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


class Bridge:
    """The bridge's RPC over an injected client. Methods raise Refused with the service's text, or Unreachable.

    ``short_reads`` counts lists of deposits that ended before the total the service itself had named.
    """

    def __init__(self, url: str, client: httpx.AsyncClient, *, timeout_s: float = 10.0) -> None:
        self.rpc = JsonRpc(url, client, timeout_s=timeout_s)
        self.short_reads = 0

    async def supported_tokens(self, chains: Sequence[str]) -> tuple[BridgeToken, ...]:
        """The tokens of these chains (``btc:mainnet``, ``eth:100``); of every chain when none is named."""
        answer = await self._call("supported_tokens", {"chains": list(chains)} if chains else {}, _TOKENS)
        return tuple(self._read(_token, token) for token in answer.tokens)

    async def deposit_address(self, account: str, chain: str) -> DepositAddress:
        """Where to send money on ``chain`` for it to be credited to the account."""
        answer = await self._call("deposit_address", {"account_id": account, "chain": chain}, _ADDRESS)
        if not answer.address or answer.chain not in (None, chain):
            raise self._nonsense(f"an address that is not of {chain}")
        return DepositAddress(answer.address, chain, answer.memo or None)

    async def recent_deposits(self, account: str, chain: str | None = None) -> tuple[Deposit, ...]:
        """Every deposit the bridge tells of, in its order, each once and in the state it was read in last.

        Reads page after page until the service's ``total``; a service that repeats its pages, or ends early, is
        read no further and counted in ``short_reads``.
        """
        found: dict[tuple[object, ...], Deposit] = {}
        offset = 0
        total: int | None = None
        for _ in range(MAX_PAGES):
            params: dict[str, object] = {"account_id": account, "limit": PAGE, "offset": offset}
            if chain is not None:
                params["chain"] = chain
            page = await self._call("recent_deposits", params, _PAGE)
            known = len(found)
            self._collect(page.deposits, account, found)
            offset += len(page.deposits)
            total = page.total
            if total is None and len(page.deposits) < PAGE:
                return tuple(found.values())
            if len(found) == known or (total is not None and offset >= total):
                break
        if total is None or len(found) < total:
            self.short_reads += 1
        return tuple(found.values())

    def _collect(self, page: Sequence[_Deposit], account: str, found: dict[tuple[object, ...], Deposit]) -> None:
        """Add a page's deposits; one already known is replaced, for its status may have moved on meanwhile.

        Rows of one page are always different deposits (one transaction can pay an address twice), while the same
        row on a later page is the same deposit, pushed down by a newer one.
        """
        on_page: Counter[tuple[object, ...]] = Counter()
        for raw in page:
            deposit = self._read(_deposit, raw)
            if deposit.account_id not in ("", account):
                raise self._nonsense("a deposit of another account")
            same = (raw.chain, raw.tx_hash, raw.defuse_asset_identifier, deposit.amount, raw.address, raw.created_at)
            found[*same, on_page[same]] = deposit
            on_page[same] += 1

    async def _call(self, method: str, params: Mapping[str, object], decoder: msgspec.json.Decoder[T]) -> T:
        raw = await self.rpc.call(method, [params])
        try:
            return decode(decoder, raw, f"{self.rpc.host} {method}")
        except Unreachable as error:
            self.rpc.failed(error)
            raise

    def _read(self, read: Callable[[Raw], Value], raw: Raw) -> Value:
        try:
            return read(raw)
        except ValueError as error:
            raise self._nonsense(str(error)) from None

    def _nonsense(self, what: str) -> Unreachable:
        error = Unreachable(plain(f"{self.rpc.host} answered nonsense: {what}"))
        self.rpc.failed(error)
        return error


def _token(raw: _Token) -> BridgeToken:
    return BridgeToken(
        raw.defuse_asset_identifier,
        raw.near_token_id,
        raw.intents_token_id,
        raw.standard,
        raw.decimals,
        raw.asset_name,
        _optional_amount(raw.min_deposit_amount),
        _optional_amount(raw.min_withdrawal_amount),
        _optional_amount(raw.withdrawal_fee),
    )


def _deposit(raw: _Deposit) -> Deposit:
    return Deposit(
        raw.tx_hash or "",
        raw.mint_tx_hash or None,
        raw.chain,
        raw.defuse_asset_identifier,
        raw.near_token_id,
        raw.decimals,
        amount_of(raw.amount),
        raw.account_id or "",
        raw.address or "",
        raw.status,
        _nanoseconds(raw.created_at),
        raw.sender,
    )


def _optional_amount(value: str | int | None) -> int | None:
    return None if value is None else amount_of(value)


def _nanoseconds(value: object) -> int | None:
    """An ISO 8601 text, UTC where it names no zone; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000
