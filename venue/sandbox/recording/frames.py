"""One line of a frame log: a message between the venue and a client, or a word of the log on itself."""

import base64
from typing import Literal

import msgspec

from venue.sandbox.recording.errors import FrameLogError

FORMAT = 1
Direction = Literal["in", "out"]
"""From the client to the venue, or back."""
Kind = Literal["open", "frame", "close", "request", "answer"]
"""A websocket's handshake, frame and end; an HTTP request and its answer, or that to a refused handshake."""


class Start(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="start"):
    """The first line. ``scenario``: the name of the one that ran."""

    format: int = FORMAT
    at_ns: int
    seed: int
    scenario: str | None = None


class Dropped(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="dropped"):
    """So many ``frames`` since the last such line came faster than they could be written: they are not in the log."""

    frames: int


class End(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="end"):
    """The last line of a log that was closed: the frames it holds, and those it dropped."""

    frames: int
    dropped: int


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What passed between venue and client, as bytes, before it is masked and written.

    ``connection``: the number of the websocket or of the HTTP request. ``binary``: a binary frame of a websocket.
    ``status``: of an HTTP answer, or the code that closes a websocket. ``media``: the type of an answer's content.
    ``cut``: the content was longer than a log takes, and only its start is here.
    """

    kind: Kind
    at_ns: int
    endpoint: str
    connection: int
    direction: Direction
    content: bytes = b""
    binary: bool = False
    method: str | None = None
    path: str | None = None
    status: int | None = None
    media: str | None = None
    cut: bool = False


class Frame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message as the log holds it: its content is ``text``, or ``base64`` where it is binary or no UTF-8."""

    kind: Kind
    at_ns: int
    endpoint: str
    connection: int
    direction: Direction
    method: str | None = None
    path: str | None = None
    status: int | None = None
    media: str | None = None
    cut: bool = False
    text: str | None = None
    base64: str | None = None

    @property
    def content(self) -> bytes:
        """The bytes that passed. Raises FrameLogError for a text that is no base64."""
        if self.base64 is not None:
            try:
                return base64.b64decode(self.base64, validate=True)
            except ValueError:
                raise FrameLogError(f"frame of {self.endpoint}, connection {self.connection}: no base64") from None
        return (self.text or "").encode()


Line = Start | Frame | Dropped | End
_ENCODER = msgspec.json.Encoder()
_FRAME = msgspec.json.Decoder(Frame)
_OWN = msgspec.json.Decoder(Start | Dropped | End)


class _Kind(msgspec.Struct):
    kind: str


_KIND = msgspec.json.Decoder(_Kind)


def frame_of(message: Message) -> Frame:
    """Return the frame that holds the message."""
    text: str | None = None
    if not message.binary:
        try:
            text = message.content.decode()
        except UnicodeDecodeError:
            text = None
    return Frame(
        kind=message.kind,
        at_ns=message.at_ns,
        endpoint=message.endpoint,
        connection=message.connection,
        direction=message.direction,
        method=message.method,
        path=message.path,
        status=message.status,
        media=message.media,
        cut=message.cut,
        text=text if message.content else None,
        base64=base64.b64encode(message.content).decode() if text is None else None,
    )


def encode(line: Line) -> bytes:
    """Return the line with its end."""
    return _ENCODER.encode(line) + b"\n"


def decode(raw: bytes) -> Line:
    """Read a line, with or without its end. Raises FrameLogError for anything else."""
    try:
        kind = _KIND.decode(raw).kind
        found = _OWN.decode(raw) if kind in ("start", "dropped", "end") else _FRAME.decode(raw)
    except (ValueError, RecursionError) as error:
        raise FrameLogError(str(error)) from None
    if isinstance(found, Start) and found.format != FORMAT:
        raise FrameLogError(f"format {found.format}; this program reads format {FORMAT}")
    return found
