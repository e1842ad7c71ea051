"""Runs a client's driver in a process of its own and reads what it found."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.walls import NODE_WALL, PYTHON_WALL

DRIVERS = Path(__file__).parent / "drivers"
WITHIN_S = 240
TOLD = 4_000


async def drive(order: Sequence[str], environ: Mapping[str, str], cwd: Path) -> Any:
    """Run the driver to its end; returns the JSON of its last line. AssertionError when it fails or takes too long."""
    process = await asyncio.create_subprocess_exec(
        *order,
        cwd=cwd,
        env={**os.environ, **environ},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, errors = await asyncio.wait_for(process.communicate(), WITHIN_S)
    except TimeoutError:
        raise AssertionError(f"{order[-2:]} has not ended within {WITHIN_S} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text, told = out.decode("utf-8", "replace"), errors.decode("utf-8", "replace")
    assert process.returncode == 0, f"{order[-2:]} ended with {process.returncode}: {text[-TOLD:]} {told[-TOLD:]}"
    return json.loads(text.splitlines()[-1])


def node_order(driver: str, *arguments: str) -> list[str]:
    """Return the command of a driver in JavaScript; the clients are those of the directory where it runs."""
    return ["node", "--require", str(NODE_WALL), str(DRIVERS / driver), *arguments]


def python_order(python: Path, driver: str, *arguments: str) -> list[str]:
    """Return the command of a driver in Python, run with the clients' own Python."""
    return [str(python), str(PYTHON_WALL), str(DRIVERS / driver), *arguments]
