"""What can go wrong in reading the relay's messages."""


class RelayError(Exception):
    """Base of this package's errors."""


class MalformedMessageError(RelayError):
    """Raised for a message that breaks the protocol; ``kind`` is the counter it belongs to."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(detail or kind)
        self.kind = kind
