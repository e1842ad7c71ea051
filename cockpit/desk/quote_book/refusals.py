"""Which errors of the relay mean that a quote was not taken, and which of them are a fault of the desk."""

ORDINARY = ("another solver won", "gone", "not found", "expired", "too early", "too late")
"""Refusals that an auction brings with it: another solver was better or faster."""

REFUSALS = (
    *ORDINARY,
    "signature",
    "salt",
    "invalid params",
    "invalid intent",
    "not match",
    "insufficient",
    "exist for account",
    "wrong verifying_contract",
    "greater than nonce",
    "unmatched",
    "must hold",
    "is signed as",
    "unauthorized",
    "method not",
    "parse error",
)
"""Parts of the texts of the relay, or of the contract through it, for a quote that was not taken (docs.near-intents.org
and the contract's texts). An error with none of them, such as "internal error", decides nothing about the quote."""


def refuses(error: str) -> bool:
    """Return whether the error means that the quote was not taken."""
    text = error.lower()
    return any(part in text for part in REFUSALS)


def is_fault(error: str) -> bool:
    """Return whether the error refuses the quote for a fault of the desk or its account: a signature, a balance."""
    text = error.lower()
    return refuses(error) and not any(part in text for part in ORDINARY)
