"""What a recorded venue said, by endpoint: answers over HTTP, and the course of each websocket."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from venue.sandbox.recording.frames import Frame
from venue.sandbox.recording.masks import masked_path
from venue.sandbox.replay.calls import Sequences, as_call, keys_of


class HttpAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``status`` is None where the connection was cut without an answer."""

    status: int | None = None
    media: str | None = None
    content: bytes = b""


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """What the venue said of itself: ``after_ns`` after the client's ``subscriptions``-th subscription.

    With none, after the connection opened. ``content`` is None for the end of the connection, with ``code``.
    """

    subscriptions: int
    after_ns: int
    content: bytes | None = None
    binary: bool = False
    code: int = 1000


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """One websocket: ``refused`` with an answer, or its replies to calls and everything that came unasked."""

    refused: HttpAnswer | None
    replies: Sequences[bytes]
    pushes: tuple[Push, ...]


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """What is served again; ``courses`` are those of each endpoint in the order of their opening."""

    answers: Sequences[HttpAnswer]
    courses: dict[str, tuple[Course, ...]]
    began_ns: int


def place_of(endpoint: str, method: str | None, path: str | None) -> tuple[str, str, str]:
    return endpoint, method or "", masked_path(path or "")


def subscribes(content: bytes) -> bool:
    """Return whether the client asks for a stream, in the words of the relay or of an exchange."""
    call = as_call(content)
    words = [] if call is None else [str(call.get(name, "")) for name in ("method", "type", "event")]
    return any("subscribe" in word and "unsubscribe" not in word for word in words)


def script_of(frames: Iterable[Frame]) -> Script:
    """Arrange the frames of a log. Raises FrameLogError for content that cannot be read."""
    by_connection: dict[int, list[Frame]] = defaultdict(list)
    for frame in frames:
        by_connection[frame.connection].append(frame)
    answers: Sequences[HttpAnswer] = Sequences()
    courses: dict[str, list[Course]] = defaultdict(list)
    began_ns: int | None = None
    for connection in by_connection.values():
        first = connection[0]
        began_ns = first.at_ns if began_ns is None else min(began_ns, first.at_ns)
        if first.kind == "open":
            courses[first.endpoint].append(_course(connection))
        elif first.kind == "request":
            answer = next((_answer(frame) for frame in connection if frame.kind == "answer"), HttpAnswer())
            answers.add(keys_of(place_of(first.endpoint, first.method, first.path), first.content), answer)
    return Script(
        answers=answers, courses={name: tuple(found) for name, found in courses.items()}, began_ns=began_ns or 0
    )


def _answer(frame: Frame) -> HttpAnswer:
    return HttpAnswer(status=frame.status, media=frame.media, content=frame.content)


def _course(connection: list[Frame]) -> Course:
    refused = next((_answer(frame) for frame in connection if frame.kind == "answer"), None)
    replies: Sequences[bytes] = Sequences()
    pushes: list[Push] = []
    waiting: dict[str, bytes] = {}
    count, since_ns = 0, connection[0].at_ns
    for frame in connection:
        if frame.kind == "frame" and frame.direction == "in":
            call = as_call(frame.content)
            if call is not None and call.get("id") is not None:
                waiting[repr(call["id"])] = frame.content
            if subscribes(frame.content):
                count, since_ns = count + 1, frame.at_ns
        elif frame.kind == "frame" and (asked := _asked(frame.content, waiting)) is not None:
            replies.add(keys_of((frame.endpoint,), asked), frame.content)
        elif frame.direction == "out" and frame.kind in ("frame", "close"):
            ends = frame.kind == "close"
            push = Push(
                subscriptions=count,
                after_ns=max(0, frame.at_ns - since_ns),
                content=None if ends else frame.content,
                binary=frame.base64 is not None,
                code=frame.status or 1000,
            )
            pushes.append(push)
    return Course(refused=refused, replies=replies, pushes=tuple(pushes))


def _asked(content: bytes, waiting: dict[str, bytes]) -> bytes | None:
    """Return the call that this frame replies to, None for one that replies to none."""
    found = as_call(content)
    if found is None or "method" in found or found.get("id") is None:
        return None
    return waiting.get(repr(found["id"]))
