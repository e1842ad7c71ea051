"""Signed bytes as history stores them: base64 of a transaction, or an intent's JSON unchanged."""

import base64
import re

from cockpit.model.events import WithdrawalPrepared

_WINDOW = 24
_LONG = re.compile(rf"[A-Za-z0-9+/=]{{{_WINDOW},}}")


def encode_signed(route: str, sent: bytes) -> str:
    return base64.b64encode(sent).decode("ascii") if route == "transaction" else sent.decode()


def decode_signed(prepared: WithdrawalPrepared) -> bytes:
    if prepared.route == "transaction":
        return base64.b64decode(prepared.signed, validate=True)
    return prepared.signed.encode()


def without_signed(text: str, prepared: WithdrawalPrepared) -> str:
    """Remove every part of the signed bytes from a text: a service may repeat in its answer what it was sent."""
    signed = prepared.signed

    def hidden(found: re.Match[str]) -> str:
        run = found[0]
        windows = (run[start : start + _WINDOW] for start in range(len(run) - _WINDOW + 1))
        return "…" if any(window in signed for window in windows) else run

    return _LONG.sub(hidden, text)
