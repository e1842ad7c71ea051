"""Real keys and payloads for the sandbox's tests."""

import base64
import json
from collections.abc import Mapping, Sequence

import base58
from nacl.signing import SigningKey

from venue.protocol.nep413 import nep413_hash
from venue.protocol.nonce import pack_nonce
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_S
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.timestamps import format_timestamp

NOW = 1_790_000_000 * NS_PER_S
BTC_ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
GNOSIS_ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
SALT = bytes.fromhex("252812b3")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now_ns: int = NOW) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        return self.now_ns


class Signer:
    """An account with a key, signing payloads as a wallet would."""

    def __init__(self, account: str | None, seed: int) -> None:
        self.key = SigningKey(seed.to_bytes(32, "big"))
        self.raw_public = bytes(self.key.verify_key)
        self.account = self.raw_public.hex() if account is None else account
        self.public_key = "ed25519:" + base58.b58encode(self.raw_public).decode()
        self._count = seed << 64

    def nonce(self, deadline_ns: int = NOW + 60 * NS_PER_S, salt: bytes = SALT) -> bytes:
        self._count += 1
        return pack_nonce(salt, deadline_ns, self._count.to_bytes(15, "big"))

    def message(self, intents: Sequence[Mapping[str, object]], deadline_ns: int = NOW + 60 * NS_PER_S) -> str:
        body = {"signer_id": self.account, "deadline": format_timestamp(deadline_ns), "intents": list(intents)}
        return json.dumps(body, separators=(",", ":"))

    def sign_text(self, message: str, nonce: bytes, recipient: str = "intents.near") -> dict[str, object]:
        """Sign a NEP-413 payload over any text."""
        digest = nep413_hash(message.encode(), nonce, recipient.encode())
        return {
            "standard": "nep413",
            "payload": {"message": message, "nonce": base64.b64encode(nonce).decode(), "recipient": recipient},
            "signature": "ed25519:" + base58.b58encode(self.key.sign(digest).signature).decode(),
            "public_key": self.public_key,
        }

    def sign(
        self,
        *intents: Mapping[str, object],
        deadline_ns: int = NOW + 60 * NS_PER_S,
        nonce: bytes | None = None,
        recipient: str = "intents.near",
    ) -> dict[str, object]:
        """Sign a NEP-413 payload of these intents, with a fresh nonce unless one is given."""
        raw = self.nonce(deadline_ns) if nonce is None else nonce
        return self.sign_text(self.message(intents, deadline_ns), raw, recipient)

    def sign_raw(self, *intents: Mapping[str, object], deadline_ns: int = NOW + 60 * NS_PER_S) -> dict[str, object]:
        """Sign a ``raw_ed25519`` payload of these intents."""
        text = json.dumps(
            {
                "signer_id": self.account,
                "verifying_contract": "intents.near",
                "deadline": format_timestamp(deadline_ns),
                "nonce": base64.b64encode(self.nonce(deadline_ns)).decode(),
                "intents": list(intents),
            }
        )
        signature = base58.b58encode(self.key.sign(text.encode()).signature).decode()
        return {
            "standard": "raw_ed25519",
            "payload": text,
            "public_key": self.public_key,
            "signature": "ed25519:" + signature,
        }


def token_diff(**deltas: int) -> dict[str, object]:
    """Build a ``token_diff`` over ``btc`` and ``eure`` in base units."""
    ids = {"btc": BTC.token_id, "eure": EURE.token_id}
    return {"intent": "token_diff", "diff": {ids[name]: str(delta) for name, delta in deltas.items()}}


def withdrawal(amount: int, **changes: object) -> dict[str, object]:
    """Build an ``ft_withdraw`` intent of BTC base units to an address."""
    fields: dict[str, object] = {"token": BTC.near_token, "receiver_id": BTC.near_token, "amount": str(amount)}
    return {"intent": "ft_withdraw", **fields, "memo": f"WITHDRAW_TO:{BTC_ADDRESS}", **changes}


def funded(clock: Clock, *signers: Signer, fee_pips: int = 1, amount: int = 10**9) -> Ledger:
    """Create a ledger on which every signer has its key and ``amount`` base units of every token."""
    ledger = Ledger(clock=clock, salt=SALT, fee_pips=fee_pips)
    for signer in signers:
        ledger.register_key(signer.account, signer.public_key)
        for token in DEFAULT_TOKENS.tokens:
            ledger.mint(signer.account, token.token_id, amount)
    return ledger
