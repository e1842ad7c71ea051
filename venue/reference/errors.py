"""What can go wrong on an exchange's connection."""


class FeedError(Exception):
    """Base of this package's errors."""


class MalformedTickError(FeedError, ValueError):
    """Raised for a message that cannot be read: it is counted and dropped, the connection stays."""


class ReconnectError(FeedError):
    """Raised when the exchange asks for a new connection, refuses the subscription, or sends nothing."""
