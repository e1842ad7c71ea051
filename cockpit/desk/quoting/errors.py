"""Errors of the quote path."""

from cockpit.model.events import ExecuteTrade


class QuotingError(Exception):
    """Base of this package's errors."""


class SendUncertainError(QuotingError):
    """Raised when writing a quote failed and some of it may be on the wire; ``command`` is what was signed."""

    def __init__(self, command: ExecuteTrade) -> None:
        super().__init__("the quote may have been sent")
        self.command = command
