"""Answers that hold for a block: views and blocks, as NEAR RPC gives them.

Source of the shapes: docs.near.org, RPC ``query`` and ``block``; nearcore, chain/jsonrpc.
"""

import re
from typing import Annotated

import msgspec

from venue.transport.bounds import height_of, name_of, time_ns_of
from venue.transport.errors import RefusedError
from venue.transport.jsonrpc import decode, plain, unreadable


class ViewResult(msgspec.Struct, frozen=True):
    """A contract's answer: ``value`` is the raw JSON it returned, as of this block."""

    value: bytes
    block_height: int
    block_hash: str


class Block(msgspec.Struct, frozen=True):
    """``hash`` is base58, ``timestamp_ns`` UTC nanoseconds since the epoch."""

    height: int
    hash: str
    timestamp_ns: int


class _CallResult(msgspec.Struct):
    block_height: int | None = None
    block_hash: str | None = None
    result: list[Annotated[int, msgspec.Meta(ge=0, le=255)]] | None = None
    error: str | None = None


class _Header(msgspec.Struct):
    height: int
    hash: str
    timestamp: int | None = None
    timestamp_nanosec: str | None = None


class _BlockResult(msgspec.Struct):
    header: _Header


_NANOSECONDS = re.compile(r"[0-9]{1,19}\Z")

_CALL = msgspec.json.Decoder(_CallResult)
_BLOCK = msgspec.json.Decoder(_BlockResult)


def read_view(raw: bytes, host: str) -> ViewResult:
    """Return what the contract returned; RefusedError with the panic's text."""
    answer = decode(_CALL, raw, host)
    if answer.error is not None:
        raise RefusedError(plain(answer.error), name="HANDLER_ERROR", cause="CONTRACT_EXECUTION_ERROR")
    if answer.result is None or answer.block_height is None or answer.block_hash is None:
        raise unreadable(host, "the view has no result, block height or block hash")
    try:
        height, block_hash = height_of(answer.block_height), name_of("the block hash", answer.block_hash)
    except ValueError as error:
        raise unreadable(host, str(error)) from None
    return ViewResult(bytes(answer.result), height, block_hash)


def read_block(raw: bytes, host: str) -> Block:
    header = decode(_BLOCK, raw, host).header
    text, timestamp = header.timestamp_nanosec, header.timestamp
    if text is not None:
        timestamp = int(text) if _NANOSECONDS.match(text) else None
    if timestamp is None:
        raise unreadable(host, "the block has no readable time")
    try:
        return Block(height_of(header.height), name_of("the block hash", header.hash), time_ns_of(timestamp))
    except ValueError as error:
        raise unreadable(host, str(error)) from None
