"""Which refusals of a burning call are a fault of what is in it, so that smaller calls may run.

Only a whole known text says so. For any other, a fault of the relay or of the account, the same call is made again.
"""

import re
from typing import Literal

Fault = Literal["nonce", "salt", "call", "other"]
"""What a refusal blames: a used nonce, a salt, this call's intents or its size, or anything else."""

NONCE_USED = "nonce was already used"
INVALID_SALT = "invalid salt"
_CALL = re.compile(
    r"deadline has expired|expired|deadline is greater than nonce|invalid signature|invalid intent|gas overflow"
    r"|Exceeded the (?:prepaid gas|maximum amount of gas allowed to burn per contract)\.?"
    r"|Exceeded the maximum number of log messages(?: [0-9]{1,9})?\.?"
    r"|The length of a log message [0-9]{1,9} exceeds the limit [0-9]{1,9}"
)
"""Texts of the contract (near/intents 0.4.1) and of its runtime (nearcore): an intent that cannot run, or gas and logs
beyond what one call may use."""
_PANICKED = "Smart contract panicked: "
_MAX_TEXT = 256


def blamed(reason: str) -> Fault:
    """Return what the relay's reason for refusing a call of empty intents blames."""
    text = reason.removeprefix(_PANICKED)
    if text == NONCE_USED:
        return "nonce"
    if text == INVALID_SALT:
        return "salt"
    return "call" if len(text) <= _MAX_TEXT and _CALL.fullmatch(text) else "other"
