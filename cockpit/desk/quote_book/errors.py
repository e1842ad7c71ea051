"""Errors of the quote book."""


class QuoteBookError(Exception):
    """Base of this package's errors."""


class NotCoveredError(QuoteBookError):
    """Raised when a commitment is larger than what is available."""
