"""A public maker's process: started in a session of its own, and what it said last when it ends."""

import asyncio
import contextlib
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

from bench.public_makers import messages
from bench.public_makers.errors import PublicMakerError
from bench.public_makers.settings import MakerCommand

END_WITHIN_S = 5.0
SAID_BYTES = 4_096
SAID_CHARS = 200
_ERROR = re.compile(r"\w*Error\b")


class MakerProcess:
    """A running maker. What it writes to its standard error is kept in a file; its output is not."""

    def __init__(self, command: MakerCommand, process: subprocess.Popen[bytes], log_file: Path) -> None:
        self.version = command.version
        self.pid = process.pid
        self._process = process
        self._log_file = log_file

    def ended(self) -> str:
        """Return how it ended; empty while it runs."""
        code = self._process.poll()
        return "" if code is None else messages.ENDED.format(code=code, said=self.said())

    def said(self) -> str:
        """Return the last error on its standard error, or its last line: Node's is its own version."""
        with self._log_file.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - SAID_BYTES))
            text = file.read(SAID_BYTES).decode("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        errors = [line for line in lines if _ERROR.match(line)]
        last = (errors or lines or [messages.NOTHING_SAID])[-1]
        return "".join(filter(str.isprintable, last))[:SAID_CHARS]

    async def end(self) -> None:
        """End it, at the latest after 5 s."""
        self._process.terminate()
        try:
            await asyncio.to_thread(self._process.wait, END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)


@contextlib.asynccontextmanager
async def running(command: MakerCommand, log_file: Path) -> AsyncIterator[MakerProcess]:
    """Run the maker for as long as the block. Raises PublicMakerError when it cannot be started."""
    maker = MakerProcess(command, _spawn(command, log_file), log_file)
    try:
        yield maker
    finally:
        await maker.end()


def _spawn(command: MakerCommand, log_file: Path) -> subprocess.Popen[bytes]:
    try:
        with log_file.open("wb") as said:
            return subprocess.Popen(
                command.order,
                cwd=command.directory,
                env=dict(command.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
    except OSError as error:
        raise PublicMakerError(f"it does not start: {error}") from None
