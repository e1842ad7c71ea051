"""The signer: the only file that uses the private key.

It signs four things: a ``token_diff`` of a market, one side received and the other given, within its ceilings;
a withdrawal of the table's tokens to a checked address on their own chain, by the bridge of the token and no other; an
empty intent that burns a nonce; and the registration of its own key. The venue lets any registered key sign any intent
(near/intents), so the use of this key is limited here.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

import base58
import msgspec
from nacl.bindings import crypto_sign, crypto_sign_BYTES, crypto_sign_seed_keypair

from venue.bridges.omni.message import OmniTerms
from venue.near.transactions import (
    DEPOSIT,
    GAS,
    UnsignedTransaction,
    add_public_key_transaction,
    ft_withdraw_transaction,
)
from venue.protocol.assets import INTENTS_CONTRACT, MAX_AMOUNT, Token
from venue.protocol.nep413 import nep413_hash
from venue.protocol.nonce import RANDOM_LEN, decode_nonce, encode_nonce, pack_nonce, unpack_nonce
from venue.protocol.tokens import OMNI_BRIDGE, TokenTable
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.relay.frames import SignedData, SignedPayload
from venue.signing.errors import RefusedToSignError
from venue.signing.read_back import OrderedCall, checked_digest
from venue.signing.withdrawals import WayOut, way_out
from venue.transport.base58 import b58encode

LONGEST_INTENT_NS = 600 * NS_PER_S
"""How long the intent of a withdrawal may be executed: a relay that keeps it can use it no longer."""
LIFE_SLACK_NS = NS_PER_S
"""How far this machine's clock may be set back between a decision and its signature."""


class SignedQuote(msgspec.Struct, frozen=True):
    """``quote_hash`` is base58, ``nonce`` base64, ``deadline_ns`` UTC nanoseconds in whole milliseconds."""

    quote_hash: str
    nonce: str
    deadline_ns: int
    data: SignedData


class SignedBytes(msgspec.Struct, frozen=True):
    """A signed message that moves money at most once.

    ``sent`` is the signed transaction's borsh, or the signed intent's JSON. ``hash`` is base58, known before sending;
    ``nonce`` makes the message unique.
    """

    hash: str
    nonce: str
    sent: bytes


def iso_deadline(deadline_ns: int) -> str:
    """Return ISO 8601 UTC to the millisecond, rounded down."""
    seconds, rest = divmod(deadline_ns, 10**9)
    return f"{_iso_second(seconds)}.{rest // NS_PER_MS:03d}Z"


@lru_cache(maxsize=256)
def _iso_second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def read_secret_key(text: str) -> bytes:
    """Return the 64 bytes (seed and public key) of ``ed25519:<base58>`` of 64 or 32 bytes.

    Raises ValueError, without the text, when it is not such a key or its two halves do not match.
    """
    prefix, _, body = text.partition(":")
    try:
        raw = base58.b58decode(body) if prefix == "ed25519" else b""
    except ValueError:
        raw = b""
    if len(raw) not in (32, 64):
        raise ValueError("the signing key must be ed25519:<base58 of 64 or 32 bytes>")
    public, secret = crypto_sign_seed_keypair(raw[:32])
    if len(raw) == 64 and raw[32:] != public:
        raise ValueError("the signing key's public half does not match its secret half")
    return secret


class Signer:
    """Signs for one account, and for the tokens and markets of one table.

    ``ceiling``: the largest amount of a quote token that a quote may give or ask, in base units of its underlying.
    ``base_ceiling``: the same of a base token that a quote may give; 0 until the mid is known. It prevents a wrong
    price from giving the whole balance for a small notional. ``contract``: the Verifier for which every signature is
    made. ``omni_bridge``: the contract that takes tokens of the Omni bridge. ``blocked`` says why no quote may be
    signed now; empty when one may. ``now_ns``: this machine's clock, UTC; ``longest_ns``: the longest life of a quote.
    """

    __slots__ = (
        "__secret",
        "_account_id",
        "_blocked",
        "_now_ns",
        "_omni_bridge",
        "_random",
        "_recipient",
        "_tokens",
        "base_ceiling",
        "ceiling",
        "contract",
        "longest_ns",
        "public_key",
    )

    def __init__(
        self,
        secret_key: str,
        account_id: str,
        tokens: TokenTable,
        *,
        ceiling: int,
        longest_ns: int,
        now_ns: Callable[[], int],
        random: Callable[[int], bytes],
        contract: str = INTENTS_CONTRACT,
        omni_bridge: str = OMNI_BRIDGE,
        blocked: Callable[[], str] = lambda: "",
    ) -> None:
        self._blocked = blocked
        self._now_ns = now_ns
        self.longest_ns = longest_ns
        secret = read_secret_key(secret_key)
        self.__secret = secret
        self.public_key = "ed25519:" + base58.b58encode(secret[32:]).decode("ascii")
        self._account_id = account_id
        self.contract = contract
        self._omni_bridge = omni_bridge
        self._recipient = contract.encode()
        self._tokens = tokens
        self._random = random
        self.ceiling = ceiling
        self.base_ceiling = 0

    def __repr__(self) -> str:
        return f"Signer({self.public_key})"

    def __reduce__(self) -> str:
        raise TypeError("a signer cannot be pickled")

    def sign_quote(
        self, *, asset_in: str, amount_in: int, asset_out: str, amount_out: int, deadline_ns: int, salt: bytes
    ) -> SignedQuote:
        """Sign a quote that gives ``amount_out`` for ``amount_in`` until ``deadline_ns`` (UTC; cut to milliseconds).

        Raises RefusedToSignError for no market of the table, an amount outside 1 to 2^128 - 1, one over its ceiling, a
        deadline later than the longest life, and while quotes are blocked.
        """
        if blocked := self._blocked():
            raise RefusedToSignError(blocked)
        market = self._tokens.market(asset_in, asset_out)
        if market is None:
            raise RefusedToSignError("the assets are no market of this desk")
        if not (0 < amount_in <= MAX_AMOUNT and 0 < amount_out <= MAX_AMOUNT):
            raise RefusedToSignError("an amount is outside 1 to 2^128 - 1")
        base, quote = market.base, market.quote
        if (amount_out if asset_out == quote.token_id else amount_in) * quote.scale > self.ceiling:
            most = f"{quote.underlying.shown(self.ceiling, 2)} {quote.underlying.symbol}"
            raise RefusedToSignError(f"the notional exceeds the signer's ceiling of {most}")
        if asset_out == base.token_id and amount_out * base.scale > self.base_ceiling:
            most = f"{base.underlying.shown(self.base_ceiling, base.underlying.decimals)} {base.underlying.symbol}"
            raise RefusedToSignError(f"the base amount exceeds the signer's ceiling of {most}")
        self._check_life(deadline_ns, self.longest_ns + LIFE_SLACK_NS)
        deadline_ns -= deadline_ns % NS_PER_MS
        intent = f'{{"intent":"token_diff","diff":{{"{asset_in}":"{amount_in}","{asset_out}":"-{amount_out}"}}}}'
        return self._sign_intent(intent, deadline_ns, salt)

    def sign_withdrawal_transaction(
        self, asset: Token, amount: int, destination: str, *, access_nonce: int, block_hash: str
    ) -> SignedBytes:
        """Sign the withdrawal of ``amount`` base units, which the bridge pays out to ``destination``, as a transaction.

        ``access_nonce`` is the access key's last, ``block_hash`` a recent block's. Raises RefusedToSignError for a
        token outside the table or of the Omni bridge, an amount outside 1 to 2^128 - 1, or a wrong address.
        """
        found = self._way_out(asset, amount, destination, None)
        if found.memo is None or found.receiver_id != found.token:
            raise RefusedToSignError(f"{asset.symbol} does not leave by a transaction")
        public = self.__secret[32:]
        unsigned = ft_withdraw_transaction(
            self._account_id,
            public,
            access_nonce,
            block_hash,
            token=found.token,
            amount=found.amount,
            memo=found.memo,
            contract=self.contract,
        )
        # From the order itself, not from what was made of it.
        args = {
            "token": asset.near_token,
            "receiver_id": asset.near_token,
            "amount": str(amount),
            "memo": f"WITHDRAW_TO:{destination}",
        }
        return self._sign_transaction(unsigned, "ft_withdraw", args, access_nonce, block_hash)

    def sign_withdrawal_intent(
        self,
        asset: Token,
        amount: int,
        destination: str,
        *,
        deadline_ns: int,
        salt: bytes,
        terms: OmniTerms | None = None,
    ) -> SignedBytes:
        """Sign the same withdrawal as an intent that can be executed once, until ``deadline_ns`` (UTC; cut to
        milliseconds). ``terms``: the Omni bridge's, for a token of that bridge and no other.

        Raises RefusedToSignError as for the transaction, for terms that do not belong to the token, and for a deadline
        later than ``LONGEST_INTENT_NS`` from now.
        """
        self._check_life(deadline_ns, LONGEST_INTENT_NS)
        found = self._way_out(asset, amount, destination, terms)
        signed = self._sign_intent(found.intents(), deadline_ns - deadline_ns % NS_PER_MS, salt)
        return SignedBytes(signed.quote_hash, signed.nonce, msgspec.json.encode(signed.data))

    def sign_burning(self, nonce_b64: str) -> SignedBytes:
        """Sign an intent that only burns the nonce, valid until the nonce's own deadline.

        Anything else signed with the nonce can then no longer be executed. Raises RefusedToSignError for a nonce that
        is not versioned: this signer makes no other.
        """
        try:
            raw = decode_nonce(nonce_b64)
            nonce = unpack_nonce(raw)
        except ValueError as error:
            raise RefusedToSignError(str(error)) from None
        if nonce is None:
            raise RefusedToSignError("the nonce carries no deadline, so this signer did not make it")
        signed = self._sign_message("", nonce.deadline_ns - nonce.deadline_ns % NS_PER_MS, raw)
        return SignedBytes(signed.quote_hash, signed.nonce, msgspec.json.encode(signed.data))

    def sign_key_registration(self, access_nonce: int, block_hash: str) -> SignedBytes:
        """Sign a transaction that registers this signer's own key with the Verifier."""
        unsigned = add_public_key_transaction(
            self._account_id, self.__secret[32:], access_nonce, block_hash, contract=self.contract
        )
        args = {"public_key": self.public_key}
        return self._sign_transaction(unsigned, "add_public_key", args, access_nonce, block_hash)

    def _way_out(self, asset: Token, amount: int, destination: str, terms: OmniTerms | None) -> WayOut:
        return way_out(
            self._tokens,
            asset,
            amount,
            destination,
            terms,
            contract=self.contract,
            omni_bridge=self._omni_bridge,
        )

    def _check_life(self, deadline_ns: int, longest_ns: int) -> None:
        beyond_ns = deadline_ns - self._now_ns() - longest_ns
        if beyond_ns > 0:
            raise RefusedToSignError(
                f"the deadline is {beyond_ns / NS_PER_S:,.3f} s beyond the longest allowed, {longest_ns // NS_PER_S} s "
                "from now"
            )

    def _sign_transaction(
        self, unsigned: UnsignedTransaction, method: str, args: dict[str, str], access_nonce: int, block_hash: str
    ) -> SignedBytes:
        ordered = OrderedCall(
            signer_id=self._account_id,
            public_key=self.__secret[32:],
            nonce=access_nonce + 1,
            receiver_id=self.contract,
            block_hash=block_hash,
            method=method,
            args=args,
            gas=GAS,
            deposit=DEPOSIT,
        )
        digest = checked_digest(unsigned.raw, ordered)
        signature = crypto_sign(digest, self.__secret)[:crypto_sign_BYTES]
        return SignedBytes(b58encode(digest), str(ordered.nonce), unsigned.signed(signature))

    def _sign_intent(self, intent: str, deadline_ns: int, salt: bytes) -> SignedQuote:
        return self._sign_message(intent, deadline_ns, pack_nonce(salt, deadline_ns, self._random(RANDOM_LEN)))

    def _sign_message(self, intent: str, deadline_ns: int, nonce: bytes) -> SignedQuote:
        message = f'{{"signer_id":"{self._account_id}","deadline":"{iso_deadline(deadline_ns)}","intents":[{intent}]}}'
        digest = nep413_hash(message.encode(), nonce, self._recipient)
        signature = crypto_sign(digest, self.__secret)[:crypto_sign_BYTES]
        encoded_nonce = encode_nonce(nonce)
        data = SignedData(
            payload=SignedPayload(message, encoded_nonce, self.contract),
            signature="ed25519:" + b58encode(signature),
            public_key=self.public_key,
        )
        return SignedQuote(b58encode(digest), encoded_nonce, deadline_ns, data)
