"""Signed bytes as history keeps them: base64 of a transaction, or an intent's JSON as it stands."""

import base64

from cockpit.events import WithdrawalPrepared


def encode_signed(route: str, sent: bytes) -> str:
    """The text to keep."""
    return base64.b64encode(sent).decode("ascii") if route == "transaction" else sent.decode()


def decode_signed(prepared: WithdrawalPrepared) -> bytes:
    """The very bytes that were signed, to be sent again."""
    if prepared.route == "transaction":
        return base64.b64decode(prepared.signed, validate=True)
    return prepared.signed.encode()
