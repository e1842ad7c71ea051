"""What a cockpit tells the desk about its operator, once a second while it is attached."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from cockpit.model.commands import OperatorReport

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

REPORT_EVERY_S = 1.0


@asynccontextmanager
async def reporting(stream: "ClientConnection", report: Callable[[], OperatorReport] | None) -> AsyncIterator[None]:
    """Send reports meanwhile, if there is somebody to report."""
    if report is None:
        yield
        return
    sending = asyncio.create_task(_send_reports(stream, report), name="operator reports")
    try:
        yield
    finally:
        sending.cancel()


async def _send_reports(stream: "ClientConnection", report: Callable[[], OperatorReport]) -> None:
    from websockets.exceptions import WebSocketException

    with suppress(OSError, WebSocketException):  # Whoever reads the stream learns that it is closed.
        while True:
            await asyncio.sleep(REPORT_EVERY_S)
            await stream.send(msgspec.json.encode(report()).decode())
