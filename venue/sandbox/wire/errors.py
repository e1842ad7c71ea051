"""The Verifier contract's refusals, in its own words (near/intents, ``DefuseError``, contract 0.4.1)."""

from collections.abc import Sequence

import msgspec

from venue.sandbox.base.errors import SandboxError


class ContractPanicError(SandboxError):
    """Raised for a call that the contract refuses; ``str()`` is its own text; the call changes nothing."""


class HostError(ContractPanicError):
    """Raised for a call that NEAR's runtime ends, not the contract; ``kind`` is how a view names it."""

    def __init__(self, text: str, kind: str) -> None:
        super().__init__(text)
        self.kind = kind


class LogLimitExceededError(HostError):
    """Raised when a call's logs exceed the 16 KiB that the runtime allows."""

    def __init__(self, length: int, limit: int) -> None:
        kind = f"TotalLogLengthExceeded {{ length: {length}, limit: {limit} }}"
        super().__init__(f"The length of a log message {length} exceeds the limit {limit}", kind)


class GasExceededError(HostError):
    """Raised when a call needs more gas than it was given."""

    def __init__(self) -> None:
        super().__init__("Exceeded the prepaid gas.", "GasExceeded")


class RecoveryByteError(HostError):
    """Raised for a secp256k1 signature whose last byte is not 0 to 3, such as the 27 of other chains."""

    def __init__(self, byte: int) -> None:
        text = f"V recovery byte 0 through 3 are valid but was provided {byte}"
        super().__init__(f"ECDSA recover error: {text}", f'ECRecoverError {{ msg: "{text}" }}')


INVALID_SIGNATURE = "invalid signature"
WRONG_CONTRACT = "wrong verifying_contract"
DEADLINE_EXPIRED = "deadline has expired"
INVALID_SALT = "invalid salt"
DEADLINE_AFTER_NONCE = "deadline is greater than nonce"
NONCE_EXPIRED = "nonce was already expired"
NONCE_USED = "nonce was already used"
INSUFFICIENT_BALANCE = "insufficient balance or overflow"
INVALID_INTENT = "invalid intent"
ONE_YOCTO = "Requires attached deposit of exactly 1 yoctoNEAR"
BAD_ARGUMENTS = "Failed to deserialize input from JSON."
PAUSED = "Pausable: Method is paused"
"""What near-plugins says, of any contract, for a method that is paused."""
REFUND_LOG_TOO_LONG = "refund event log would be too long"


def account_not_found(account: str) -> ContractPanicError:
    """The account has never held a token nor registered a key on the Verifier."""
    return ContractPanicError(f"account '{account}' not found")


def account_locked(account: str) -> ContractPanicError:
    """The account was locked by the contract's administrators."""
    return ContractPanicError(f"account '{account}' is locked")


def predecessor_disabled(account: str) -> ContractPanicError:
    """The account accepts signed intents only, no function calls of its own."""
    return ContractPanicError(f"authentication by PREDECESSOR_ID is disabled for account '{account}'")


def insufficient_permissions(method: str, roles: Sequence[str]) -> ContractPanicError:
    """The caller has none of the roles: near-plugins' text."""
    listed = ", ".join(f'"{role}"' for role in roles)
    return ContractPanicError(
        f"Insufficient permissions for method {method} restricted by access control. "
        f"Requires one of these roles: [{listed}]"
    )


def no_deposit_taken(method: str) -> ContractPanicError:
    """The method takes no NEAR: near-sdk's text."""
    return ContractPanicError(f"Method {method} doesn't accept deposit")


def key_missing(account: str, public_key: str) -> ContractPanicError:
    """The key is not registered for the account, or the account is unknown."""
    return ContractPanicError(f"public key '{public_key}' doesn't exist for account '{account}'")


def key_exists(account: str, public_key: str) -> ContractPanicError:
    return ContractPanicError(f"public key '{public_key}' already exists for account '{account}'")


class InvariantViolatedError(ContractPanicError):
    """Raised when the token deltas of a call do not cancel; ``report`` is what ``simulate_intents`` shows instead."""

    def __init__(self, report: dict[str, object]) -> None:
        super().__init__("invariant violated: " + msgspec.json.encode(report).decode())
        self.report = report


def bad_arguments(error: Exception) -> ContractPanicError:
    """The arguments of a call have another shape: near-sdk's text, with the parser's own."""
    return ContractPanicError(f"{BAD_ARGUMENTS} Error: `{error}`")
