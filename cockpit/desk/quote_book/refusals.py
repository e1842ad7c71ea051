"""Which errors of the relay mean that a quote was not taken, and which of them are a fault of the desk.

Only a known code or a whole known text decides. A text with anything before, after or in place of it is unknown: the
quote may have been taken, and stays committed.
"""

import re

GONE_CODE = -32098
GONE = "quote not found or already finished"
"""The relay's code and text for an answer after the end of its auction (docs.near-intents.org, Message Bus)."""

INVALID_SALT = "invalid salt"
MAX_TEXT = 256
"""Characters; a longer text may have been cut and is not read."""

ORDINARY = frozenset({GONE, "deadline has expired"})
"""Refusals that an auction brings with it: another solver was faster, or the time ran out."""

FAULTS = frozenset(
    {
        "Unauthorized",
        "invalid signature",
        "wrong verifying_contract",
        INVALID_SALT,
        "deadline is greater than nonce",
        "insufficient balance or overflow",
        "invalid intent",
    }
)
"""Refusals for a fault of the desk or its account: texts of the relay, and of the contract (0.4.1) through it."""

_ACCOUNT = r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?"
_KEY = r"(?:ed25519|secp256k1|p256):[1-9A-HJ-NP-Za-km-z]{32,100}"
_DELTA = r'"[!-~]{1,100}?":"-?[0-9]{1,39}"'
_FAULT_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"public key '{_KEY}' doesn't exist for account '{_ACCOUNT}'",
        rf'invariant violated: \{{"error":"unmatched_deltas","unmatched_deltas":\{{{_DELTA}(?:,{_DELTA})?\}}\}}',
    )
)
"""Texts of the contract with variable parts, each of them bounded."""

_UNDECIDED_FAULTS = (
    re.compile(rf"account '{_ACCOUNT}' is locked"),
    re.compile(r"Pausable: Method is paused"),
)
"""Faults that say nothing about the quote: the lock or the pause may end before its deadline."""

_PROTOCOL_CODES = frozenset({-32700, -32600, -32601, -32602})
"""JSON-RPC: the call could not be read. What became of the quote is not said."""


def refuses(error: str, code: int | None = None) -> bool:
    """Return whether the error means that the quote was not taken."""
    return is_ordinary(error, code) or _is_refusing_fault(error)


def is_ordinary(error: str, code: int | None = None) -> bool:
    """Return whether the error refuses the quote without a fault of the desk."""
    return code == GONE_CODE or error in ORDINARY


def is_fault(error: str, code: int | None = None) -> bool:
    """Return whether the error shows a fault of the desk or its account, such as a signature or a balance.

    Not every fault refuses: a locked account may be unlocked while the quote is live.
    """
    if is_ordinary(error, code):
        return False
    return code in _PROTOCOL_CODES or _is_refusing_fault(error) or _matches(_UNDECIDED_FAULTS, error)


def _is_refusing_fault(error: str) -> bool:
    return error in FAULTS or _matches(_FAULT_PATTERNS, error)


def _matches(patterns: tuple[re.Pattern[str], ...], error: str) -> bool:
    return len(error) <= MAX_TEXT and any(pattern.fullmatch(error) for pattern in patterns)
