"""The job that the page of the sandbox shows for GitHub Actions does what it says, with a small solver of the test."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from docs.make.pictures import DOCS

ROOT = Path(__file__).parents[2]
SOLVER = (
    f"#!{sys.executable} -P\n"
    + """
import asyncio, json, os, time
from tests.support.sandbox.maker import Signer
from venue.protocol.tokens import EURE, NBTC
from websockets.asyncio.client import connect
import urllib.request, base64

def salt():
    args = base64.b64encode(b"{}").decode()
    query = {"request_type": "call_function", "finality": "final", "account_id": "intents.near",
             "method_name": "current_salt", "args_base64": args}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "query", "params": query}).encode()
    url = os.environ["NEAR_RPC_URL"].split(",")[0]
    call = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    return bytes.fromhex(json.loads(bytes(json.load(urllib.request.urlopen(call))["result"]["result"])))

async def main():
    signer = Signer(os.environ["NEAR_INTENTS_ACCOUNT_ID"], os.environ["NEAR_INTENTS_SIGNER_PRIVATE_KEY"])
    headers = {"Authorization": "Bearer " + os.environ["NEAR_INTENTS_API_KEY"]}
    now = salt()
    async with connect(os.environ["NEAR_INTENTS_RELAY_WS_URL"], additional_headers=headers) as socket:
        await socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": ["quote"]}))
        async for frame in socket:
            asked = json.loads(frame).get("params", {}).get("data", {})
            if asked.get("defuse_asset_identifier_in") != NBTC.token_id or "exact_amount_in" not in asked:
                continue
            taken = int(asked["exact_amount_in"])
            given = taken * 80_500 * 10**10
            deadline = int(time.time() * 1000) + 300_000
            signed = signer.diff({NBTC.token_id: taken, EURE.token_id: -given}, now, deadline)[1]
            answer = {"quote_id": asked["quote_id"], "quote_output": {"amount_out": str(given)}, "signed_data": signed}
            await socket.send(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "quote_response", "params": [answer]}))

async def until_filled():
    url = os.environ["SANDBOX_CONTROL_URL"] + "/state?account=" + os.environ["NEAR_INTENTS_ACCOUNT_ID"]
    while not json.load(await asyncio.to_thread(urllib.request.urlopen, url))["fills"]:
        await asyncio.sleep(0.5)

async def both():
    quoting = asyncio.create_task(main())
    await asyncio.wait((quoting, asyncio.create_task(until_filled())), return_when=asyncio.FIRST_COMPLETED)
    quoting.cancel()

asyncio.run(both())
"""
)


def steps() -> list[str]:
    """What the job runs, without the checkout and the installation."""
    job = re.search(r"```yaml\n(jobs:.+?)```", (DOCS / "sandbox.md").read_text("utf-8"), re.DOTALL)
    assert job is not None
    found = re.findall(r"^      - run: (?:\|\n((?: {10}.*\n)+)|(.+)$)", job[1], re.MULTILINE)
    return [textwrap.dedent(block) or line for block, line in found if "pip install" not in line]


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("jq") is None, reason="the job calls jq, which a runner of GitHub has and this machine has not"
)
def test_the_job_of_the_page_finds_the_fills_of_a_solver(tmp_path: Path) -> None:
    start, solve, check = steps()
    solver = tmp_path / "your-solver"
    solver.write_text(SOLVER)
    solver.chmod(0o700)
    # Each step is a shell of its own; the runner reads this file between two of them.
    github, pid = tmp_path / "github.env", tmp_path / "venue.pid"
    github.touch()
    environ = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "GITHUB_ENV": str(github),
    }
    ran = start.replace("venue.log &\n", f"venue.log &\necho $! > {pid}\n").replace("--rate 20", "--rate 20 --seed 3")

    def step(script: str) -> subprocess.CompletedProcess[str]:
        added = dict(line.split("=", 1) for line in github.read_text().splitlines())
        return subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=tmp_path,
            env=environ | added,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    try:
        first = step(ran)
        assert (first.returncode, first.stderr) == (0, "")
        second = step(solve)
        assert (second.returncode, second.stderr) == (0, "")
        third = step(check)
        assert (third.returncode, third.stdout.strip()) == (0, "true")
    finally:
        os.kill(int(pid.read_text()), 15)
