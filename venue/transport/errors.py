"""How a call or a connection to the venue can fail.

VenueError
├── UnreachableError   no readable answer: the outcome is unknown
├── RefusedError       the service answered with an error
└── WsClosedError      a websocket connection that is not open
"""


class VenueError(Exception):
    """Base of failed calls and connections. The text never holds a header, a token or a key.

    ``http_status``: of the answer that failed the call, None without an answer.
    """

    http_status: int | None = None


class UnreachableError(VenueError):
    """Raised for a time-out, a lost connection, an HTTP error or an unreadable answer: the outcome is unknown."""


class RefusedError(VenueError):
    """Raised when the service answered with an error, whose text this is.

    ``name`` and ``cause`` are the error's type and cause where the service gives them (NEAR RPC does), else empty;
    ``data`` is the rest of the error, decoded: for programs, not for people.
    """

    def __init__(self, text: str, *, name: str = "", cause: str = "", data: object = None) -> None:
        super().__init__(text)
        self.name = name
        self.cause = cause
        self.data = data


class WsClosedError(VenueError):
    """Raised when a connection cannot be opened, or was lost; the text gives the reason and holds no header.

    ``http_status`` is that of a refused handshake, else None.
    """

    def __init__(self, text: str, *, http_status: int | None = None) -> None:
        super().__init__(text)
        self.http_status = http_status
