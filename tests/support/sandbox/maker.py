"""A maker independent of the program: its own signing, its own JSON-RPC over a websocket."""

import asyncio
import base64
import hashlib
import json
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import base58
from nacl.signing import SigningKey
from websockets.asyncio.client import ClientConnection, connect

BTC = "nep141:btc.omft.near"
EURE = "nep141:gnosis-0x420ca0f9b9b604ce0fd9c18ef134c705e5fa3430.omft.near"
RANDOM = b"fifteen letters"


def borsh(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + text


class Signer:
    """Signs token diffs with the secret key that the venue issues."""

    def __init__(self, account: str, secret: str) -> None:
        raw = base58.b58decode(secret.removeprefix("ed25519:"))
        self.account = account
        self.key = SigningKey(raw[:32])
        assert bytes(self.key.verify_key) == raw[32:]
        self._count = 0

    def sign(self, intents: list[dict[str, object]], salt: bytes, deadline_ms: int) -> tuple[str, dict[str, object]]:
        """Return (hash, signed_data); every call uses a new nonce."""
        self._count += 1
        nonce = bytes.fromhex("5628f6c600") + salt + struct.pack("<Q", deadline_ms * 1_000_000)
        nonce += struct.pack("<I", self._count) + RANDOM[:11]
        deadline = datetime.fromtimestamp(deadline_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        message = json.dumps(
            {"signer_id": self.account, "deadline": f"{deadline}.{deadline_ms % 1000:03d}Z", "intents": intents}
        )
        tagged = struct.pack("<I", 2**31 + 413) + borsh(message.encode()) + nonce + borsh(b"intents.near") + b"\0"
        digest = hashlib.sha256(tagged).digest()
        return base58.b58encode(digest).decode(), {
            "standard": "nep413",
            "payload": {"message": message, "nonce": base64.b64encode(nonce).decode(), "recipient": "intents.near"},
            "signature": "ed25519:" + base58.b58encode(self.key.sign(digest).signature).decode(),
            "public_key": "ed25519:" + base58.b58encode(bytes(self.key.verify_key)).decode(),
        }

    def diff(self, diff: Mapping[str, int], salt: bytes, deadline_ms: int) -> tuple[str, dict[str, object]]:
        texts = {token: str(amount) for token, amount in diff.items()}
        return self.sign([{"intent": "token_diff", "diff": texts}], salt, deadline_ms)


class Maker:
    """A connection to the relay that records every message in order."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = 0
        self.seen: list[dict[str, Any]] = []

    async def call(self, method: str, params: list[object]) -> Any:
        """Return the whole reply to a call: ``{"id":…,"result":…}`` or with ``error``."""
        return await self.reply(await self.send(method, params))

    async def send(self, method: str, params: list[object]) -> int:
        self._ids += 1
        await self._socket.send(json.dumps({"jsonrpc": "2.0", "id": self._ids, "method": method, "params": params}))
        return self._ids

    async def reply(self, call_id: int) -> Any:
        return await self.wait(lambda message: message.get("id") == call_id)

    async def wait(self, fits: Callable[[dict[str, Any]], bool], timeout_s: float = 5.0) -> dict[str, Any]:
        """Return the first message, old or new, that fits."""
        async with asyncio.timeout(timeout_s):
            for message in self.seen:
                if fits(message):
                    return message
            while True:
                came: dict[str, Any] = json.loads(await self._socket.recv())
                self.seen.append(came)
                if fits(came):
                    return came

    async def status_of(self, quote_hash: str) -> dict[str, Any]:
        """Return the settlement status of one quote."""

        def fits(message: dict[str, Any]) -> bool:
            data: dict[str, Any] = message.get("params", {}).get("data", {})
            return data.get("quote_hash") == quote_hash

        return await self.wait(fits)

    async def events(self, count: int, method: str = "event") -> list[dict[str, Any]]:
        """Return the first ``count`` broadcasts."""

        def enough(_: dict[str, Any]) -> bool:
            return sum(1 for message in self.seen if message.get("method") == method) >= count

        await self.wait(enough, 10)
        return [message for message in self.seen if message.get("method") == method][:count]


def relay(env: Mapping[str, str]) -> connect:
    """Connect to the relay with the venue's token."""
    headers = {"Authorization": f"Bearer {env['NEAR_INTENTS_API_KEY']}"}
    return connect(env["NEAR_INTENTS_RELAY_WS_URL"], additional_headers=headers, compression=None)
