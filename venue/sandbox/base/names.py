"""Names that NEAR and the Verifier accept: accounts, and the ids of tokens."""

import re

_ACCOUNT = re.compile(r"[a-z0-9]+([-_.][a-z0-9]+)*")
_STANDARDS = ("nep141", "nep171", "nep245")
ACCOUNT_RULE = "2 to 64 of a-z and 0-9, with single - _ . between them"
TOKEN_RULE = "nep141:<account>, nep171:<account>:<id> or nep245:<account>:<id>"  # noqa: S105 - the form of an id


def is_account(name: str) -> bool:
    return 2 <= len(name) <= 64 and _ACCOUNT.fullmatch(name) is not None


def token_contract(token_id: str) -> str | None:
    """Return what a token's id names as its contract, an account or not; None when the id has no known form."""
    standard, _, rest = token_id.partition(":")
    account, colon, _ = rest.partition(":")
    if standard not in _STANDARDS or (standard != "nep141" and not colon):
        return None
    return rest if standard == "nep141" else account


def check_account(name: str) -> None:
    """Raise ValueError for what cannot be an account."""
    if not is_account(name):
        raise ValueError(f"{name[:80]!r} is not an account on NEAR: {ACCOUNT_RULE}")


def check_token_id(token_id: str) -> None:
    """Raise ValueError for what cannot be the id of a token."""
    contract = token_contract(token_id)
    if contract is None or not is_account(contract):
        raise ValueError(f"{token_id[:80]!r} is not the id of a token: {TOKEN_RULE}")
