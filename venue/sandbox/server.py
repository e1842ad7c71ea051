"""The whole venue in one process: every endpoint on loopback, with its traders and its ledger behind it."""

import asyncio
import signal
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from venue.assets import BTC
from venue.sandbox.background import Background
from venue.sandbox.bridge import Bridge
from venue.sandbox.config import VenueConfig
from venue.sandbox.control import control_app
from venue.sandbox.exchange_socket import ExchangeSocket, exchange_app
from venue.sandbox.exchanges import ExchangeFeed
from venue.sandbox.faults import Deposit, Exchange, Strikes, Switches
from venue.sandbox.genesis import api_key, balances, open_accounts
from venue.sandbox.hosting import HOST, Host
from venue.sandbox.ledger import Ledger
from venue.sandbox.market import NS, MarketClock, PricePath, RandomWalk, Replay, read_bars
from venue.sandbox.near_rpc import NearRpc
from venue.sandbox.relay import Relay
from venue.sandbox.relay_rpc import RelayRpc
from venue.sandbox.relay_socket import RelaySocket
from venue.sandbox.rpc_apps import bridge_app, near_app, relay_app
from venue.sandbox.schedule import Flow, schedule
from venue.sandbox.seeding import derive, rng
from venue.sandbox.tickers import (
    BITSTAMP_RECONNECT,
    Bitstamp,
    Coinbase,
    Kraken,
    bitstamp_rest,
    coinbase_rest,
    kraken_rest,
)
from venue.sandbox.traders import Rivals, Traders

PULSE_S = 0.1
"""How often deposits are looked at; a block passes every ten pulses."""


def price_path(config: VenueConfig) -> PricePath:
    """The recording the config names, or the seeded random walk; RecordingError when the file is no good."""
    if config.prices is not None:
        return Replay(read_bars(Path(config.prices)), config.speed)
    return RandomWalk(config.seed, config.start_mid, config.speed)


class Venue:
    """One sandbox venue. ``clock`` gives UTC nanoseconds, ``monotonic_ns`` the time the market runs by.

    Raises RecordingError for a bad recording and OSError for a port that is taken.
    """

    def __init__(
        self,
        config: VenueConfig,
        *,
        clock: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._config = config
        self._clock = clock
        self._salts = 0
        self._background = Background()
        self._switches = Switches()
        self._path = price_path(config)
        self._market = MarketClock(monotonic_ns)
        self.ledger = Ledger(clock=clock, fee_pips=config.fee_pips, salt=self._next_salt())
        self._cast = open_accounts(config, self.ledger)
        self._opening = balances(self.ledger)
        self._bridge = Bridge(self.ledger, clock, rng=rng(config.seed, "bridge"))
        self._relay = Relay(
            ledger=self.ledger,
            seed=config.seed,
            clock=clock,
            offset_ns=self._market.offset_ns,
            background=self._background,
            settle_s=config.settle_s,
            flat=config.flat,
        )
        self._rivals = Rivals(
            relay=self._relay,
            ledger=self.ledger,
            seed=config.seed,
            path=self._path,
            wallets=self._cast.rivals,
            clock=clock,
        )
        if config.rivals:
            self._relay.on_open(self._rivals.watch)
        flow = Flow(rate=config.rate, other_pairs=config.other_pairs, median_eur=config.median_eur, sigma=config.sigma)
        self._traders = Traders(
            relay=self._relay,
            ledger=self.ledger,
            seed=config.seed,
            demands=schedule(config.seed, flow, self._path, config.traders),
            wallets=self._cast.traders,
            market=self._market,
            clock=clock,
            background=self._background,
        )
        self._relay_socket = RelaySocket(self._relay, self._switches, api_key=api_key(config.seed), seed=config.seed)
        self._host: Host | None = None

    def _build_host(self) -> Host:
        key = api_key(self._config.seed)
        node = NearRpc(self.ledger)
        twin = NearRpc(self.ledger, transactions=node.transactions, view_errors="error")
        feeds = {
            "kraken": self._feed("kraken", 0.25, Decimal("0.1")),
            "coinbase": self._feed("coinbase", 0.2, Decimal("0.01")),
            "bitstamp": self._feed("bitstamp", 0.3, Decimal("0.01")),
        }
        kraken = ExchangeSocket(feeds["kraken"], Kraken)
        coinbase = ExchangeSocket(feeds["coinbase"], Coinbase)
        self._bitstamp = ExchangeSocket(feeds["bitstamp"], Bitstamp)
        control = control_app(state=self.state, switches=self._switches, traders=self._traders, strike=self._strike)
        return Host(
            {
                "relay": relay_app(self._relay_socket, RelayRpc(self._relay, api_key=key)),
                "near_a": near_app(node.handle, self._switches, "near_a"),
                "near_b": near_app(twin.handle, self._switches, "near_b"),
                "bridge": bridge_app(self._bridge.handle),
                "kraken": exchange_app(kraken, feeds["kraken"], "/v2", "/0/public/Ticker", kraken_rest),
                "coinbase": exchange_app(coinbase, feeds["coinbase"], "/", "/products/BTC-EUR/ticker", coinbase_rest),
                "bitstamp": exchange_app(
                    self._bitstamp, feeds["bitstamp"], "/", "/api/v2/ticker/btceur/", bitstamp_rest
                ),
                "control": control,
            },
            self._config.port,
        )

    def _feed(self, name: Exchange, tick_s: float, step: Decimal) -> ExchangeFeed:
        return ExchangeFeed(
            name,
            seed=self._config.seed,
            tick_s=tick_s,
            step=step,
            path=self._path,
            offset_ns=self._market.offset_ns,
            clock=self._clock,
            switches=self._switches,
        )

    async def start(self) -> None:
        """Open every endpoint, then let the traders ask unless the config starts them paused."""
        self._host = self._build_host()
        await self._host.start()
        self._background.spawn(self._pulse(), "sandbox chain")
        self._background.spawn(self._traders.follow(), "sandbox traders")
        if self._config.deposit_after_s is not None and self._config.deposit_btc > 0:
            self._background.spawn(self._deposit_later(self._config.deposit_after_s), "sandbox deposit")
        if not self._config.start_paused:
            self._traders.run()

    async def stop(self) -> None:
        """Close every connection and end every task."""
        self._traders.pause()
        await self._background.stop()
        if self._host is not None:
            await self._host.stop()

    def env(self) -> dict[str, str]:
        """What a maker's environment holds to trade here, the sandbox's own secrets included."""
        if self._host is None:
            raise RuntimeError("the venue has no addresses before it is started")
        ports = self._host.ports
        http = {name: f"http://{HOST}:{port}" for name, port in ports.items()}
        ws = {name: f"ws://{HOST}:{port}" for name, port in ports.items()}
        return {
            "NEAR_INTENTS_API_KEY": api_key(self._config.seed),
            "NEAR_INTENTS_ACCOUNT_ID": self._cast.maker.account,
            "NEAR_INTENTS_SIGNER_PRIVATE_KEY": self._cast.maker.secret_key(),
            "NEAR_INTENTS_RELAY_WS_URL": ws["relay"] + "/ws",
            "NEAR_INTENTS_RELAY_RPC_URL": http["relay"] + "/rpc",
            "NEAR_INTENTS_BRIDGE_URL": http["bridge"] + "/rpc",
            "NEAR_RPC_URL": f"{http['near_a']},{http['near_b']}",
            "REFERENCE_KRAKEN_WS_URL": ws["kraken"] + "/v2",
            "REFERENCE_COINBASE_WS_URL": ws["coinbase"],
            "REFERENCE_BITSTAMP_WS_URL": ws["bitstamp"],
            "SANDBOX_CONTROL_URL": http["control"],
        }

    def state(self, account: str | None = None) -> dict[str, object]:
        """What the venue holds and has seen; amounts are base units as text. ``account`` narrows the fills."""
        offset_ns = self._market.offset_ns()
        total, active = self._relay.requests.total(), self._relay.active_requests()
        fills = self._relay.settlement.fills
        return {
            "seed": self._config.seed,
            "account": self._cast.maker.account,
            "running": self._traders.running,
            "market": {"offset_ns": offset_ns, "mid": str(self._path.mid_at(offset_ns))},
            "opening": self._opening,
            "balances": balances(self.ledger),
            "fills": [msgspec.to_builtins(fill) for fill in fills if account in (None, fill.account)],
            "deposits": [
                {
                    "account": deposit.account,
                    "token_id": deposit.token.asset.token_id,
                    "amount": str(deposit.amount),
                    "status": deposit.status,
                }
                for deposit in self._bridge.deposits
            ],
            "requests": {
                "total": total,
                "active": active,
                "other": total - active,
                "pairs": [
                    {"asset_in": asset_in, "asset_out": asset_out, "count": count}
                    for (asset_in, asset_out), count in sorted(self._relay.requests.items())
                ],
            },
            "settlements": {name: self._relay.settlement.counts[name] for name in ("settled", "failed")},
            "relay": {
                "connections": self._relay_socket.connections(),
                "quote_subscriptions": self._relay.subscribers("quote"),
                "status_subscriptions": self._relay.subscribers("quote_status"),
                **self._relay.counts,
            },
            "traders": dict(self._traders.counts),
            "rivals": dict(self._rivals.counts),
            "faults": msgspec.to_builtins(self._switches.faults),
            "failures": self._background.failures + (self._host.failures if self._host else 0),
        }

    def _strike(self, strikes: Strikes) -> None:
        if strikes.relay_drop:
            self._relay_socket.drop()
        if strikes.rotate_salt is not None:
            self.ledger.rotate_salt(self._next_salt(), invalidate_old=strikes.rotate_salt == "invalidate_old")
        if strikes.deposit is not None:
            self._deposit(strikes.deposit)
        if strikes.bitstamp_reconnect:
            self._background.spawn(self._bitstamp.tell_all(BITSTAMP_RECONNECT), "bitstamp reconnect")

    def _next_salt(self) -> bytes:
        self._salts += 1
        return derive(self._config.seed, "salt", self._salts)[:4]

    async def _deposit_later(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        amount, confirm_s = self._config.deposit_btc, self._config.deposit_confirm_s
        self._deposit(Deposit(token_id=BTC.token_id, amount=amount, confirm_after_s=confirm_s))

    def _deposit(self, deposit: Deposit) -> None:
        account = deposit.account or self._cast.maker.account
        confirm_ns = int(deposit.confirm_after_s * NS)
        self._bridge.deposit(account, deposit.token_id, deposit.amount, confirm_after_ns=confirm_ns)

    async def _pulse(self) -> None:
        pulses = 0
        while True:
            await asyncio.sleep(PULSE_S)
            self._bridge.advance(self._clock())
            pulses += 1
            if pulses % 10 == 0:
                self.ledger.advance_block()


async def run(config: VenueConfig, announce: Callable[[Mapping[str, str]], None]) -> None:
    """Run a venue until SIGTERM or SIGINT; ``announce`` gets its environment once every endpoint is open."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    venue = Venue(config)
    await venue.start()
    try:
        announce(venue.env())
        await ended.wait()
    finally:
        await venue.stop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)
