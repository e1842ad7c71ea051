"""The relay's RPC: ``quote``, ``publish_intent``, ``publish_intents`` and ``get_status``."""

from collections.abc import Mapping
from typing import Any

import msgspec

from venue.sandbox.base.faults import FaultTable
from venue.sandbox.relay.auction import Ask
from venue.sandbox.relay.bearer_tokens import BearerTokens
from venue.sandbox.relay.errors import INVALID_PARAMS, AuctionRefusedError
from venue.sandbox.relay.relay import Relay
from venue.sandbox.relay.responses import Decline, shown_to_taker
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.payload import open_payload


class _Call(msgspec.Struct):
    method: str | None = None
    id: int | str | None = None
    params: Any = None


class _Publish(msgspec.Struct):
    """py-near writes null for no quotes at all."""

    signed_data: dict[str, object]
    quote_hashes: tuple[str, ...] | None = None


class _PublishMany(msgspec.Struct):
    signed_datas: tuple[dict[str, object], ...]
    quote_hashes: tuple[str, ...] | None = None


class _StatusOf(msgspec.Struct):
    intent_hash: str


class RelayRpc:
    """The endpoint ``/rpc``, with one of ``tokens`` in ``Authorization: Bearer`` or ``X-API-Key``.

    ``needs_key``: without one nothing is answered. Whether the real one needs it for every method is not clear.
    """

    def __init__(self, relay: Relay, *, tokens: BearerTokens, faults: FaultTable, needs_key: bool = True) -> None:
        self._needs_key = needs_key
        self._relay = relay
        self._faults = faults
        self._tokens = tokens

    async def handle(
        self, method_from_query: str | None, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, object]]:
        """Return HTTP status and JSON answer; header names are lower case."""
        bearer, key = headers.get("authorization"), headers.get("x-api-key")
        taken = self._tokens.accepts_header(bearer) or self._tokens.accepts(key)
        # A wrong key is refused also where none is needed.
        if not taken and (self._needs_key or bearer or key):
            return 401, {"error": "Unauthorized"}
        try:
            call = msgspec.json.decode(body, type=_Call)
        except (ValueError, RecursionError):
            return 200, _answer(None, error={"code": -32700, "message": "Parse error"})
        params = call.params[0] if isinstance(call.params, list) and call.params else None
        try:
            return 200, _answer(call.id, result=await self._result(call.method or method_from_query or "", params))
        except AuctionRefusedError as refusal:
            return 200, _answer(call.id, error={"code": refusal.code, "message": str(refusal)})
        except msgspec.ValidationError as error:
            return 200, _answer(call.id, error={"code": INVALID_PARAMS, "message": f"Invalid params: {error}"})

    async def _result(self, method: str, params: object) -> object:
        match method:
            case "quote":
                return await self._quote(msgspec.convert(params, Ask))
            case "publish_intent":
                one = msgspec.convert(params, _Publish)
                answer = self._publish(one.quote_hashes or (), (one.signed_data,))
                hashes = answer.pop("intent_hashes")
                assert isinstance(hashes, list)
                return answer | {"intent_hash": hashes[0] if hashes else ""}
            case "publish_intents":
                many = msgspec.convert(params, _PublishMany)
                return self._publish(many.quote_hashes or (), many.signed_datas)
            case "get_status":
                return self._status(msgspec.convert(params, _StatusOf).intent_hash)
            case other:
                raise AuctionRefusedError(-32601, f"Method not found: {other[:64]}")

    async def _quote(self, ask: Ask) -> list[dict[str, object]] | None:
        request = ask.request(self._relay.next_quote_id())
        declines: list[Decline] = []
        answers = await self._relay.quote(request, window=ask.window(), declines=declines)
        if answers:
            return [answer.option() for answer in answers]
        return [msgspec.to_builtins(one) for one in shown_to_taker(declines)] or None

    def _publish(self, quote_hashes: tuple[str, ...], signed: tuple[dict[str, object], ...]) -> dict[str, object]:
        try:
            return {"status": "OK", "intent_hashes": list(self._relay.publish(quote_hashes, signed))}
        except (AuctionRefusedError, ContractPanicError) as refusal:
            return {"status": "FAILED", "reason": str(refusal), "intent_hashes": _hashes(signed)}

    def _status(self, intent_hash: str) -> dict[str, object]:
        if self._faults.is_running("relay_not_found_s"):
            return {"status": "NOT_FOUND_OR_NOT_VALID", "intent_hash": intent_hash}
        found = self._relay.settlement.status(intent_hash)
        answer: dict[str, object] = {"status": found.status, "intent_hash": intent_hash}
        if found.tx_hash is not None:
            answer["data"] = {"hash": found.tx_hash}
        if found.reason:
            answer["status_details"] = "FAILED"
        return answer


def _hashes(signed: tuple[dict[str, object], ...]) -> list[str]:
    # A payload with a bad signature has no hash.
    hashes = []
    for item in signed:
        try:
            hashes.append(open_payload(item).intent_hash)
        except ContractPanicError:
            hashes.append("")
    return hashes


def _answer(call_id: int | str | None, **outcome: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": call_id, **outcome}
