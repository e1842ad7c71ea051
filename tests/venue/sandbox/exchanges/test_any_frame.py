"""A frame of any bytes ends no connection of an exchange."""

import pytest
from websockets.asyncio.client import connect

from tests.support.sandbox.rig import Launch


@pytest.mark.parametrize("name", ["KRAKEN", "COINBASE", "BITSTAMP"])
async def test_a_frame_of_any_bytes_ends_no_connection(launch: Launch, name: str) -> None:
    rig = await launch()
    async with connect(rig.env[f"REFERENCE_{name}_WS_URL"]) as socket:
        for frame in ("", "[" * 100_000, "[]", "NaN", b"", b"\xff", b'{"a":"\xff"}'):
            await socket.send(frame)
        # It answers only what stands behind them once it has read them all.
        await (await socket.ping())
    assert (await rig.state())["failures"] == 0
