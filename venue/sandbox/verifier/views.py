"""The view methods of ``intents.near``: JSON arguments in, a JSON value out."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from venue.protocol.nonce import encode_nonce
from venue.sandbox.verifier.arguments import read_arguments, read_signed
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.restrictions import EVERYTHING
from venue.sandbox.wire.keys import public_key
from venue.sandbox.wire.scalars import account_id, amount, base64_of, parse_token_id, u32
from venue.sandbox.wire.shapes import Field, Shape, ShapeError, optional, sequence, text
from venue.sandbox.wire.strict_json import Value

_ACCOUNT = Field("account_id", account_id)
_ONE_ACCOUNT = Shape(_ACCOUNT)
_FEATURE = Shape(Field("key", text))
_BALANCE = Shape(_ACCOUNT, Field("token_id", text))
_BALANCES = Shape(_ACCOUNT, Field("token_ids", sequence(text)))
_TOKEN = Shape(Field("token_id", text))
_TOKENS = Shape(Field("token_ids", sequence(text)))
_PAGING = (Field("from_index", optional(amount), None), Field("limit", optional(u32), None))
_PAGE = Shape(*_PAGING)
_OWNERS_PAGE = Shape(_ACCOUNT, *_PAGING)
_KEY = Shape(_ACCOUNT, Field("public_key", public_key))
_NONCE = Shape(_ACCOUNT, Field("nonce", partial(base64_of, 32)))


def salt_bytes(value: Value) -> bytes:
    """Return the 4 bytes of a salt written in hexadecimal. Raises ShapeError."""
    try:
        raw = bytes.fromhex(text(value))
    except ValueError:
        raise ShapeError("invalid hex") from None
    if len(raw) != 4:
        raise ShapeError("a salt has 4 bytes")
    return raw


_SALT = Shape(Field("salt", salt_bytes))


def _account(args: bytes) -> str:
    return str(read_arguments(args, _ONE_ACCOUNT)["account_id"])


def mt_balance_of(ledger: Ledger, args: bytes) -> object:
    """Return one balance in base units, as decimal text."""
    read = read_arguments(args, _BALANCE)
    return str(ledger.balance(read["account_id"], read["token_id"]))


def mt_batch_balance_of(ledger: Ledger, args: bytes) -> object:
    """Return balances in base units in the requested order, as decimal text."""
    read = read_arguments(args, _BALANCES)
    return [str(ledger.balance(read["account_id"], token_id)) for token_id in read["token_ids"]]


def mt_supply(ledger: Ledger, args: bytes) -> object:
    """Return all base units of a token in the Verifier, as decimal text; None for what is no token's id."""
    return _supply(ledger, read_arguments(args, _TOKEN)["token_id"])


def mt_batch_supply(ledger: Ledger, args: bytes) -> object:
    return [_supply(ledger, token_id) for token_id in read_arguments(args, _TOKENS)["token_ids"]]


def _supply(ledger: Ledger, token_id: str) -> str | None:
    return str(ledger.supply(token_id)) if _is_token(token_id) else None


def mt_token(ledger: Ledger, args: bytes) -> object:
    """Return each token that the Verifier holds, None for one that it does not."""
    held = set(ledger.token_ids())
    named = read_arguments(args, _TOKENS)["token_ids"]
    return [{"token_id": token_id} if token_id in held else None for token_id in named]


def mt_tokens(ledger: Ledger, args: bytes) -> object:
    """Return a page of the tokens that the Verifier holds, in an order that may change with every withdrawal."""
    read = read_arguments(args, _PAGE)
    return [{"token_id": token_id} for token_id in _page(ledger.token_ids(), read)]


def mt_tokens_for_owner(ledger: Ledger, args: bytes) -> object:
    """Return a page of the tokens that the account holds; an NFT with its owner."""
    read = read_arguments(args, _OWNERS_PAGE)
    owner = {"owner_id": read["account_id"]}
    return [
        {"token_id": token_id} | (owner if token_id.startswith("nep171:") else {})
        for token_id in _page(tuple(ledger.balances_of(read["account_id"])), read)
    ]


def _page(token_ids: Sequence[str], read: Mapping[str, int | None]) -> Sequence[str]:
    start, limit = read["from_index"] or 0, read["limit"]
    return token_ids[start:] if limit is None else token_ids[start : start + limit]


def _is_token(token_id: str) -> bool:
    try:
        parse_token_id(token_id)
    except ShapeError:
        return False
    return True


def has_public_key(ledger: Ledger, args: bytes) -> object:
    read = read_arguments(args, _KEY)
    return ledger.has_public_key(read["account_id"], read["public_key"])


def public_keys_of(ledger: Ledger, args: bytes) -> object:
    return list(ledger.public_keys_of(_account(args)))


def is_nonce_used(ledger: Ledger, args: bytes) -> object:
    """Return whether the nonce is used and not yet cleaned up."""
    read = read_arguments(args, _NONCE)
    return ledger.is_nonce_used(read["account_id"], encode_nonce(read["nonce"]))


def current_salt(ledger: Ledger, args: bytes) -> object:
    """Return the salt for new nonces, hex of 4 bytes."""
    return ledger.current_salt().hex()


def is_valid_salt(ledger: Ledger, args: bytes) -> object:
    return ledger.is_valid_salt(read_arguments(args, _SALT)["salt"])


def fee(ledger: Ledger, args: bytes) -> object:
    """Return the protocol fee in pips."""
    return ledger.fee_pips


def fee_collector(ledger: Ledger, args: bytes) -> object:
    return ledger.fee_collector


def is_account_locked(ledger: Ledger, args: bytes) -> object:
    return _account(args) in ledger.restrictions().locked


def is_auth_by_predecessor_id_enabled(ledger: Ledger, args: bytes) -> object:
    return ledger.takes_predecessor(_account(args))


def pa_all_paused(ledger: Ledger, args: bytes) -> object:
    """Return the keys of the paused features, None without any, as near-plugins does."""
    return sorted(ledger.restrictions().paused) or None


def pa_is_paused(ledger: Ledger, args: bytes) -> object:
    paused = ledger.restrictions().paused
    return bool(paused & {read_arguments(args, _FEATURE)["key"], EVERYTHING})


def simulate_intents(ledger: Ledger, args: bytes) -> object:
    return ledger.simulate_intents(read_signed(args))


VIEWS: dict[str, Callable[[Ledger, bytes], object]] = {
    view.__name__: view
    for view in (
        mt_balance_of,
        mt_batch_balance_of,
        mt_supply,
        mt_batch_supply,
        mt_token,
        mt_tokens,
        mt_tokens_for_owner,
        has_public_key,
        public_keys_of,
        is_nonce_used,
        current_salt,
        is_valid_salt,
        fee,
        fee_collector,
        is_account_locked,
        is_auth_by_predecessor_id_enabled,
        pa_all_paused,
        pa_is_paused,
        simulate_intents,
    )
}
"""View by method name; each raises ContractPanicError when the contract would."""
