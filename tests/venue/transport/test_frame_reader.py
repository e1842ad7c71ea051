"""Frames that are read without the library come out as the library alone reads them, whatever the bytes."""

import itertools
import logging

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from venue.transport.frame_reader import MAX_KEPT, FrameReader, Received

REFUSED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nno\r\n"
MAX_SIZE = 2 * MAX_KEPT
SILENT = logging.getLogger("tests.frame_reader")
SILENT.setLevel(logging.CRITICAL)


def client(max_size: int = MAX_SIZE, key: str | None = None) -> ClientProtocol:
    protocol = ClientProtocol(parse_uri("ws://relay/"), max_size=max_size, logger=SILENT)
    protocol.key = key or protocol.key
    protocol.send_request(protocol.connect())
    return protocol


def handshake(protocol: ClientProtocol) -> bytes:
    """Return the server's consent, and take the request as sent."""
    server = ServerProtocol(logger=SILENT)
    server.receive_data(b"".join(protocol.data_to_send()))
    (request,) = server.events_received()
    assert not isinstance(request, Frame | Response)
    server.send_response(server.accept(request))
    return b"".join(server.data_to_send())


def told(events: list[Received]) -> list[tuple[object, ...]]:
    return [
        (Opcode.TEXT, True, event)
        if isinstance(event, bytes)
        else (event.opcode, event.fin, bytes(event.data))
        if isinstance(event, Frame)
        else (type(event),)
        for event in events
    ]


def outcome(protocol: ClientProtocol) -> tuple[object, ...]:
    # What is written is masked at random: its kinds and lengths are compared.
    written = [(chunk[:1], len(chunk)) for chunk in protocol.data_to_send()]
    return protocol.state, protocol.close_rcvd, protocol.close_sent, str(protocol.parser_exc), written


def read_by_both(first: bytes | None, stream: bytes, cuts: list[int], max_size: int, ends: bool) -> None:
    alone = client(max_size)
    own = client(max_size, alone.key)
    first = handshake(alone) if first is None else first
    for protocol in (alone, own):
        protocol.data_to_send()
    reader = FrameReader(own, max_size)
    whole = first + stream
    bounds = [0, *sorted({cut % (len(whole) + 1) for cut in cuts} - {0}), len(whole)]
    expected: list[Received] = []
    found: list[Received] = []
    for begin, end in itertools.pairwise(bounds):
        alone.receive_data(whole[begin:end])
        expected += alone.events_received()
        found += reader.receive(whole[begin:end])
    if ends:
        alone.receive_eof()
        reader.receive_eof()
        expected += alone.events_received()
        found += own.events_received()
    assert told(found) == told(expected)
    if ends:
        assert outcome(own) == outcome(alone)


def frame(opcode: Opcode, data: bytes, *, fin: bool = True, mask: bool = False, rsv: bool = False) -> bytes:
    made = Frame(opcode, data, fin).serialize(mask=mask)
    return bytes((made[0] | (0x40 if rsv else 0),)) + made[1:]


PAYLOADS = st.one_of(
    st.binary(max_size=8),
    st.sampled_from((0, 1, 2, 125, 126, 127, 300, 65_535, 65_536, 65_537, MAX_SIZE, MAX_SIZE + 1)).map(bytes),
    st.sampled_from((b"\r\n\r\n", b"\x81\x00", b"\x81\x7e\x00\x03abc")),
)
TEXTS = PAYLOADS.map(lambda data: frame(Opcode.TEXT, data))
OTHERS = st.one_of(
    st.builds(
        frame,
        st.sampled_from((Opcode.TEXT, Opcode.BINARY, Opcode.CONT)),
        PAYLOADS,
        fin=st.booleans(),
        mask=st.booleans(),
        rsv=st.sampled_from((False, False, False, True)),
    ),
    st.builds(frame, st.sampled_from((Opcode.PING, Opcode.PONG)), st.binary(max_size=125)),
    st.sampled_from((b"", b"\x03\xe8", b"\x03\xe8bye")).map(lambda data: frame(Opcode.CLOSE, data)),
    st.sampled_from((b"\x81\x7e\x00\x02ab", b"\x81\x7f" + bytes(7) + b"\x01a", b"\x81\x7f" + b"\xff" * 8)),
    st.sampled_from((b"\x83\x00", b"\x89\x7e\x00\x7f", b"\x01\x01a\x89\x00\x80\x01b")),
    st.binary(max_size=6),
)
STREAMS = st.lists(st.one_of(TEXTS, TEXTS, OTHERS), max_size=6).map(b"".join)
CUTS = st.lists(st.one_of(st.integers(0, 400), st.integers(0, 10**6)), max_size=8)


@settings(max_examples=200, deadline=None)
@given(
    first=st.sampled_from((None, None, None, REFUSED, b"\r\n\r\n")),
    stream=STREAMS,
    cuts=CUTS,
    max_size=st.sampled_from((MAX_SIZE, 200)),
)
@example(first=None, stream=frame(Opcode.TEXT, b"\r\n\r\n") * 2, cuts=[128, 129, 130, 131], max_size=MAX_SIZE)
@example(first=None, stream=frame(Opcode.CLOSE, b"") + frame(Opcode.TEXT, b"late"), cuts=[], max_size=MAX_SIZE)
@example(first=None, stream=frame(Opcode.TEXT, b"a", mask=True) + frame(Opcode.TEXT, b"b"), cuts=[], max_size=MAX_SIZE)
@example(first=None, stream=b"\x01\x01a\x81\x01b", cuts=[], max_size=MAX_SIZE)
def test_any_bytes_cut_anywhere_are_read_as_by_the_library(
    first: bytes | None, stream: bytes, cuts: list[int], max_size: int
) -> None:
    read_by_both(first, stream, cuts, max_size, ends=True)


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(st.one_of(TEXTS, st.just(frame(Opcode.PING, b"p"))), max_size=5).map(b"".join), cuts=CUTS)
def test_nothing_lawful_is_held_back_once_it_is_complete(texts: bytes, cuts: list[int]) -> None:
    read_by_both(None, texts, cuts, 2**24, ends=False)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 400, 65_530])
def test_a_text_frame_never_reaches_the_library(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    protocol = client()
    first = handshake(protocol)
    reader = FrameReader(protocol, MAX_SIZE)
    assert [type(event) for event in reader.receive(first)] == [Response]
    assert protocol.state is OPEN

    def read(data: bytes) -> None:
        raise AssertionError("the library read a frame")

    monkeypatch.setattr(protocol, "receive_data", read)
    text = frame(Opcode.TEXT, b"a" * size)
    assert reader.receive(text) == [b"a" * size]
    assert reader.receive(text * 3) == [b"a" * size] * 3
    assert reader.receive(text[:1]) == []
    assert reader.receive(text[1:] + text) == [b"a" * size] * 2


def test_a_frame_that_is_too_long_to_wait_for_is_gathered_by_the_library() -> None:
    protocol = client()
    reader = FrameReader(protocol, MAX_SIZE)
    reader.receive(handshake(protocol))
    text = frame(Opcode.TEXT, b"a" * (MAX_KEPT + 1))
    for at in range(0, len(text) - 1, 1_000):
        assert reader.receive(text[at : min(at + 1_000, len(text) - 1)]) == []
        assert len(reader._kept) < 10
    assert told(reader.receive(text[-1:] + frame(Opcode.TEXT, b"next"))) == told([b"a" * (MAX_KEPT + 1), b"next"])
