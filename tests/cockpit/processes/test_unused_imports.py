"""A desk imports no command line of a library, and asks over HTTP all the same."""

import subprocess
import sys

DESK = """
import asyncio, sys
import cockpit.cli.desk
from cockpit.processes.unused_imports import leave_out
leave_out()
import cockpit.processes.desk_process
import httpx
print(sorted({"rich", "pygments", "textual"} & sys.modules.keys()))
async def ask():
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text="answered"))
    async with httpx.AsyncClient(transport=transport) as client:
        print((await client.get("http://127.0.0.1/")).text)
asyncio.run(ask())
"""


def test_a_desk_imports_no_command_line_of_a_library() -> None:
    done = subprocess.run([sys.executable, "-c", DESK], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split("\n") == ["[]", "answered", ""], done.stderr
