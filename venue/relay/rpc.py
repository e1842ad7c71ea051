"""The Solver Relay's RPC: publish a signed intent and follow it. Source: docs.near-intents.org."""

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import httpx
import msgspec

from venue.transport.bounds import is_name, optional_name
from venue.transport.errors import UnreachableError
from venue.transport.jsonrpc import JsonRpc, decode, plain, unreadable

T = TypeVar("T")

ALREADY_PROCESSED = "already processed"
"""The reason of a FAILED publication whose intents the relay has from an earlier call."""


class Published(msgspec.Struct, frozen=True):
    """The relay's answer to a signed intent; ``intent_hash`` is empty where it gave none.

    FAILED is the relay's claim, not the chain's: an intent sent before is FAILED with ``already processed``, and one
    that is FAILED as ``internal`` may have been passed on. Only its nonce shows whether it was executed.
    """

    status: Literal["OK", "FAILED"]
    intent_hash: str
    reason: str

    @property
    def accepted(self) -> bool:
        """Whether the relay has the intent, by this call or by an earlier one."""
        return self.status == "OK" or self.reason == ALREADY_PROCESSED


class PublishedMany(msgspec.Struct, frozen=True):
    """The relay's answer to intents published in one call: they are executed together or not at all."""

    status: Literal["OK", "FAILED"]
    intent_hashes: tuple[str, ...]
    reason: str

    @property
    def accepted(self) -> bool:
        """Whether the relay has the intents, by this call or by an earlier one."""
        return self.status == "OK" or self.reason == ALREADY_PROCESSED


class IntentStatus(msgspec.Struct, frozen=True):
    """PENDING, TX_BROADCASTED, SETTLED, NOT_FOUND_OR_NOT_VALID or a status this program does not know.

    ``tx_hash`` is the NEAR transaction of the intent; a failed one may have it too. NOT_FOUND_OR_NOT_VALID is final
    only when ``failed``; otherwise the relay may not have indexed the intent yet.
    """

    status: str
    tx_hash: str | None
    failed: bool = False


class _Request(msgspec.Struct):
    quote_hashes: Sequence[str]
    signed_data: msgspec.Raw


class _RequestMany(msgspec.Struct):
    quote_hashes: Sequence[str]
    signed_datas: Sequence[msgspec.Raw]


class _PublishedMany(msgspec.Struct):
    status: Literal["OK", "FAILED"]
    intent_hashes: tuple[str, ...] | None = None
    reason: str | None = None


class _Published(msgspec.Struct):
    status: Literal["OK", "FAILED"]
    intent_hash: str | None = None
    reason: str | None = None


class _Data(msgspec.Struct):
    hash: str | None = None


class _Status(msgspec.Struct):
    status: str
    data: _Data | None = None
    status_details: str | None = None


_PUBLISHED = msgspec.json.Decoder(_Published)
_PUBLISHED_MANY = msgspec.json.Decoder(_PublishedMany)
_STATUS = msgspec.json.Decoder(_Status)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class RelayRpc:
    """Calls over an injected client. Methods raise RefusedError with the relay's text, or UnreachableError: it is
    then unknown whether an intent was accepted.

    The API key is sent in headers only, in both that the RPC is known to read: the documentation names X-API-Key, the
    vendor's own client sends Authorization.
    """

    def __init__(
        self, url: str, client: httpx.AsyncClient, api_key: Callable[[], str], *, timeout_s: float = 10.0
    ) -> None:
        key = api_key()
        headers = {"Authorization": f"Bearer {key}", "X-API-Key": key}
        self.rpc = JsonRpc(url, client, timeout_s=timeout_s, headers=headers)

    async def publish_intent(self, signed: bytes, quote_hashes: Sequence[str] = ()) -> Published:
        """Publish a signed intent, the JSON of its ``signed_data``, byte for byte.

        The same intent may be published again: its nonce lets it run once. Raises ValueError for no JSON object.
        """
        _OBJECT.decode(signed)
        answer = await self._call("publish_intent", _Request(quote_hashes, msgspec.Raw(signed)), _PUBLISHED)
        return Published(answer.status, optional_name(answer.intent_hash) or "", plain(answer.reason or ""))

    async def publish_intents(self, signed: Sequence[bytes]) -> PublishedMany:
        """Publish signed intents that need no counterparty, each the JSON of its ``signed_data``, in one call.

        They may be published again: each nonce runs once. Raises ValueError when one is no JSON object.
        """
        for one in signed:
            _OBJECT.decode(one)
        request = _RequestMany((), [msgspec.Raw(one) for one in signed])
        answer = await self._call("publish_intents", request, _PUBLISHED_MANY)
        hashes = tuple(filter(is_name, answer.intent_hashes or ()))
        return PublishedMany(answer.status, hashes, plain(answer.reason or ""))

    async def get_status(self, intent_hash: str) -> IntentStatus:
        """Return the relay's status of an intent, by the base58 of its hash."""
        answer = await self._call("get_status", {"intent_hash": intent_hash}, _STATUS)
        if not is_name(answer.status):
            error = unreadable(self.rpc.host, "the status of the intent has no usable name")
            self.rpc.count_failure(error)
            raise error
        failed = answer.status == "NOT_FOUND_OR_NOT_VALID" and answer.status_details == "FAILED"
        return IntentStatus(answer.status, optional_name(answer.data.hash) if answer.data else None, failed)

    async def transaction_of(self, intent_hash: str) -> str | None:
        """Return the NEAR transaction that settled the intent; None unless the relay calls it settled."""
        status = await self.get_status(intent_hash)
        return status.tx_hash if status.status == "SETTLED" else None

    async def _call(self, method: str, params: object, decoder: msgspec.json.Decoder[T]) -> T:
        raw = await self.rpc.call(method, [params])
        try:
            return decode(decoder, raw, f"{self.rpc.host} {method}")
        except UnreachableError as error:
            self.rpc.count_failure(error)
            raise
