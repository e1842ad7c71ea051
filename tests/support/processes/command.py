"""The command as an operator runs it, and valid settings for a test to change."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import base58
from nacl.signing import SigningKey

from tests.support.processes.processes import bare_environment


def private_key(seed: bytes = bytes(range(32))) -> str:
    """Return a signing key as NEAR tools write it."""
    key = SigningKey(seed)
    return "ed25519:" + base58.b58encode(bytes(key) + bytes(key.verify_key)).decode()


ACCOUNT = f"maker-{os.getpid()}.near"
"""One desk an account: tests in parallel processes each have their own."""
NOWHERE = "127.0.0.1:9"
GOOD: Mapping[str, str] = {
    "NEAR_INTENTS_API_KEY": "a-token",
    "NEAR_INTENTS_ACCOUNT_ID": ACCOUNT,
    "NEAR_INTENTS_SIGNER_PRIVATE_KEY": private_key(),
    "NEAR_INTENTS_RELAY_WS_URL": f"ws://{NOWHERE}/ws",
    "NEAR_INTENTS_RELAY_RPC_URL": f"http://{NOWHERE}/rpc",
    "NEAR_INTENTS_BRIDGE_URL": f"http://{NOWHERE}/rpc",
    "OMNI_API_URL": f"http://{NOWHERE}",
    "NEAR_RPC_URL": f"http://{NOWHERE}",
    "REFERENCE_KRAKEN_WS_URL": f"ws://{NOWHERE}/v2",
    "REFERENCE_COINBASE_WS_URL": f"ws://{NOWHERE}",
    "REFERENCE_BITSTAMP_WS_URL": f"ws://{NOWHERE}",
    "COCKPIT_MARKETS_FILE": "none",
    "COCKPIT_ALERTS_FILE": "none",
    "NEAR_INTENTS_SHIELD_URL": f"http://{NOWHERE}/public/status",
    "NEAR_INTENTS_STATUS_PAGE_URL": f"http://{NOWHERE}/api/posts?is_featured=true",
}
"""Valid settings; every endpoint is a loopback port on which nobody listens."""


def run(
    *arguments: str, cwd: Path, environ: Mapping[str, str] | None = None, timeout_s: float = 30
) -> "subprocess.CompletedProcess[str]":
    """Run ``cockpit`` to its end with none of this machine's settings but ``environ``."""
    given = {"COCKPIT_STATE_DIR": str(cwd / "state"), **(environ or {})}
    return subprocess.run(
        [sys.executable, "-m", "cockpit", *arguments],
        cwd=cwd,
        env=bare_environment(**given),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def env_file(directory: Path, settings: Mapping[str, str], mode: int = 0o600, name: str = ".env") -> Path:
    path = directory / name
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{key}={value}\n" for key, value in settings.items())
    path.chmod(mode)
    return path
