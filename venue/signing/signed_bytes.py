"""Signed bytes as history keeps them: base64 of a transaction, or an intent's JSON as it stands."""

import base64
import re

from cockpit.model.events import WithdrawalPrepared

_WINDOW = 24
_LONG = re.compile(rf"[A-Za-z0-9+/=]{{{_WINDOW},}}")


def encode_signed(route: str, sent: bytes) -> str:
    """The text to keep."""
    return base64.b64encode(sent).decode("ascii") if route == "transaction" else sent.decode()


def decode_signed(prepared: WithdrawalPrepared) -> bytes:
    """The very bytes that were signed, to be sent again."""
    if prepared.route == "transaction":
        return base64.b64decode(prepared.signed, validate=True)
    return prepared.signed.encode()


def without_signed(text: str, prepared: WithdrawalPrepared) -> str:
    """The text without any part of the signed bytes: a service may repeat in its answer what it was sent."""
    signed = prepared.signed

    def hidden(found: re.Match[str]) -> str:
        word = found[0]
        windows = (word[start : start + _WINDOW] for start in range(len(word) - _WINDOW + 1))
        return "…" if any(window in signed for window in windows) else word

    return _LONG.sub(hidden, text)
