"""Whatever is recorded reads back; secrets do not, and a log says what it lacks."""

import contextlib
import json
import threading
import time
from pathlib import Path
from typing import Any

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from venue.sandbox.recording.errors import FrameLogError
from venue.sandbox.recording.frame_log import FrameLog, line_of
from venue.sandbox.recording.frames import Dropped, End, Frame, Message, Start, decode, encode
from venue.sandbox.recording.masks import masked, masked_path
from venue.sandbox.recording.reading import read_lines, read_recording

START = Start(at_ns=1, seed=7)


def message(content: bytes = b"", **fields: Any) -> Message:
    usual: dict[str, Any] = {
        "kind": "frame",
        "at_ns": 5,
        "endpoint": "relay",
        "connection": 3,
        "direction": "out",
        "content": content,
    }
    return Message(**(usual | fields))


def private_key(seed: bytes) -> str:
    key = SigningKey(seed)
    return "ed25519:" + base58.b58encode(bytes(key) + bytes(key.verify_key)).decode()


@given(content=st.binary(max_size=300) | st.text(max_size=100).map(str.encode), binary=st.booleans())
def test_any_bytes_read_back_from_one_line(content: bytes, binary: bool) -> None:
    line = line_of(message(content, binary=binary, path="/ws?instance_id=a", method="POST", status=200))
    assert line.count(b"\n") == 1
    found = decode(line)
    assert isinstance(found, Frame)
    assert found.content == content
    assert (found.base64 is not None) >= binary
    assert (found.at_ns, found.endpoint, found.connection, found.direction) == (5, "relay", 3, "out")
    assert (found.path, found.method, found.status) == ("/ws?instance_id=a", "POST", 200)


@given(seed=st.binary(min_size=32, max_size=32), before=st.text(max_size=20), signature=st.binary(min_size=64))
def test_a_private_key_is_told_from_a_signature(seed: bytes, before: str, signature: bytes) -> None:
    key = private_key(seed)
    signed = "ed25519:" + base58.b58encode(SigningKey(seed).sign(signature).signature).decode()
    public = "ed25519:" + base58.b58encode(bytes(SigningKey(seed).verify_key)).decode()
    text = json.dumps({"text": before, "key": key, "signature": signed, "public_key": public})
    told = masked(text.encode()).decode()
    assert key.removeprefix("ed25519:") not in told
    assert signed in told
    assert public in told


SECRETS = (
    ('{"private_key": "ed25519:4xyzSEED"}', "4xyzSEED"),
    ('{"balances": {}, "secretKey":"hunter\\"2"}', "hunter"),
    ('{"x-api-key": "abc-def"}', "abc-def"),
    ('{"message": "{\\"private_key\\": \\"deep-down\\"}"}', "deep-down"),
    ('{"Authorization": "Bearer abc.def"}', "abc.def"),
    ("authorization: bearer sesame", "sesame"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtYWtlciJ9.c2lnbmVk", "c2lnbmVk"),
    ('{"token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtYWtlciJ9.c2lnbmVk"}', "eyJzdWIi"),
    ("NEAR_INTENTS_API_KEY=sandbox-0123456789abcdef0123456789abcdef", "0123456789abcdef"),
    *(
        (f'{{"{name}": "sesame"}}', "sesame")
        for name in ("access_key", "signing-key", "apiKey", "SEED", "seed_phrase", "mnemonic", "passwd", "passphrase")
    ),
    *((f'{{"{name}_token": "sesame"}}', "sesame") for name in ("access", "refresh", "auth", "bearer")),
    ("secp256k1:" + base58.b58encode(bytes(range(1, 33))).decode(), base58.b58encode(bytes(range(1, 33))).decode()),
)


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_secrets_are_masked_by_form_and_by_name(text: str, secret: str) -> None:
    line = line_of(message(text.encode()))
    assert secret.encode() not in line
    found = decode(line)
    assert isinstance(found, Frame)
    assert secret not in found.content.decode()


@pytest.mark.parametrize("path", ["/ws?api_key=sesame", "/ws?a=1&token=sesame", "/x?access_token=sesame&b=2"])
def test_secrets_are_masked_in_paths(path: str) -> None:
    assert "sesame" not in masked_path(path)


def test_what_is_no_secret_stays() -> None:
    text = b'{"intent":"ft_withdraw","token":"btc.omft.near","public_key":"ed25519:abc","seeded":"1","key":"value"}'
    assert masked(text) == text
    assert masked_path("/rpc?method=publish_intent") == "/rpc?method=publish_intent"


@given(seed=st.binary(min_size=32, max_size=32), length=st.integers(1, 80), before=st.sampled_from(["", "x", "a b "]))
def test_half_a_key_at_a_cut_is_left_out(seed: bytes, length: int, before: str) -> None:
    key = private_key(seed)[: len("ed25519:") + length]
    found = decode(line_of(message(f'{before}{{"key": "{key}'.encode(), cut=True)))
    assert isinstance(found, Frame)
    assert found.content.decode() == f'{before}{{"key": "'


HOSTILE = (
    b"eyJ",
    b"eyJa.eyJ",
    b"api\\",
    b"bearer ",
    b'"seed":"',
    b'\\"seed\\"',
    b"ed25519:" + b"2" * 88 + b" ",
    b"secp256k1:",
)


@pytest.mark.parametrize("part", HOSTILE)
def test_no_content_takes_long_to_search(part: bytes) -> None:
    size = 1 << 17
    started = time.process_time()
    for content in (part * (size // len(part)), part + b" " * size, part + b"\\" * size):
        masked(content)
    # Twenty times what it takes, and a tenth of what a search takes whose time grows with the square of the size.
    assert time.process_time() - started < 5


def test_a_log_is_private_new_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    log = FrameLog(path, START)
    contents = [b"one", b"\xff\x00", "drei €".encode(), b""]
    for number, content in enumerate(contents):
        log.add(message(content, connection=number))
    tally = log.close()
    assert (tally.frames, tally.dropped, tally.problem) == (4, 0, "")
    assert path.stat().st_mode & 0o777 == 0o600
    found = read_recording(path)
    assert [frame.content for frame in found.frames] == contents
    assert [frame.connection for frame in found.frames] == [0, 1, 2, 3]
    assert (found.start, found.dropped, found.complete) == (START, 0, True)
    log.add(message(b"late"))
    assert log.tally.dropped == 1


def test_a_log_replaces_nothing(tmp_path: Path) -> None:
    path, link = tmp_path / "frames.jsonl", tmp_path / "link"
    path.write_text("mine")
    link.symlink_to(tmp_path / "nowhere")
    for taken in (path, link):
        with pytest.raises(FileExistsError, match="replaces no file"):
            FrameLog(taken, START)
    assert path.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_what_comes_faster_than_it_is_written_is_dropped_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, reached = threading.Event(), threading.Event()

    def slow(sent: Message) -> bytes:
        reached.set()
        assert gate.wait(60)
        return line_of(sent)

    monkeypatch.setattr("venue.sandbox.recording.frame_log.line_of", slow)
    path = tmp_path / "frames.jsonl"
    log = FrameLog(path, START, most_waiting=10_000)
    log.add(message(b"first"))
    assert reached.wait(60)
    for _ in range(1_000):
        log.add(message(b"x" * 500))
    assert log.tally.dropped >= 990
    gate.set()
    tally = log.close()
    found = read_recording(path)
    assert tally.frames + tally.dropped == 1_001
    assert (len(found.frames), found.dropped) == (tally.frames, tally.dropped)


def test_a_log_that_is_full_says_so_and_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    log = FrameLog(path, START, most_bytes=400)
    for _ in range(10):
        log.add(message(b"x" * 50))
    tally = log.close()
    assert path.stat().st_size <= 400
    assert tally.frames + tally.dropped == 10
    assert tally.frames < 10
    assert "400 bytes" in tally.problem
    found = read_recording(path)
    assert (len(found.frames), found.complete) == (tally.frames, False)


def test_a_log_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    raw = encode(START) + line_of(message(b"one")) + line_of(message(b"two"))
    found = read_lines(raw[:-5], "cut")
    assert [frame.content for frame in found.frames] == [b"one"]
    assert not found.complete
    whole = read_lines(raw + encode(Dropped(frames=3)) + encode(End(frames=2, dropped=3)), "whole")
    assert (len(whole.frames), whole.dropped, whole.complete) == (2, 3, True)


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "no line"),
        (b'{"kind":"frame"}\n', "line 1"),
        (encode(START) + b"[]\n", "line 2"),
        (encode(START) + b'{"kind":"boat"}\n', "line 2"),
        (encode(START) + encode(START), "line 2"),
        (encode(START) + b"[" * 100_000 + b"\n", "line 2"),
        (line_of(message(b"one")), "line 1"),
        (b'{"kind":"start","format":2,"at_ns":1,"seed":1}\n', "format 2"),
        (b"\x00\xff\n", "line 1"),
    ],
)
def test_a_file_that_is_no_log_is_named_with_its_line(raw: bytes, word: str) -> None:
    with pytest.raises(FrameLogError, match=word):
        read_lines(raw, "file")


@given(st.binary(max_size=200))
def test_reading_any_bytes_raises_nothing_else(raw: bytes) -> None:
    with contextlib.suppress(FrameLogError):
        read_lines(encode(START) + raw, "file")
