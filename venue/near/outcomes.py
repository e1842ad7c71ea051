"""Transaction outcomes and access keys as NEAR RPC reports them.

Sources: docs.near.org, RPC ``tx``, ``send_tx`` and ``view_access_key``; nearcore's ``FinalExecutionOutcomeView`` and
``InvalidTxError``; near/intents, ``ft_resolve_withdraw``.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from venue.near.burns import Burn, read_burns
from venue.near.errors import UnreadableOutcomeError
from venue.protocol.assets import INTENTS_CONTRACT
from venue.transport.amounts import amount_of
from venue.transport.bounds import height_of, is_name, name_of
from venue.transport.errors import RefusedError
from venue.transport.jsonrpc import decode, plain, unreadable

TxState = Literal["pending", "succeeded", "failed"]

_EXECUTED = frozenset({"EXECUTED_OPTIMISTIC", "EXECUTED", "FINAL"})
_NO_KEY = re.compile(r"access key .*(does not exist|never been observed)", re.IGNORECASE)
_NO_TRANSACTION = re.compile(r"transaction \S+ doesn't exist", re.IGNORECASE)
_FAILURE_DEPTH = 8
_NODE_CAUSES = frozenset(
    {
        "UNKNOWN_BLOCK",
        "GARBAGE_COLLECTED_BLOCK",
        "NOT_SYNCED_YET",
        "NO_SYNCED_BLOCKS",
        "UNAVAILABLE_SHARD",
        "UNKNOWN_CHUNK",
        "TIMEOUT_ERROR",
        "INTERNAL_ERROR",
        "DOES_NOT_TRACK_SHARD",
        "REQUEST_ROUTED",
    }
)
"""Causes that concern the node, not the request: another node may answer it."""


class AccessKey(msgspec.Struct, frozen=True):
    """An access key as of a final block; ``nonce`` is the last one used, the next transaction's must be higher."""

    nonce: int
    full_access: bool
    block_height: int
    block_hash: str


class TxOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction's outcome, as far as the node knows it.

    ``pending`` until the transaction is executed with all its receipts. ``value`` is what the whole transaction
    returned, decoded. ``receipts_failed`` has a line ``executor: reason`` for each; one may fail and be refunded
    while the transaction succeeds. ``block_height`` is the highest block any part ran in, None when the node does not
    know it. ``final``: no fork can undo it. ``reverted``: it failed before any of it took effect. ``resolved`` is what
    each ``ft_resolve_withdraw`` in it reports as used, base units. ``burns``: what it took from accounts on the
    Verifier, None where the node's answer does not show it.
    """

    state: TxState
    failure: str = ""
    value: bytes = b""
    receipts_failed: tuple[str, ...] = ()
    block_height: int | None = None
    final: bool = False
    reverted: bool = False
    block_hashes: tuple[str, ...] = ()
    resolved: tuple[int, ...] = ()
    burns: tuple[Burn, ...] | None = None


PENDING = TxOutcome(state="pending")


def withdrawn_amount(outcome: TxOutcome, amount: int) -> int:
    """Return how many base units of ``amount`` an ``ft_withdraw`` withdrew; 0 when it failed or was refunded.

    A transaction that calls it returns what ``ft_resolve_withdraw`` does: the amount used, a JSON string.
    ``execute_intents`` returns nothing: all was withdrawn if no receipt failed, and otherwise what its one resolution
    reports. Raises UnreadableOutcomeError where the outcome does not show it.
    """
    if outcome.state == "pending":
        raise UnreadableOutcomeError("the transaction has not been executed yet")
    if outcome.state == "failed":
        if outcome.reverted:
            return 0
        raise UnreadableOutcomeError(f"the withdrawal was executed but not resolved: {outcome.failure}")
    if outcome.value:
        used = _used(outcome.value)
        if used is None:
            raise UnreadableOutcomeError("the transaction returned a value that is not an amount")
    elif not outcome.receipts_failed:
        return amount
    elif len(outcome.resolved) == 1:
        used = outcome.resolved[0]
    else:
        raise UnreadableOutcomeError(
            f"a receipt failed and may belong to this withdrawal: {outcome.receipts_failed[0]}"
        )
    if used > amount:
        raise UnreadableOutcomeError(
            f"the transaction reports {used} base units used, more than the {amount} withdrawn"
        )
    return used


class _AccessKeyResult(msgspec.Struct):
    block_height: int | None = None
    block_hash: str | None = None
    nonce: int | None = None
    permission: str | dict[str, object] | None = None
    error: str | None = None


class _Execution(msgspec.Struct):
    status: str | dict[str, object] = ""
    executor_id: str = ""
    receipt_ids: list[str] = []
    logs: object = None


class _Part(msgspec.Struct):
    outcome: _Execution
    id: str = ""
    block_hash: str = ""


class _Result(msgspec.Struct):
    final_execution_status: str | None = None
    status: str | dict[str, object] | None = None
    transaction_outcome: _Part | None = None
    receipts_outcome: list[_Part] = []


_ACCESS_KEY = msgspec.json.Decoder(_AccessKeyResult)
_RESULT = msgspec.json.Decoder(_Result | str)


def read_access_key(raw: bytes, host: str) -> AccessKey | None:
    """Return the key, or None where the node answers, in either form, that the account has no such key."""
    answer = decode(_ACCESS_KEY, raw, host)
    if answer.error is not None:
        if _NO_KEY.search(answer.error):
            return None
        raise RefusedError(plain(answer.error), name="HANDLER_ERROR")
    if (
        answer.nonce is None
        or not 0 <= answer.nonce < 2**64
        or answer.permission is None
        or answer.block_height is None
        or answer.block_hash is None
    ):
        raise unreadable(host, "the access key has no nonce, permission or block")
    try:
        height, block_hash = height_of(answer.block_height), name_of("the block hash", answer.block_hash)
    except ValueError as error:
        raise unreadable(host, str(error)) from None
    return AccessKey(answer.nonce, answer.permission == "FullAccess", height, block_hash)


def read_outcome(raw: bytes, host: str, contract: str = INTENTS_CONTRACT) -> TxOutcome:
    """Return the outcome in an answer of ``tx``, ``send_tx`` or ``broadcast_tx_commit``; UnreachableError otherwise.

    ``contract`` is the Verifier, whose resolutions count.
    """
    result = decode(_RESULT, raw, host)
    if isinstance(result, str):
        return PENDING
    status = result.status
    if not isinstance(status, dict) or not _executed(result):
        return PENDING
    parts = [part for part in (result.transaction_outcome, *result.receipts_outcome) if part is not None]
    hashes = tuple(dict.fromkeys(part.block_hash for part in parts if part.block_hash))
    if not all(map(is_name, hashes)):
        # Without this block the height would be that of an earlier one.
        raise unreadable(host, "a receipt ran in a block without a usable hash")
    failed = tuple(
        plain(f"{part.outcome.executor_id}: {_failure_text(part.outcome.status)}")
        for part in result.receipts_outcome
        if _failed(part.outcome.status)
    )
    final = result.final_execution_status == "FINAL"
    if "Failure" in status:
        reason = _failure_text(status)
        return TxOutcome(
            state="failed",
            failure=reason,
            receipts_failed=failed,
            final=final,
            reverted=_reverted(result),
            block_hashes=hashes,
        )
    value = status.get("SuccessValue")
    if not isinstance(value, str):
        raise unreadable(host, "the transaction neither succeeded nor failed")
    try:
        returned = base64.b64decode(value, validate=True)
    except ValueError:
        raise unreadable(host, "the returned value is not base64") from None
    resolved = tuple(
        used for part in result.receipts_outcome if (used := _resolution(part.outcome, contract)) is not None
    )
    return TxOutcome(
        state="succeeded",
        value=returned,
        receipts_failed=failed,
        final=final,
        block_hashes=hashes,
        resolved=resolved,
        burns=_burns(result, contract),
    )


def is_definitive(error: RefusedError) -> bool:
    """Return whether another node would answer the same: the chain's own answer, or a malformed request."""
    if error.name == "REQUEST_VALIDATION_ERROR":
        return True
    return bool(error.cause) and error.cause not in _NODE_CAUSES


def is_unknown_transaction(error: RefusedError) -> bool:
    return error.cause == "UNKNOWN_TRANSACTION" or (not error.cause and bool(_NO_TRANSACTION.search(str(error))))


def invalid_transaction(error: RefusedError) -> RefusedError:
    """Return the refusal under nearcore's name of its reason: InvalidNonce, Expired, …"""
    reason = _find(error.data, "InvalidTxError")
    if isinstance(reason, Mapping) and len(reason) == 1:
        reason = next(iter(reason))
    name = reason if isinstance(reason, str) else error.cause
    return RefusedError(str(error), name=plain(name), cause=error.cause, data=error.data)


def _executed(result: _Result) -> bool:
    # A node that gives no execution status must show every receipt that it names.
    if result.final_execution_status is not None:
        return result.final_execution_status in _EXECUTED
    if result.transaction_outcome is None:
        return False
    shown = {part.id for part in result.receipts_outcome}
    parts = (result.transaction_outcome, *result.receipts_outcome)
    return all(receipt in shown for part in parts for receipt in part.outcome.receipt_ids)


def _reverted(result: _Result) -> bool:
    # What follows the first receipt fails with it.
    first = result.transaction_outcome
    if first is None:
        return False
    if _failed(first.outcome.status):
        return True
    first_receipt = first.outcome.receipt_ids[:1]
    return any(part.id in first_receipt and _failed(part.outcome.status) for part in result.receipts_outcome)


def _resolution(execution: _Execution, contract: str) -> int | None:
    # No other receipt of the Verifier returns one amount.
    status = execution.status
    value = status.get("SuccessValue") if isinstance(status, dict) else None
    if execution.executor_id != contract or not isinstance(value, str) or not value:
        return None
    try:
        return _used(base64.b64decode(value, validate=True))
    except ValueError:
        return None


def _burns(result: _Result, contract: str) -> tuple[Burn, ...] | None:
    read = [read_burns(p.outcome.logs) for p in result.receipts_outcome if p.outcome.executor_id == contract]
    known = [burns for burns in read if burns is not None]
    return tuple(one for burns in known for one in burns) if len(known) == len(read) else None


def _used(value: bytes) -> int | None:
    try:
        return amount_of(msgspec.json.decode(value, type=str))
    except ValueError:
        return None


def _failed(status: str | dict[str, object]) -> bool:
    return isinstance(status, dict) and "Failure" in status


def _failure_text(status: str | dict[str, object]) -> str:
    """Return a failure's innermost text and its name, or the whole failure as JSON."""
    failure = status.get("Failure") if isinstance(status, dict) else status
    name, value = "", failure
    for _ in range(_FAILURE_DEPTH):
        if isinstance(value, dict):
            inner = value.get("kind", next(iter(value.values())) if len(value) == 1 else None)
            if inner is None:
                break
            name, value = ("" if "kind" in value else str(next(iter(value)))), inner
    if isinstance(value, str):
        return plain(f"{name}: {value}" if name else value)
    return plain(msgspec.json.encode(failure).decode())


def _find(value: object, key: str) -> object:
    return next(_named(value, key, _FAILURE_DEPTH), None)


def _named(value: object, key: str, depth: int) -> Iterator[object]:
    if isinstance(value, Mapping) and depth:
        if key in value:
            yield value[key]
        for inner in value.values():
            yield from _named(inner, key, depth - 1)
