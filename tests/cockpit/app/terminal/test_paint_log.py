"""Which snapshot a terminal has taken: one that answers, one that never does, one that takes nothing any more."""

import fcntl
import os
import re
import struct
import termios
import threading
from collections.abc import Iterator
from contextlib import suppress

import pyte
import pytest
from textual.events import CursorPosition, Key

from cockpit.app.terminal.driver import OutputThread
from cockpit.app.terminal.paint_log import MARKS, PENDING, Painted, PaintLog
from tests.support.processes.terminal import AnsweringScreen
from tests.support.waiting import until_blocking

ASKED = re.compile(r"\x1b\[(\d+);(\d+)H\x1b\[6n")


def answer(mark: str) -> CursorPosition:
    """What a terminal answers to this mark."""
    asked = ASKED.search(mark)
    assert asked is not None
    return CursorPosition(int(asked[2]) - 1, int(asked[1]) - 1)


def shown(seq: int) -> Painted:
    return Painted("run-1", seq)


def test_a_terminal_that_never_answers_is_judged_by_what_was_written() -> None:
    log = PaintLog()
    assert log.newest is None
    log.mark(shown(1))
    assert log.newest is None
    log.written(shown(1))
    assert log.newest == shown(1)
    log.await_answers(60)


def test_a_terminal_that_answers_has_taken_what_it_answered_for_and_no_more() -> None:
    log = PaintLog()
    marks = [log.mark(shown(seq)) for seq in range(5)]
    for seq in range(5):
        log.written(shown(seq))
    log.take(answer(marks[0]))
    assert log.newest == shown(0), "written, and still on its way"
    log.take(answer(marks[3]))
    assert log.newest == shown(3), "an answer that was lost loses no later one"
    log.take(answer(marks[1]))
    assert log.newest == shown(3), "a late answer takes nothing back"


def test_only_answers_to_marks_are_taken_and_none_reaches_the_app() -> None:
    log = PaintLog()
    log.mark(shown(1))
    log.written(shown(1))
    for x, y in ((0, 0), (1, 1), (70, 1), (3, 2)):
        assert log.take(CursorPosition(x, y))
    assert log.newest == shown(1), "none of them was an answer"
    assert not log.take(Key("a", "a"))


def test_marks_in_flight_are_told_apart() -> None:
    log = PaintLog()
    assert PENDING < MARKS
    assert len({log.mark(shown(seq)) for seq in range(MARKS)}) == MARKS


def test_a_mark_leaves_the_cursor_where_it_is_and_looks_like_no_key() -> None:
    answered: list[str] = []
    screen = AnsweringScreen(80, 24, answered.append)
    stream = pyte.Stream(screen)
    stream.feed("\x1b[7;9H")
    log = PaintLog()
    for seq in range(MARKS):
        stream.feed(log.mark(shown(seq)))
    assert (screen.cursor.y, screen.cursor.x) == (6, 8)
    assert len(set(answered)) == MARKS
    assert all(re.fullmatch(r"\x1b\[2;\d+R", text) for text in answered), "a row of 1 would be a key"


@pytest.fixture
def pty() -> Iterator[tuple[int, int]]:
    """A terminal: what its program has, and its other side."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    yield slave, master
    os.close(master)
    os.close(slave)


def test_what_a_terminal_does_not_read_is_not_painted(pty: tuple[int, int]) -> None:
    slave, master = pty
    log = PaintLog()
    lost = threading.Event()
    output = OutputThread(slave, lambda: None, lost.set, log.written)
    output.start()
    try:
        output.write("a picture")
        output.mark(shown(1), log.mark(shown(1)))
        until_blocking(lambda: log.newest == shown(1))
        output.write("more than the kernel holds for a terminal" * 4_000)
        output.mark(shown(2), log.mark(shown(2)))
        until_blocking(lambda: output.behind)
        assert log.newest == shown(1)
        os.set_blocking(master, False)

        def read() -> bool:
            with suppress(BlockingIOError):
                os.read(master, 65_536)
            return log.newest == shown(2)

        until_blocking(read)
        assert not lost.is_set()
    finally:
        output.stop()


def test_what_could_not_be_written_is_not_painted() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    log = PaintLog()
    lost = threading.Event()
    output = OutputThread(writing, lambda: None, lost.set, log.written)
    output.start()
    output.mark(shown(1), log.mark(shown(1)))
    until_blocking(lost.is_set)
    output.stop()
    os.close(writing)
    assert log.newest is None
