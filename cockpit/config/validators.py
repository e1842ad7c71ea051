"""Checks of single settings: each takes a text and returns the value, or raises InvalidSettingError."""

import os
import re
from pathlib import Path

from base58 import b58decode
from nacl.signing import SigningKey

from cockpit.config.errors import InvalidSettingError
from cockpit.config.secret import Secret
from cockpit.config.urls import url_problem
from storage.postgres.address import parse_address

_ACCOUNT = re.compile(r"(?:(?:[a-z0-9]+[-_])*[a-z0-9]+\.)*(?:[a-z0-9]+[-_])*[a-z0-9]+")
_STATE_DIR_MAX = 90
"""Bytes. A Unix socket's path may have 107 on Linux and 103 elsewhere; the socket's name needs some of them."""


def bearer_token(secret: Secret) -> Secret:
    """Accept a token that fits into an HTTP header."""
    if not re.fullmatch(r"[!-~]+", secret.reveal()):
        raise InvalidSettingError("expected the bearer token as one word of printable ASCII")
    return secret


def private_key(secret: Secret) -> Secret:
    """Accept an ed25519 key as NEAR tools write it: the seed, with or without its public key."""
    kind, _, body = secret.reveal().partition(":")
    try:
        raw = b58decode(body) if kind == "ed25519" and len(body) <= 100 else b""
    except ValueError:
        raw = b""
    if len(raw) not in (32, 64):
        raise InvalidSettingError(
            "expected ed25519: followed by base58 of 64 bytes (seed and public key) or of the 32-byte seed"
        )
    if len(raw) == 64 and bytes(SigningKey(raw[:32]).verify_key) != raw[32:]:
        raise InvalidSettingError("its two halves do not match: expected a seed and its public key")
    return secret


def account_id(text: str) -> str:
    """Accept a NEAR account id (nomicon.io, account ids)."""
    if not 2 <= len(text) <= 64 or not _ACCOUNT.fullmatch(text):
        raise InvalidSettingError("expected a NEAR account id: 2 to 64 of a-z, 0-9 and single . - _ between them")
    return text


def postgres_url(value: Secret | str) -> Secret:
    """Accept the URL of one PostgreSQL database, with a user; secret, since it may hold a password."""
    secret = value if isinstance(value, Secret) else Secret(value)
    try:
        parse_address(secret.reveal())
    except ValueError as error:
        raise InvalidSettingError(str(error)) from None
    return secret


def address(text: str) -> str:
    """Accept an address of any chain, loosely: withdrawals check it against the bridge."""
    if not re.fullmatch(r"[0-9A-Za-z:]{1,128}", text):
        raise InvalidSettingError("expected an address: letters and digits only")
    return text


def websocket_url(text: str) -> str:
    return _url(text, ("wss", "ws"))


def rpc_url(text: str) -> str:
    return _url(text, ("https", "http"))


def rpc_url_or_none(text: str) -> str | None:
    """Accept a URL, or ``none`` for a service that is not asked."""
    return None if text.lower() == "none" else _url(text, ("https", "http"))


def rpc_urls(text: str) -> tuple[str, ...]:
    """Accept HTTP URLs separated by commas; drops duplicates."""
    urls = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not urls:
        raise InvalidSettingError("expected one or more URLs, separated by commas")
    return tuple(rpc_url(url) for url in urls)


INSTANCE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def instance_id(text: str) -> str:
    """Accept a name for this deployment that fits into a URL and into the name of a queue."""
    if not INSTANCE_ID.fullmatch(text):
        raise InvalidSettingError("expected 1 to 64 letters, digits, - and _")
    return text


def words(text: object) -> object:
    """Split words separated by commas; drops duplicates; ``none`` is the empty tuple."""
    if not isinstance(text, str):
        return text
    found = tuple(dict.fromkeys(word.strip().lower() for word in text.split(",") if word.strip()))
    return () if found == ("none",) else found


def directory(text: str) -> Path:
    """Accept an absolute path short enough for a Unix socket in it."""
    path = Path(text)
    if not path.is_absolute() or "\0" in text:
        raise InvalidSettingError("expected an absolute path of a directory (~ is the home directory)")
    if len(os.fsencode(path)) > _STATE_DIR_MAX:
        raise InvalidSettingError(f"expected a path short enough for a socket in it: at most {_STATE_DIR_MAX} bytes")
    return path


def file(text: str) -> Path:
    """Accept an absolute path of a file, existing or not."""
    path = Path(text)
    if not path.is_absolute() or "\0" in text:
        raise InvalidSettingError("expected an absolute path of a file (~ is the home directory)")
    return path


def file_or_none(text: str) -> Path | None:
    """Accept an absolute path of a file, existing or not, or ``none``."""
    return None if text == "none" else file(text)


def secret_url(value: Secret | str) -> Secret:
    """Accept an HTTP URL that nobody may see: whoever has it can speak for this desk."""
    secret = value if isinstance(value, Secret) else Secret(value)
    problem = url_problem(secret.reveal(), ("https", "http"))
    if problem:
        raise InvalidSettingError(problem)
    return secret


def _url(text: str, schemes: tuple[str, str]) -> str:
    problem = url_problem(text, schemes)
    if problem:
        raise InvalidSettingError(problem)
    return text
