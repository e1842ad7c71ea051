"""What a withdrawal by the Omni bridge carries: its message, and the account that its native fee is paid to.

Sources: the official SDK's ``omni-bridge-utils.ts`` and near-one/omni-bridge, ``omni-types`` (``InitTransferMsg`` and
``TransferMessageStorageAccount``).
"""

import hashlib
import re

import msgspec

from venue.protocol import borsh
from venue.protocol.assets import INTENTS_CONTRACT, MAX_AMOUNT, Token

BITCOIN_CHAIN = "btc:mainnet"
_NEAR, _BTC = 1, 6
"""Positions of the chains in the bridge's borsh enum of addresses."""
_EXTERNAL_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


class OmniTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The bridge's part of one withdrawal, base units: see ``OmniFees``. ``external_id``: a UUID of this withdrawal."""

    gas_fee: int
    protocol_fee: int
    native_fee: int
    external_id: str

    @property
    def fee(self) -> int:
        """Base units of the token that do not arrive."""
        return self.gas_fee + self.protocol_fee


def near_address(account: str) -> str:
    return f"near:{account}"


def btc_recipient(token: Token, address: str) -> str:
    """Return the bridge's form of an address on the token's chain; ValueError for a chain that is not Bitcoin."""
    if token.chain != BITCOIN_CHAIN:
        raise ValueError(f"the Omni bridge pays {token.symbol} out on Bitcoin only, not on {token.chain}")
    return f"btc:{address}"


def withdrawal_message(token: Token, address: str, terms: OmniTerms) -> str:
    """Return the JSON text that goes with the burned amount; ValueError for terms that cannot be meant."""
    _check(terms)
    return msgspec.json.encode(
        {
            "recipient": btc_recipient(token, address),
            "fee": "0",
            "native_token_fee": str(terms.native_fee),
            "external_id": terms.external_id,
            "msg": _gas_message(terms),
        }
    ).decode()


def storage_account(
    token: Token, amount: int, address: str, terms: OmniTerms, *, contract: str = INTENTS_CONTRACT
) -> str:
    """Return the account whose storage deposit pays the native fee of this transfer of ``amount`` base units.

    The bridge derives it in the same way: the sha256 of the transfer in borsh, with the bytes of ``external_id`` behind
    it since the message has one.
    """
    _check(terms)
    recipient = btc_recipient(token, address).removeprefix("btc:")
    raw = b"".join(
        (
            _address(_NEAR, token.near_token),
            borsh.u128(amount),
            _address(_BTC, recipient),
            borsh.u128(0),
            borsh.u128(terms.native_fee),
            _address(_NEAR, contract),
            borsh.text(_gas_message(terms)),
            terms.external_id.encode(),
        )
    )
    return hashlib.sha256(raw).hexdigest()


def _gas_message(terms: OmniTerms) -> str:
    return msgspec.json.encode({"MaxGasFee": str(terms.gas_fee)}).decode()


def _check(terms: OmniTerms) -> None:
    if not (0 < terms.gas_fee <= MAX_AMOUNT and 0 <= terms.protocol_fee <= MAX_AMOUNT):
        raise ValueError("a fee of the bridge is outside 1 to 2^128 - 1")
    if not 0 <= terms.native_fee <= MAX_AMOUNT:
        raise ValueError("the bridge's native fee is outside 0 to 2^128 - 1")
    if not _EXTERNAL_ID.match(terms.external_id):
        raise ValueError("the external id is not a UUID")


def _address(kind: int, text: str) -> bytes:
    return borsh.u8(kind) + borsh.text(text)
