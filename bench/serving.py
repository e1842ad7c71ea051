"""What a request costs the sandbox's venue: requests per second of one core, beside an echo on the same server.

``python -m bench.serving --requests 4000`` asks each kind in turn over keep-alive connections and counts the CPU time
of the venue's process. An auction is a quote with the rivals' answers and the settlement of the best of them.
"""

import argparse
import asyncio
import base64
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from urllib.parse import urlsplit

import msgspec
import psutil

from venue.protocol.tokens import EURE, NBTC
from venue.protocol.units import NS_PER_S
from venue.sandbox.flow.wallet import Wallet
from venue.sandbox.verifier.intents import taker_gives, taker_receives

CONNECTIONS = 16
FEE_PIPS = 1
WARM = 200


class Call(msgspec.Struct, frozen=True):
    """One request: an address, and a body to post or None to get it."""

    url: str
    body: bytes | None
    headers: str = ""


class Connection:
    """One keep-alive connection; it reads answers that state their length."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}

    async def ask(self, call: Call) -> bytes:
        """Return the answer's body."""
        where = urlsplit(call.url)
        if where.netloc not in self._open:
            self._open[where.netloc] = await asyncio.open_connection(where.hostname, where.port)
        reader, writer = self._open[where.netloc]
        path = where.path or "/"
        head = (
            f"{'GET' if call.body is None else 'POST'} {path}?{where.query} HTTP/1.1\r\nHost: venue\r\n{call.headers}"
        )
        if call.body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(call.body)}\r\n"
        writer.write(head.encode() + b"\r\n" + (call.body or b""))
        answered = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answered.partition(b"content-length:")[2].partition(b"\r\n")[0])
        return await reader.readexactly(length)

    async def close(self) -> None:
        for _, writer in self._open.values():
            writer.close()


class Cost(msgspec.Struct, frozen=True):
    """``per_s``: how many of this kind a second of one core serves."""

    kind: str
    per_s: float


class Bench:
    """The kinds of requests to one venue, by its addresses."""

    def __init__(self, env: dict[str, str]) -> None:
        self._env = env
        self._maker = env["NEAR_INTENTS_ACCOUNT_ID"]
        self._bearer = f"Authorization: Bearer {env['NEAR_INTENTS_API_KEY']}\r\n"
        self._near = env["NEAR_RPC_URL"].split(",")[0]
        self._taker = Wallet("bench-taker.near", b"taker".ljust(32))
        self._numbers = count()
        self._salt = b""

    async def prepare(self) -> None:
        """Fund the taker, and read the salt."""
        connection = Connection()
        for symbol, amount in ((NBTC.symbol, "1000"), (EURE.symbol, "80000000")):
            order = {"account": self._taker.account, "public_key": self._taker.public_key, "balances": {symbol: amount}}
            await connection.ask(Call(self._env["SANDBOX_CONTROL_URL"] + "/accounts", json.dumps(order).encode()))
        answer = await connection.ask(self._view("current_salt", {}))
        self._salt = bytes.fromhex(json.loads(bytes(json.loads(answer)["result"]["result"])))
        await connection.close()

    def kinds(self) -> dict[str, Callable[[Connection], Awaitable[object]]]:
        view = self._view(
            "mt_batch_balance_of", {"account_id": self._maker, "token_ids": [NBTC.token_id, EURE.token_id]}
        )
        block = self._node("block", {"finality": "final"})
        status = self._relay("get_status", {"intent_hash": "1" * 44})
        price = Call(
            self._env["REFERENCE_KRAKEN_WS_URL"].replace("ws:", "http:").replace("/v2", "/0/public/Ticker"), None
        )
        return {
            "echo": lambda connection: connection.ask(Call(self._env["ECHO"], view.body)),
            "balances": lambda connection: connection.ask(view),
            "block": lambda connection: connection.ask(block),
            "intent status": lambda connection: connection.ask(status),
            "ticker": lambda connection: connection.ask(price),
            "auction": self._auction,
        }

    async def _auction(self, connection: Connection) -> None:
        """Ask for a quote, and settle the best answer."""
        number = next(self._numbers)
        ask = {
            "defuse_asset_identifier_in": NBTC.token_id,
            "defuse_asset_identifier_out": EURE.token_id,
            "exact_amount_in": str(10_000 + number % 1_000),
            "wait_ms": 200,
        }
        answered = json.loads(await connection.ask(self._relay("quote", ask)))["result"]
        if not answered:
            return
        best = answered[0]
        signed = self._taker.sign_diff(
            gives=(NBTC.token_id, taker_gives(int(best["amount_in"]), FEE_PIPS)),
            takes=(EURE.token_id, taker_receives(int(best["amount_out"]), FEE_PIPS)),
            deadline_ns=4_000_000_000 * NS_PER_S,
            salt=self._salt,
            random=number.to_bytes(15, "big"),
        )
        deal = {"quote_hashes": [best["quote_hash"]], "signed_data": signed.data}
        published = json.loads(await connection.ask(self._relay("publish_intent", deal)))
        if published["result"]["status"] != "OK":
            raise RuntimeError(f"the venue refused a deal: {published['result']}")

    def _node(self, method: str, params: object) -> Call:
        return Call(self._near, json.dumps({"jsonrpc": "2.0", "id": "1", "method": method, "params": params}).encode())

    def _view(self, method: str, arguments: object) -> Call:
        args = base64.b64encode(json.dumps(arguments).encode()).decode()
        query = {"request_type": "call_function", "account_id": "intents.near", "finality": "optimistic"}
        return self._node("query", {**query, "method_name": method, "args_base64": args})

    def _relay(self, method: str, params: object) -> Call:
        body = json.dumps({"jsonrpc": "2.0", "id": "1", "method": method, "params": [params]}).encode()
        return Call(self._env["NEAR_INTENTS_RELAY_RPC_URL"], body, self._bearer)


async def _repeat(act: Callable[[Connection], Awaitable[object]], times: int, at_once: int) -> None:
    left = iter(range(times))

    async def work() -> None:
        connection = Connection()
        for _ in left:
            await act(connection)
        await connection.close()

    await asyncio.gather(*(work() for _ in range(at_once)))


async def measure(requests: int) -> Sequence[Cost]:
    """Start a venue, ask everything, and return what each kind costs, the echo first."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.serving_process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        bench = Bench(json.loads(await process.stdout.readline()))
        await bench.prepare()
        watched = psutil.Process(process.pid)
        found = []
        for kind, act in bench.kinds().items():
            auction = kind == "auction"
            times, at_once = (max(1, requests // 10), 8 * CONNECTIONS) if auction else (requests, CONNECTIONS)
            await _repeat(act, min(WARM, times), CONNECTIONS)
            before = watched.cpu_times()
            await _repeat(act, times, at_once)
            if auction:
                # What was published last settles with a later block.
                await asyncio.sleep(3)
            after = watched.cpu_times()
            used = after.user + after.system - before.user - before.system
            found.append(Cost(kind, times / max(used, 0.01)))
        return found
    finally:
        process.stdin.close()
        await process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=4_000)
    parser.add_argument("--quick", action="store_true", help="a few requests of each kind, to see that it runs")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = asyncio.run(measure(300 if options.quick else options.requests))
    base = found[0].per_s
    if options.json:
        print(json.dumps([{"kind": cost.kind, "per_s": cost.per_s, "of_echo": cost.per_s / base} for cost in found]))
        return
    for cost in found:
        print(f"{cost.kind:14}{cost.per_s:10,.0f} per second of one core{cost.per_s / base:8.2f} of the echo")


if __name__ == "__main__":
    main()
