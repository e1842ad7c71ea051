"""Reading NEAR through any of several RPC endpoints: the next is tried when one fails.

Source of the shapes: docs.near.org, RPC ``query`` (``call_function``) and ``block``, and its list of errors.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal, TypeVar

import httpx
import msgspec

from venue.jsonrpc import JsonRpc, Refused, Unreachable, decode, plain

Finality = Literal["final", "optimistic"]
T = TypeVar("T")

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
    }
)
"""Causes that speak of the node that was asked, not of what it was asked: another node may know better."""


class View(msgspec.Struct, frozen=True):
    """A contract's answer: ``value`` is the raw JSON it returned, as of the block named."""

    value: bytes
    block_height: int
    block_hash: str


class Block(msgspec.Struct, frozen=True):
    """A block's height, hash (base58) and time (UTC nanoseconds since the epoch)."""

    height: int
    hash: str
    timestamp_ns: int


class Endpoint(msgspec.Struct, frozen=True):
    """The health of one endpoint since the start; ``current`` marks the one that is asked first."""

    host: str
    calls: int
    failures: int
    last_error: str
    current: bool


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


_CALL = msgspec.json.Decoder(_CallResult)
_BLOCK = msgspec.json.Decoder(_BlockResult)


class NearRpc:
    """Views and blocks from the first endpoint that answers, starting with the one that answered last.

    ``timeout_s`` bounds one endpoint's answer; a call may take that long for each URL.
    """

    def __init__(self, urls: Sequence[str], client: httpx.AsyncClient, *, timeout_s: float = 5.0) -> None:
        if not urls:
            raise ValueError("at least one NEAR RPC URL is needed")
        self._endpoints = tuple(JsonRpc(url, client, timeout_s=timeout_s) for url in urls)
        self._current = 0

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Counts of every endpoint, in the order they were given."""
        return tuple(
            Endpoint(one.host, one.calls, one.failures, one.last_error, index == self._current)
            for index, one in enumerate(self._endpoints)
        )

    async def view(
        self, contract: str, method: str, args: Mapping[str, object], finality: Finality = "optimistic"
    ) -> View:
        """What a view function answers; Refused with the panic's text, Unreachable when no endpoint answers."""
        params = {
            "request_type": "call_function",
            "finality": finality,
            "account_id": contract,
            "method_name": method,
            "args_base64": base64.b64encode(msgspec.json.encode(args)).decode("ascii"),
        }
        return await self._ask("query", params, _read_view)

    async def block(self, finality: Finality = "final") -> Block:
        """The newest block of this finality; Unreachable when no endpoint answers."""
        return await self._ask("block", {"finality": finality}, _read_block)

    async def _ask(self, method: str, params: Mapping[str, object], read: Callable[[bytes, str], T]) -> T:
        problems = []
        first = self._current
        for step in range(len(self._endpoints)):
            index = (first + step) % len(self._endpoints)
            endpoint = self._endpoints[index]
            try:
                raw = await endpoint.call(method, params)
            except Unreachable as error:
                problems.append(str(error))
                continue
            except Refused as error:
                if _is_about_the_question(error):
                    self._current = index
                    raise
                endpoint.failed(error)
                problems.append(f"{endpoint.host} refused: {error}")
                continue
            try:
                answer = read(raw, endpoint.host)
            except Unreachable as error:
                endpoint.failed(error)
                problems.append(str(error))
                continue
            except Refused:
                self._current = index
                raise
            self._current = index
            return answer
        raise Unreachable("no NEAR RPC endpoint answered: " + "; ".join(problems))


def _is_about_the_question(error: Refused) -> bool:
    """Whether another node would say the same: the chain's own answer, or a malformed request."""
    if error.name == "REQUEST_VALIDATION_ERROR":
        return True
    return bool(error.cause) and error.cause not in _NODE_CAUSES


def _read_view(raw: bytes, host: str) -> View:
    answer = decode(_CALL, raw, host)
    if answer.error is not None:
        raise Refused(plain(answer.error), name="HANDLER_ERROR", cause="CONTRACT_EXECUTION_ERROR")
    if answer.result is None or answer.block_height is None or answer.block_hash is None:
        raise Unreachable(f"{host} answered nonsense: a view without result, block height or block hash")
    return View(bytes(answer.result), answer.block_height, answer.block_hash)


def _read_block(raw: bytes, host: str) -> Block:
    header = decode(_BLOCK, raw, host).header
    if header.timestamp_nanosec is not None and header.timestamp_nanosec.isascii():
        timestamp = int(header.timestamp_nanosec) if header.timestamp_nanosec.isdigit() else None
    else:
        timestamp = header.timestamp
    if timestamp is None or header.height < 0:
        raise Unreachable(f"{host} answered nonsense: a block without height or time")
    return Block(header.height, header.hash, timestamp)
