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
print(sorted(set(sys.argv[1:]) & {name.split(".")[0] for name in sys.modules if sys.modules[name] is not None}))
async def ask():
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text="answered"))
    async with httpx.AsyncClient(transport=transport) as client:
        print((await client.get("http://127.0.0.1/")).text)
asyncio.run(ask())
"""

NOT_FOR_A_DESK = (
    *("apprise", "asyncpg", "h2", "httptools", "hypothesis", "jsonschema", "markdown", "matplotlib", "numpy", "panels"),
    *("PIL", "plotext", "pydoc", "pygments", "pytest", "requests", "rich", "textual", "trio", "unittest", "watchfiles"),
    *("wsproto", "yaml"),
)
"""Each takes memory of every desk: a driver of a database that it does not use, libraries of screens and of tests."""


def test_a_desk_imports_nothing_that_it_has_no_use_for() -> None:
    command = [sys.executable, "-c", DESK, *NOT_FOR_A_DESK]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split("\n") == ["[]", "answered", ""], done.stderr
