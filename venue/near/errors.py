"""What can go wrong in reading NEAR's answers, beside a failed call."""


class NearError(Exception):
    """Base of this package's errors."""


class UnreadableOutcomeError(NearError, ValueError):
    """Raised when a transaction's outcome does not show how much was withdrawn."""
