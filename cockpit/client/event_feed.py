"""The client of the desk's ``/events``: frames of lines, for ever, across the ends of desks."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from urllib.parse import urlencode

from cockpit.client.desk_client import BACKOFF_S, CLOSED, ConnectionLost, connection_reason
from cockpit.model.errors import NOT_READABLE

MAX_FRAME_BYTES = 16 * 2**20
OPEN_S = 5.0


async def event_frames(
    socket_path: Path, topics: Iterable[str], backoff_s: Sequence[float] = BACKOFF_S
) -> AsyncIterator[str | ConnectionLost]:
    """Yield every frame, and a ConnectionLost each time a connection fails or ends."""
    from websockets.asyncio.client import unix_connect
    from websockets.exceptions import WebSocketException

    uri = f"ws://desk/events?{urlencode([('topic', topic) for topic in topics])}"
    failures = 0
    while True:
        try:
            async with unix_connect(
                str(socket_path),
                uri,
                compression=None,
                proxy=None,
                max_size=MAX_FRAME_BYTES,
                max_queue=2,
                open_timeout=OPEN_S,
                close_timeout=1,
            ) as stream:
                async for message in stream:
                    failures = 0
                    yield message if isinstance(message, str) else message.decode()
            reason = CLOSED
        except (OSError, WebSocketException, *NOT_READABLE) as error:
            reason = connection_reason(socket_path, error)
        yield ConnectionLost(reason)
        await asyncio.sleep(backoff_s[min(failures, len(backoff_s) - 1)])
        failures += 1
