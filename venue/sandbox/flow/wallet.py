"""A key pair of one of the sandbox's own accounts, and its signatures."""

import base64
from collections.abc import Mapping, Sequence

import base58
import msgspec
from nacl.signing import SigningKey

from venue.protocol.assets import INTENTS_CONTRACT
from venue.protocol.nep413 import nep413_hash
from venue.protocol.nonce import pack_nonce
from venue.sandbox.wire.timestamps import format_timestamp


class SignedIntent(msgspec.Struct, frozen=True):
    """A signed payload and its hash (base58 of the 32 bytes that were signed)."""

    hash: str
    data: dict[str, object]


class Wallet:
    """An account with one ed25519 key, made from a 32-byte seed; it signs for the Verifier ``contract``."""

    def __init__(self, account: str, seed: bytes, contract: str = INTENTS_CONTRACT) -> None:
        self.account = account
        self._contract = contract
        self._key = SigningKey(seed)
        self.public_key = "ed25519:" + base58.b58encode(bytes(self._key.verify_key)).decode()

    def secret_key(self) -> str:
        """Return ``ed25519:`` and base58 of seed and public key, as NEAR writes it. A sandbox secret only."""
        return "ed25519:" + base58.b58encode(bytes(self._key) + bytes(self._key.verify_key)).decode()

    def sign(
        self, intents: Sequence[Mapping[str, object]], *, deadline_ns: int, salt: bytes, random: bytes
    ) -> SignedIntent:
        """Sign the intents as NEP-413 with a versioned nonce; ``random`` is 15 bytes."""
        message = msgspec.json.encode(
            {"signer_id": self.account, "deadline": format_timestamp(deadline_ns), "intents": intents}
        ).decode()
        nonce = pack_nonce(salt, deadline_ns, random)
        digest = nep413_hash(message.encode(), nonce, self._contract.encode())
        signature = self._key.sign(digest).signature
        payload = {"message": message, "nonce": base64.b64encode(nonce).decode(), "recipient": self._contract}
        return SignedIntent(
            base58.b58encode(digest).decode(),
            {
                "standard": "nep413",
                "payload": payload,
                "signature": "ed25519:" + base58.b58encode(signature).decode(),
                "public_key": self.public_key,
            },
        )

    def sign_diff(
        self, gives: tuple[str, int], takes: tuple[str, int], *, deadline_ns: int, salt: bytes, random: bytes
    ) -> SignedIntent:
        """Sign a ``token_diff`` that gives one token (id, base units) for another."""
        diff = {takes[0]: str(takes[1]), gives[0]: str(-gives[1])}
        return self.sign([{"intent": "token_diff", "diff": diff}], deadline_ns=deadline_ns, salt=salt, random=random)
