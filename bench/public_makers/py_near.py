"""A maker that quotes at a fixed rate with py-near's own solver, run by a Python that has py-near."""

import os
import subprocess
from pathlib import Path

from bench.public_makers.errors import PublicMakerError
from bench.public_makers.settings import MARGIN_MS, MakerCommand, MakerSettings
from tests.support.walls import PYTHON_WALL

NAME = "py-near"
RATE = "80000"
_QUOTER = Path(__file__).parent / "py_near_quoter.py"
_VERSION = "import importlib.metadata, py_near; print(importlib.metadata.version('py-near'))"


def quoter_command(python: Path, settings: MakerSettings) -> MakerCommand:
    """Return how to start the maker with this Python. Raises PublicMakerError where it has no py-near."""
    environ = {"PATH": os.environ.get("PATH", "")}
    try:
        asked = subprocess.run(
            [str(python), "-P", "-c", _VERSION], capture_output=True, text=True, timeout=60, env=environ, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PublicMakerError(f"{python} does not run ({error}); name a Python that has py-near") from None
    if asked.returncode:
        raise PublicMakerError(f"{python} has no py-near; name a Python that has it")
    market = settings.market
    tokens = (market.base.token_id, str(market.base.decimals), market.quote.token_id, str(market.quote.decimals))
    return MakerCommand(
        version=asked.stdout.strip()[:40],
        order=(str(python), "-P", str(PYTHON_WALL), str(_QUOTER), *tokens, RATE),
        directory=_QUOTER.parent,
        environ={
            **environ,
            "MAKER_ACCOUNT": settings.account,
            "MAKER_KEY": settings.private_key,
            "MAKER_NODE_URL": settings.node_url,
            "MAKER_RELAY_URL": settings.relay_url,
            "MAKER_LIFE_S": str(-(-(settings.life_ms + MARGIN_MS) // 1_000)),
        },
    )
