"""How a function call fails before the contract runs."""

from venue.sandbox.base.errors import SandboxError


class CallError(SandboxError):
    """Base of the calls that the runtime ends, not the contract."""


class MethodNotFoundError(CallError):
    """Raised when the contract has no such method."""


class OutOfGasError(CallError):
    """Raised when a call came with less gas than it burns."""
