"""The venue that ``bench.serving`` asks, and an echo on the same kind of server, in one process of their own."""

import asyncio
import json
import sys

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.venues import start_venue
from venue.sandbox.base.hosting import HttpHost


async def _echo(request: Request) -> Response:
    return Response(await request.body(), media_type="application/json")


async def main() -> None:
    """Serve until standard input ends; the first line of the output holds the addresses."""
    venue = await start_venue(rate=0, other_pairs=0)
    echo = HttpHost({"echo": Starlette(routes=[Route("/", _echo, methods=["POST"])])}, 0)
    await echo.start()
    sys.stdout.write(json.dumps({**venue.env(), "ECHO": f"http://127.0.0.1:{echo.ports['echo']}/"}) + "\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await echo.stop()
    await venue.stop()


if __name__ == "__main__":
    uvloop.run(main())
