"""The relay's error answers and their codes."""

from venue.sandbox.base.errors import SandboxError

INVALID_PARAMS = -32602
GONE = -32098
GONE_TEXT = "quote not found or already finished"
NOT_VALID = -32096
FAILED = -32095
EXPIRED = "expired"
"""Why a taker's intent is not settled against a quote past its deadline, as the official SDK knows it."""


class AuctionRefusedError(SandboxError):
    """Raised for a message that the relay refuses; ``code`` goes into the object form of the error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
