"""The whole venue in one process: every endpoint, with its traders and its ledger."""

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.types import ASGIApp

from venue.protocol.units import NS_PER_S
from venue.sandbox.assembly import assemble
from venue.sandbox.base.hosting import HttpHost
from venue.sandbox.bridges.omni_api import OmniApi
from venue.sandbox.bridges.rpc import BridgeRpc
from venue.sandbox.config import VenueConfig
from venue.sandbox.control import control_app
from venue.sandbox.control_views import balances, chains_view, overview
from venue.sandbox.exchanges.exchanges import Exchanges
from venue.sandbox.flow.guests import Guest
from venue.sandbox.http_apps import alarm_app, bridge_app, near_app, omni_app, relay_app
from venue.sandbox.near.rpc import NearRpc
from venue.sandbox.operations import Operations
from venue.sandbox.recording.frame_log import Sink
from venue.sandbox.recording.tap import Tap
from venue.sandbox.relay.bearer_tokens import BearerTokens
from venue.sandbox.relay.rpc import RelayRpc
from venue.sandbox.relay.websocket import RelaySocket
from venue.sandbox.scenario.model import Scenario
from venue.sandbox.scenario.player import Player
from venue.sandbox.scenario.timeline import price_moves
from venue.sandbox.serving import addresses
from venue.sandbox.serving.certificates import Certificate, MadeCertificate
from venue.sandbox.verifier.ledger import Ledger


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What a client needs of a started venue, with the sandbox's own secrets.

    ``env``: the settings of a maker. ``hosts``: how the venue is reached; the URLs name the first. ``authority``: the
    file that clients trust, None without a certificate of the venue's own.
    """

    env: Mapping[str, str]
    urls: Mapping[str, str]
    guests: Sequence[Guest]
    hosts: Sequence[str]
    authority: Path | None = None


class Venue:
    """One sandbox venue. ``clock`` gives UTC nanoseconds, ``monotonic_ns`` the time that the market runs by; ``sink``
    gets every frame of every endpoint, and ``scenario`` is played.

    Raises RecordingError for an invalid recording.
    """

    def __init__(
        self,
        config: VenueConfig,
        *,
        clock: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        sink: Sink | None = None,
        scenario: Scenario | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._parts = assemble(
            config,
            clock=clock,
            monotonic_ns=monotonic_ns,
            moves=() if scenario is None else price_moves(scenario),
            later=() if scenario is None else scenario.flows(config),
        )
        self._tokens = BearerTokens(config.seed, self._parts.clock, life_s=config.token_life_s)
        self._relay_socket = RelaySocket(self._parts.relay, self._parts.faults, tokens=self._tokens, seed=config.seed)
        self._exchanges = Exchanges(
            config, self._parts.path, offset_ns=self._parts.market.offset_ns, clock=clock, faults=self._parts.faults
        )
        self._operations = Operations(
            self._parts, drop_connections=self._relay_socket.drop, reconnect_bitstamp=self._reconnect_bitstamp
        )
        self._player = None if scenario is None else Player(scenario, self._operations, self._parts.traders.started)
        self._opening = balances(self._parts.ledger)
        self._host: HttpHost | None = None
        self._made: MadeCertificate | None = None
        self._sink = sink

    @property
    def ledger(self) -> Ledger:
        return self._parts.ledger

    async def start(self) -> None:
        """Open every endpoint, then start the traders unless the config pauses them.

        Raises OSError when a port is taken or a certificate cannot be used.
        """
        certificate = self._certificate()
        try:
            self._host = HttpHost(
                self.apps(),
                self._config.port,
                self._stated_time_ns,
                at=addresses.resolved(self._config.host),
                context=None if certificate is None else certificate.context(),
            )
            await self._host.start()
        except BaseException:
            self._remove_certificate()
            raise
        if self._made is not None:
            self._made.forget_key()
        self.begin()

    def begin(self) -> None:
        """Let happen what happens without an endpoint."""
        if self._player is not None:
            self._parts.background.spawn(self._player.play(), "scenario")
        self._parts.background.spawn(self._exchanges.run(), "sandbox exchanges")
        self._operations.run()

    def end(self) -> None:
        """Have ``ended`` return, as a scenario does whose venue ends."""
        self._operations.end()

    async def ended(self) -> None:
        """Wait until somebody says that the venue is to end."""
        await self._operations.ended.wait()

    async def stop(self) -> None:
        await self._operations.stop()
        if self._host is not None:
            await self._host.stop()
        self._remove_certificate()

    def _certificate(self) -> Certificate | None:
        config = self._config
        if config.tls_cert is not None and config.tls_key is not None:
            return Certificate(chain=Path(config.tls_cert), key=Path(config.tls_key))
        if not config.tls:
            return None
        hosts = (*addresses.usable(config.host), "localhost", socket.gethostname(), "127.0.0.1", "::1")
        self._made = MadeCertificate(hosts, datetime.fromtimestamp(self._clock() / NS_PER_S, UTC))
        return self._made.certificate

    def _remove_certificate(self) -> None:
        if self._made is not None:
            self._made.remove()

    def ready(self) -> Ready:
        """Return what a client needs, once the venue is started."""
        return Ready(
            env=self.env(),
            urls=self._urls(),
            guests=self._operations.guests,
            hosts=addresses.usable(self._config.host),
            authority=None if self._made is None else self._made.certificate.authority,
        )

    def _urls(self) -> dict[str, str]:
        if self._host is None:
            raise RuntimeError("start the venue first: it has no addresses yet")
        secure = self._config.tls or self._config.tls_cert is not None
        return addresses.urls(addresses.usable(self._config.host)[0], self._host.ports, secure=secure)

    def credentials(self) -> dict[str, str]:
        """Return the maker's token, account and key: the sandbox's own secrets."""
        maker = self._parts.participants.maker
        return {
            "NEAR_INTENTS_API_KEY": self._tokens.first,
            "NEAR_INTENTS_ACCOUNT_ID": maker.account,
            "NEAR_INTENTS_SIGNER_PRIVATE_KEY": maker.secret_key(),
        }

    def env(self) -> dict[str, str]:
        """Return the environment a maker needs to trade here, with the sandbox's own secrets, once it is started."""
        return self.credentials() | addresses.settings(self._urls())

    def apply_faults(self, body: Mapping[str, object]) -> None:
        """Switch faults on, by their names. Raises ValueError and changes nothing for what cannot be."""
        self._operations.apply_faults(body)

    def state(self, account: str | None = None) -> dict[str, object]:
        """Return what the venue holds and has seen; ``account`` narrows the fills to its own."""
        found = overview(
            self._parts,
            opening=self._opening,
            connections=self._relay_socket.connections(),
            failures=self._parts.background.failures + (self._host.failures if self._host else 0),
            account=account,
        )
        if self._sink is not None:
            found["recording"] = msgspec.to_builtins(self._sink.tally)
        if self._player is not None:
            found["scenario"] = self._player.state() | {"asks": dict(self._operations.asker.counts)}
        return found

    def scenario_problems(self) -> tuple[str, ...]:
        """Return the events of the scenario that could not happen at their time."""
        return () if self._player is None else self._player.problems

    def chains(self) -> dict[str, object]:
        return chains_view(self._parts.bridge, self._parts.omni, self.ledger, self._parts.clock())

    def _stated_time_ns(self) -> int:
        return self._parts.clock() + self._parts.faults.skew_ns

    def apps(self) -> dict[str, ASGIApp]:
        """Return every endpoint by its name, in the order of the ports."""
        apps = self._endpoints()
        if self._sink is None:
            return dict(apps)
        tap = Tap(self._sink, self._clock)
        return {name: tap.on(name, app) for name, app in apps.items()}

    def _endpoints(self) -> dict[str, Starlette]:
        parts = self._parts
        faults, background = parts.faults, parts.background
        node = NearRpc(parts.ledger, name="near_a", faults=faults)
        twin = NearRpc(
            parts.ledger,
            transactions=node.transactions,
            view_errors="error",
            name="near_b",
            faults=faults,
        )
        bridge = BridgeRpc(parts.bridge, parts.clock)
        config = parts.config
        relay = RelayRpc(parts.relay, tokens=self._tokens, faults=faults, needs_key=not config.rpc_open)
        return {
            "relay": relay_app(self._relay_socket, relay, faults, background),
            "near_a": near_app(node.handle, faults, "near_a", background),
            "near_b": near_app(twin.handle, faults, "near_b", background),
            "bridge": bridge_app(bridge.handle, faults, status=config.bridge_http),
            "omni": omni_app(OmniApi(parts.omni, parts.clock), faults),
            **self._exchanges.apps(),
            "control": control_app(
                state=self.state,
                chains=self.chains,
                faults=faults,
                traders=parts.traders,
                trigger=self._operations.trigger,
                issue_token=self._tokens.issue,
                forward=self._operations.forward,
                alarms=parts.alarms,
                open_account=self._operations.open_account,
                ask=self._operations.asker.ask,
            ),
            "alarms": alarm_app(parts.alarms, faults),
        }

    def _reconnect_bitstamp(self) -> None:
        self._parts.background.spawn(self._exchanges.ask_to_reconnect(), "bitstamp reconnect")
