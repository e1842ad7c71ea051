"""The Verifier contract ``intents.near``, read through NEAR RPC. Source: github.com/near/intents, contract 0.4.1."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, TypeVar

import msgspec

from cockpit.model.formatting import counted
from venue.near.agreement import ENOUGH, answers
from venue.near.rpc import Finality, NearRpc
from venue.protocol.assets import INTENTS_CONTRACT
from venue.protocol.nonce import SALT_LEN
from venue.protocol.units import PIPS
from venue.transport.amounts import amount_of
from venue.transport.errors import RefusedError
from venue.transport.jsonrpc import decode, plain

T = TypeVar("T")
R = TypeVar("R")

NONCES_AT_ONCE = 8

PAUSED = "Pausable: Method is paused"
"""What the contract says for a method that its administrators paused (near-plugins)."""
INTENTS_FEATURE = "intents"
"""The contract's name of what settles and simulates signed intents."""
ALL_FEATURES = "ALL"
"""The name under which everything is paused."""
NO_METHOD = "MethodNotFound"
"""In a node's error for a view that the contract does not have (nearcore)."""

_TEXTS = msgspec.json.Decoder(list[str])
_TEXT = msgspec.json.Decoder(str)
_BOOL = msgspec.json.Decoder(bool)
_INT = msgspec.json.Decoder(int)
_FEATURES = msgspec.json.Decoder(list[Annotated[str, msgspec.Meta(max_length=64)]] | None)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_SALT = re.compile(rf"[0-9a-fA-F]{{{2 * SALT_LEN}}}\Z")


MAX_FEATURES = 100
"""More paused features than the contract has methods are not read."""


def is_paused(text: str) -> bool:
    """Return whether an error's text is or wraps the contract's word for a paused method."""
    return PAUSED in text


class Balances(msgspec.Struct, frozen=True):
    """Base units of each requested token, in that order, as of a block.

    After a failover the block may be older than one seen before: compare heights before using a change.
    """

    amounts: tuple[int, ...]
    block_height: int


class NonceState(msgspec.Struct, frozen=True):
    """Whether a nonce was marked as used, as of a block."""

    used: bool
    block_height: int


class Verifier:
    """Typed views of the contract. Every method raises RefusedError with the panic's text, or UnreachableError when
    there is no answer or one of the wrong shape; a missing answer never becomes a zero or a False."""

    def __init__(self, rpc: NearRpc, contract: str = INTENTS_CONTRACT) -> None:
        self._rpc = rpc
        self._contract = contract

    async def balances(self, account: str, token_ids: Sequence[str], *, finality: Finality = "optimistic") -> Balances:
        args = {"account_id": account, "token_ids": list(token_ids)}

        def amounts(texts: list[str]) -> tuple[int, ...]:
            if len(texts) != len(token_ids):
                raise ValueError(f"{counted(len(texts), 'balance')} for {counted(len(token_ids), 'token')}")
            return tuple(amount_of(text) for text in texts)

        found, height = await self._view("mt_batch_balance_of", args, _TEXTS, finality, amounts)
        return Balances(found, height)

    async def has_public_key(self, account: str, public_key: str, *, finality: Finality = "optimistic") -> bool:
        """Return whether the key (``ed25519:<base58>``) may sign for the account."""
        args = {"account_id": account, "public_key": public_key}
        return (await self._view("has_public_key", args, _BOOL, finality, _as_it_is))[0]

    async def is_nonce_used(self, account: str, nonce_b64: str, *, finality: Finality = "optimistic") -> bool:
        """Return whether the nonce is marked as used. False proves nothing after its deadline: the contract clears
        expired nonces."""
        return (await self.nonce(account, nonce_b64, finality=finality)).used

    async def nonce(self, account: str, nonce_b64: str, *, finality: Finality = "optimistic") -> NonceState:
        """``is_nonce_used`` with the block it holds for."""
        args = {"account_id": account, "nonce": nonce_b64}
        used, height = await self._view("is_nonce_used", args, _BOOL, finality, _as_it_is)
        return NonceState(used, height)

    async def used_nonces(self, account: str, nonces: Sequence[str]) -> dict[str, int]:
        """Return the nonces that are marked as used, each with the height of the block it holds for.

        Raises VenueError when one of them could not be read.
        """
        states = await self.nonces(account, nonces)
        return {nonce: state.block_height for nonce, state in states.items() if state.used}

    async def nonces(self, account: str, nonces: Sequence[str]) -> dict[str, NonceState]:
        """Return the state of each nonce, some asked for at once: the contract has no view of several.

        Raises VenueError when one of them could not be read.
        """
        states: dict[str, NonceState] = {}
        for start in range(0, len(nonces), NONCES_AT_ONCE):
            some = nonces[start : start + NONCES_AT_ONCE]
            answers = await asyncio.gather(*(self.nonce(account, nonce) for nonce in some))
            states.update(zip(some, answers, strict=True))
        return states

    @property
    def witnesses(self) -> "tuple[Verifier, ...]":
        """The same contract by each endpoint alone."""
        return tuple(Verifier(one, self._contract) for one in self._rpc.witnesses)

    async def confirmed_nonces(self, account: str, nonces: Sequence[str]) -> dict[str, int]:
        """Return the nonces that two endpoints show used, or the only one, each with the highest of their blocks.

        An endpoint that does not answer shows none.
        """
        witnesses, heights = self.witnesses, dict[str, list[int]]()
        for used in await answers(one.used_nonces(account, nonces) for one in witnesses):
            for nonce, height in used.items():
                heights.setdefault(nonce, []).append(height)
        needed = min(ENOUGH, len(witnesses))
        return {nonce: max(found) for nonce, found in heights.items() if len(found) >= needed}

    async def is_invalid_salt(self, salt: bytes) -> bool:
        """Return whether two endpoints, or the only one, say that the salt is not valid, and none that it is."""
        witnesses = self.witnesses
        valid = await answers(one.is_valid_salt(salt) for one in witnesses)
        return not any(valid) and len(valid) >= min(ENOUGH, len(witnesses))

    async def current_salt(self, *, finality: Finality = "optimistic") -> bytes:
        """Return the 4 bytes that a fresh versioned nonce must carry."""
        return (await self._view("current_salt", {}, _TEXT, finality, _salt))[0]

    async def is_valid_salt(self, salt: bytes, *, finality: Finality = "optimistic") -> bool:
        """Return whether nonces with this salt (4 bytes) can be used; once invalidated, a salt stays so."""
        return (await self._view("is_valid_salt", {"salt": salt.hex()}, _BOOL, finality, _as_it_is))[0]

    async def fee_pips(self, *, finality: Finality = "optimistic") -> int:
        """Return the protocol fee, 0 to 1000000 pips (1 pip = 0.0001 %), charged on a token_diff's negative side."""
        return (await self._view("fee", {}, _INT, finality, _pips))[0]

    async def is_account_locked(self, account: str, *, finality: Finality = "optimistic") -> bool | None:
        """Return whether the account can do nothing; None when the contract has no such view."""
        return await self._optional("is_account_locked", {"account_id": account}, _BOOL, finality)

    async def is_predecessor_enabled(self, account: str, *, finality: Finality = "optimistic") -> bool | None:
        """Return whether the account may call the contract by transactions; None when the contract has no such view."""
        return await self._optional("is_auth_by_predecessor_id_enabled", {"account_id": account}, _BOOL, finality)

    async def paused_features(self, *, finality: Finality = "optimistic") -> tuple[str, ...] | None:
        """Return the names of the paused features, ``ALL`` for every one; None when the contract does not list them."""
        try:
            return (await self._view("pa_all_paused", {}, _FEATURES, finality, _features))[0]
        except RefusedError as error:
            if NO_METHOD in str(error):
                return None
            raise

    async def settles_intents(self, *, finality: Finality = "optimistic") -> bool | None:
        """Return whether the contract would execute intents: it simulates none of them. None: it has no such view."""
        try:
            done = await self._optional("simulate_intents", {"signed": []}, _OBJECT, finality)
        except RefusedError as error:
            if is_paused(str(error)):
                return False
            raise
        return None if done is None else True

    async def _optional(
        self, method: str, args: Mapping[str, object], decoder: msgspec.json.Decoder[T], finality: Finality
    ) -> T | None:
        try:
            return (await self._view(method, args, decoder, finality, _as_it_is))[0]
        except RefusedError as error:
            if NO_METHOD in str(error):
                return None
            raise

    async def _view(
        self,
        method: str,
        args: Mapping[str, object],
        decoder: msgspec.json.Decoder[T],
        finality: Finality,
        made: Callable[[T], R],
    ) -> tuple[R, int]:
        """Return what ``made`` makes of the decoded value, and its block. ``made`` raises ValueError for a value that
        the contract does not return: the next endpoint is asked."""

        def read(value: bytes, who: str) -> R:
            return made(decode(decoder, value, who))

        found, view = await self._rpc.view_as(self._contract, method, args, read, finality)
        return found, view.block_height


def _as_it_is(value: T) -> T:
    return value


def _salt(text: str) -> bytes:
    if not _SALT.match(text):
        raise ValueError(f"the salt is not {SALT_LEN} bytes in hex")
    return bytes.fromhex(text)


def _pips(pips: int) -> int:
    if not 0 <= pips <= PIPS:
        raise ValueError(f"the fee is outside 0 to {PIPS} pips")
    return pips


def _features(names: list[str] | None) -> tuple[str, ...]:
    if len(names or ()) > MAX_FEATURES:
        raise ValueError(f"it lists {len(names or ())} paused features")
    return tuple(sorted(plain(name) for name in names or ()))
