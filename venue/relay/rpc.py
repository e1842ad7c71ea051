"""The Solver Relay's RPC: handing in a signed intent and following it. Source: docs.near-intents.org."""

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import httpx
import msgspec

from venue.transport.errors import UnreachableError
from venue.transport.jsonrpc import JsonRpc, decode, plain

T = TypeVar("T")


class Published(msgspec.Struct, frozen=True):
    """The relay's answer to a signed intent; ``intent_hash`` is empty where it gave none.

    FAILED is the relay's word, not the chain's: an intent sent before is FAILED with ``already processed``, and one
    that is FAILED as ``internal`` may have been passed on. Only its nonce tells whether it was executed.
    """

    status: Literal["OK", "FAILED"]
    intent_hash: str
    reason: str

    @property
    def taken(self) -> bool:
        """Whether the relay has the intent, by this call or by an earlier one."""
        return self.status == "OK" or self.reason == "already processed"


class PublishedMany(msgspec.Struct, frozen=True):
    """The relay's answer to signed intents handed in as one call: they are executed together or not at all."""

    status: Literal["OK", "FAILED"]
    intent_hashes: tuple[str, ...]
    reason: str


class IntentStatus(msgspec.Struct, frozen=True):
    """PENDING, TX_BROADCASTED, SETTLED, NOT_FOUND_OR_NOT_VALID or a word this program does not know.

    ``tx_hash`` is the NEAR transaction it was put in; one that failed is NOT_FOUND_OR_NOT_VALID and may have it too.
    """

    status: str
    tx_hash: str | None


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


_PUBLISHED = msgspec.json.Decoder(_Published)
_PUBLISHED_MANY = msgspec.json.Decoder(_PublishedMany)
_STATUS = msgspec.json.Decoder(_Status)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class RelayRpc:
    """Calls over an injected client. Methods raise Refused with the relay's text, or Unreachable when there is no
    answer that can be read: whether an intent was taken is then unknown. The API key goes into a header only."""

    def __init__(
        self, url: str, client: httpx.AsyncClient, api_key: Callable[[], str], *, timeout_s: float = 10.0
    ) -> None:
        self.rpc = JsonRpc(url, client, timeout_s=timeout_s, headers={"Authorization": f"Bearer {api_key()}"})

    async def publish_intent(self, signed: bytes, quote_hashes: Sequence[str] = ()) -> Published:
        """Hand in a signed intent, the JSON of its ``signed_data``, byte for byte as it is.

        The same intent may be handed in again: its nonce lets it run once. Raises ValueError when it is no JSON object.
        """
        _OBJECT.decode(signed)
        answer = await self._call("publish_intent", _Request(quote_hashes, msgspec.Raw(signed)), _PUBLISHED)
        return Published(answer.status, answer.intent_hash or "", plain(answer.reason or ""))

    async def publish_intents(self, signed: Sequence[bytes]) -> PublishedMany:
        """Hand in signed intents that need nobody on the other side, each the JSON of its ``signed_data``, as one call.

        The same ones may be handed in again: each nonce runs once. Raises ValueError when one is no JSON object.
        """
        for one in signed:
            _OBJECT.decode(one)
        request = _RequestMany((), [msgspec.Raw(one) for one in signed])
        answer = await self._call("publish_intents", request, _PUBLISHED_MANY)
        return PublishedMany(answer.status, answer.intent_hashes or (), plain(answer.reason or ""))

    async def get_status(self, intent_hash: str) -> IntentStatus:
        """How far an intent (base58 of its hash) has come, by what the relay knows."""
        answer = await self._call("get_status", {"intent_hash": intent_hash}, _STATUS)
        return IntentStatus(answer.status, (answer.data.hash or None) if answer.data else None)

    async def transaction_of(self, intent_hash: str) -> str | None:
        """The NEAR transaction in which the intent was settled; None when the relay does not call it settled."""
        status = await self.get_status(intent_hash)
        return status.tx_hash if status.status == "SETTLED" else None

    async def _call(self, method: str, params: object, decoder: msgspec.json.Decoder[T]) -> T:
        raw = await self.rpc.call(method, [params])
        try:
            return decode(decoder, raw, f"{self.rpc.host} {method}")
        except UnreachableError as error:
            self.rpc.failed(error)
            raise
