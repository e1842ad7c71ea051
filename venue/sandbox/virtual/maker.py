"""A scripted maker: it prices from an exchange's frames, answers what it can, and asks every source now and then."""

import asyncio
import base64
import json
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from starlette.types import ASGIApp

from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.sandbox.base.seeding import derive
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.rivals import counter_amount
from venue.sandbox.flow.wallet import Wallet
from venue.sandbox.virtual.connections import Socket, get, post

HALF_SPREAD_BPS = Decimal(7)
THINKS_S = 0.004
POLL_S = 2.0
RETRY_S = 1.0
EXTRA_LIFE_NS = 5 * NS_PER_S
EXCHANGES: Mapping[str, tuple[str, object]] = {
    "kraken": ("/v2", {"method": "subscribe", "params": {"channel": "ticker", "symbol": ["BTC/EUR"]}}),
    "coinbase": ("/", {"type": "subscribe", "product_ids": ["BTC-EUR"], "channels": ["ticker", "status"]}),
    "bitstamp": ("/", {"event": "bts:subscribe", "data": {"channel": "order_book_btceur"}}),
}


class ScriptedMaker:
    """Trades as the venue's own maker, from what the endpoints tell it. ``clock`` gives UTC nanoseconds."""

    def __init__(
        self, apps: Mapping[str, ASGIApp], env: Mapping[str, str], config: VenueConfig, clock: Callable[[], int]
    ) -> None:
        self._apps = apps
        self._config = config
        self._clock = clock
        self._token = env["NEAR_INTENTS_API_KEY"]
        account = env["NEAR_INTENTS_ACCOUNT_ID"]
        self._wallet = Wallet(account, derive(config.seed, "key", account), config.contract)
        self._mid: Decimal | None = None
        self._salt: bytes | None = None
        self._calls = 0
        self.counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Trade without end."""
        listening = (self._listen(name, path, call) for name, (path, call) in EXCHANGES.items())
        await asyncio.gather(self._trade(), self._poll(), *listening)

    async def _listen(self, name: str, path: str, call: object) -> None:
        while True:
            socket = Socket(self._apps[name], path, {})
            socket.send(call)
            while (text := await socket.receive()) is not None:
                self._read_price(name, json.loads(text, parse_float=Decimal))
            await asyncio.sleep(RETRY_S)

    def _read_price(self, name: str, message: Any) -> None:
        if name == "kraken" and message.get("channel") == "ticker":
            ticker = message["data"][0]
            self._mid = (Decimal(str(ticker["bid"])) + Decimal(str(ticker["ask"]))) / 2

    async def _poll(self) -> None:
        tokens = [token.token_id for token in self._config.tokens.tokens]
        account = {"account_id": self._wallet.account}
        while True:
            node = ("near_a", "near_b")[self._calls % 2]
            salt = await self._view(node, "current_salt", {})
            if isinstance(salt, str):
                self._salt = bytes.fromhex(salt)
            await self._view(node, "mt_batch_balance_of", {**account, "token_ids": tokens})
            await post(self._apps[node], "/", self._call("block", {"finality": "final"}))
            await post(self._apps["bridge"], "/rpc", self._call("recent_deposits", [account]))
            await get(self._apps["alarms"], "/public/status")
            await get(self._apps["omni"], "/api/v3/transfers/transfer?transaction_hash=none")
            await asyncio.sleep(POLL_S)

    async def _view(self, node: str, method: str, args: object) -> object:
        params = {
            "request_type": "call_function",
            "finality": "final",
            "account_id": self._config.contract,
            "method_name": method,
            "args_base64": base64.b64encode(json.dumps(args).encode()).decode(),
        }
        try:
            answer = json.loads(await post(self._apps[node], "/", self._call("query", params)))
            return json.loads(bytes(answer["result"]["result"]))
        except (ValueError, KeyError, TypeError):
            self.counts["unreadable answers"] += 1
            return None

    def _call(self, method: str, params: object) -> dict[str, object]:
        self._calls += 1
        return {"jsonrpc": "2.0", "id": self._calls, "method": method, "params": params}

    async def _trade(self) -> None:
        while True:
            socket = Socket(self._apps["relay"], "/ws", {"authorization": f"Bearer {self._token}"})
            for topic in ("quote", "quote_status"):
                socket.send(self._call("subscribe", [topic]))
            while (text := await socket.receive()) is not None:
                self._hear(socket, json.loads(text))
            self.counts["reconnects"] += 1
            await asyncio.sleep(RETRY_S)

    def _hear(self, socket: Socket, message: Any) -> None:
        if "method" not in message:
            self.counts["accepted" if message.get("result") == "OK" else "other replies"] += 1
            return
        data = message["params"].get("data", message["params"])
        if "quote_hash" in data:
            self.counts["statuses"] += 1
            return
        answer = self._answer(data)
        if answer is not None:
            asyncio.get_running_loop().call_later(THINKS_S, socket.send, self._call("quote_response", [answer]))
            self.counts["answered"] += 1

    def _answer(self, data: Mapping[str, Any]) -> dict[str, object] | None:
        asset_in, asset_out = data["defuse_asset_identifier_in"], data["defuse_asset_identifier_out"]
        market = self._config.tokens.market(asset_in, asset_out)
        if market is None or self._mid is None or self._salt is None:
            return None
        amount_in, amount_out = (
            int(data[name]) if name in data else None for name in ("exact_amount_in", "exact_amount_out")
        )
        counter = counter_amount(
            market,
            asset_in,
            amount_in=amount_in,
            amount_out=amount_out,
            mid=self._mid,
            half_spread_bps=HALF_SPREAD_BPS,
        )
        if counter <= 0:
            return None
        signed = self._wallet.sign_diff(
            gives=(asset_out, counter if amount_out is None else amount_out),
            takes=(asset_in, counter if amount_in is None else amount_in),
            deadline_ns=self._clock() + int(data["min_deadline_ms"]) * NS_PER_MS + EXTRA_LIFE_NS,
            salt=self._salt,
            random=derive(self._config.seed, "scripted maker", data["quote_id"])[:15],
        )
        counter_name = "amount_out" if amount_out is None else "amount_in"
        return {
            "quote_id": data["quote_id"],
            "quote_output": {counter_name: str(counter)},
            "signed_data": signed.data,
        }
