"""The relay's RPC with a record of every call: what was published or asked about, and when."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import base58
import httpx

from tests.support.venue.http_server import Reply, Request, http_server
from venue.protocol.nep413 import nep413_hash
from venue.protocol.nonce import decode_nonce


class RpcRecorder:
    """Passes calls on to the real RPC. ``calls``: times (monotonic seconds) of the calls about a set of nonces."""

    def __init__(self, upstream: str, client: httpx.AsyncClient) -> None:
        self.url = ""
        self.calls: dict[frozenset[str], list[float]] = {}
        self.published = 0
        self.asked = 0
        self._upstream = upstream
        self._client = client
        self._by_intent: dict[str, frozenset[str]] = {}

    async def handle(self, request: Request) -> Reply:
        self._note(request)
        headers = {name: request.headers[name] for name in ("authorization", "x-api-key", "content-type")}
        answer = await self._client.post(self._upstream, content=request.body, headers=headers)
        return Reply(answer.status_code, answer.content)

    def _note(self, request: Request) -> None:
        method, params = request.json["method"], request.json["params"][0]
        if method == "get_status":
            nonces = self._by_intent.get(params["intent_hash"])
            if nonces is None:
                return
            self.asked += 1
        else:
            signed = params["signed_datas"] if method == "publish_intents" else [params["signed_data"]]
            payloads = [one["payload"] for one in signed]
            nonces = frozenset(payload["nonce"] for payload in payloads)
            for payload in payloads:
                raw = nep413_hash(payload["message"].encode(), decode_nonce(payload["nonce"]), b"intents.near")
                self._by_intent[base58.b58encode(raw).decode()] = nonces
            self.published += 1
        self.calls.setdefault(nonces, []).append(time.monotonic())

    def shortest_gap_s(self) -> float:
        """Return the shortest time between two calls about the same nonces; infinite without a second call."""
        return min((b - a for times in self.calls.values() for a, b in pairwise(times)), default=float("inf"))


@asynccontextmanager
async def recording(upstream: str) -> AsyncIterator[RpcRecorder]:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        recorder = RpcRecorder(upstream, client)
        async with http_server(recorder.handle) as server:
            recorder.url = server.url
            yield recorder
