"""A sandbox run: a venue, a desk connected to it, and the directory where both are found again."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from cockpit.config.errors import SettingsError
from cockpit.config.markets import BUILT_IN_ONLY
from cockpit.config.paths import HISTORY_NAME, READ_ONLY_SOCKET_NAME, SOCKET_NAME
from cockpit.config.pricing_presets import preset_of
from cockpit.config.settings import NAMES, load
from cockpit.desk.runtime.state_dir_lock import holder_of
from cockpit.model.errors import NOT_READABLE
from cockpit.processes.errors import ProcessStartError
from cockpit.processes.launch import end_process, is_listening, runs_with, spawn, wait_until_ready
from venue.protocol.tokens import TokenTable

LATEST = "latest"
VENUE_ENV = "venue.env"
DESK_ENV = "desk.env"
PIDS = "pids.json"

DESK_SETTINGS: Mapping[str, str] = {
    "STRATEGY_MAX_NOTIONAL_EURE": "500",
    "STRATEGY_MAX_PROMISED_EURE": "20000",
    "STRATEGY_MAX_QUOTES_PER_SECOND": "1000",
    "STRATEGY_MAX_FILLS_PER_HOUR": "10000",
    "STRATEGY_MAX_LOSS_PER_DAY_EURE": "500",
    "INVENTORY_POLL_MS": "2000",
    "ALARMS_POLL_MS": "5000",
    "WITHDRAWAL_COOLING_MS": "30000",
    "TRADING_BTC_WITHDRAW_ADDRESS": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "TRADING_EURE_WITHDRAW_ADDRESS": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
}
"""A sandbox desk quotes larger than a first live run would, and new destinations cool off for half a
minute only: no money is at risk. The two destinations are the examples of BIP 173 and EIP 55."""


REAL_ONLY = ("POSTGRES_URL", "HEARTBEAT_URL", "HEARTBEAT_FAIL_URL", "METRICS_ADDRESS")
"""Settings of the operator that a sandbox never has: neither is it recorded, watched nor scraped as the real desk."""
CREDENTIALS = ("NEAR_INTENTS_API_KEY", "NEAR_INTENTS_ACCOUNT_ID", "NEAR_INTENTS_SIGNER_PRIVATE_KEY")
NOT_LOOPBACK = "a sandbox uses loopback only, but the settings name an endpoint that is not on loopback; remove it"
_PLACEHOLDERS: Mapping[str, str] = {
    "NEAR_INTENTS_API_KEY": "sandbox",
    "NEAR_INTENTS_ACCOUNT_ID": "maker.sandbox.near",
    "NEAR_INTENTS_SIGNER_PRIVATE_KEY": f"ed25519:{'1' * 32}",
    "NEAR_INTENTS_RELAY_WS_URL": "ws://127.0.0.1",
    "NEAR_INTENTS_RELAY_RPC_URL": "http://127.0.0.1",
    "NEAR_INTENTS_BRIDGE_URL": "http://127.0.0.1",
    "OMNI_API_URL": "http://127.0.0.1",
    "NEAR_RPC_URL": "http://127.0.0.1",
    "REFERENCE_KRAKEN_WS_URL": "ws://127.0.0.1",
    "REFERENCE_COINBASE_WS_URL": "ws://127.0.0.1",
    "REFERENCE_BITSTAMP_WS_URL": "ws://127.0.0.1",
    "NEAR_INTENTS_SHIELD_URL": "http://127.0.0.1",
    "NEAR_INTENTS_STATUS_PAGE_URL": "http://127.0.0.1",
}
"""Values like those that a venue announces, to check an operator's settings before anything is started."""


class ProcessIds(msgspec.Struct, frozen=True, kw_only=True):
    """The processes of a sandbox run; ``desk`` is 0 before it is started.

    ``launcher``: who started them, and whether it ends them itself (``headless``).
    """

    venue: int
    desk: int = 0
    launcher: int = 0
    headless: bool = False


LIKE_PRODUCTION = ("pace=production", "status_after_s=3", "margin_s=10")
"""Venue settings of a rehearsal: settlements and the relay's index take as long as at the real venue, and
holders of quotes allow for it."""


class VenueFlags(msgspec.Struct, frozen=True, kw_only=True):
    """Options of ``cockpit venue``; None leaves the venue's default. ``balances``: ``SYMBOL=AMOUNT`` each,
    ``settings``: ``NAME=VALUE``.
    """

    seed: int | None = None
    rate: float | None = None
    other_pairs: float | None = None
    speed: float | None = None
    prices: str | None = None
    funded: str | None = None
    credited: str | None = None
    legacy_share: float | None = None
    markets: str | None = None
    record: str | None = None
    scenario: str | None = None
    market: str | None = None
    takers: str | None = None
    dry: float | None = None
    rivals: str | None = None
    partners: str | None = None
    one_sided: float | None = None
    long_lives: float | None = None
    pairs: str | None = None
    balances: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        given = msgspec.structs.asdict(self)
        repeated = [("balance", one) for one in given.pop("balances")] + [("set", one) for one in given.pop("settings")]
        return [
            word
            for name, value in (*given.items(), *repeated)
            if value is not None
            for word in (f"--{name.replace('_', '-')}", str(value))
        ]


def check_settings(root: Path, flags: VenueFlags, own: Mapping[str, str]) -> None:
    """Raise SettingsError if no sandbox can run under ``root`` with the operator's ``own`` settings."""
    if not load(None, _settings(root / new_name(), _PLACEHOLDERS, own, flags.markets)).is_loopback:
        raise SettingsError((NOT_LOOPBACK,))


class SandboxRun:
    """One sandbox in its own directory under ``root``; ``latest`` points to the newest."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @classmethod
    def running(cls, root: Path) -> "SandboxRun | None":
        """Return the newest run whose desk still answers, even if a later one has ended since."""
        names = sorted((path.parent.name for path in root.glob(f"*/{SOCKET_NAME}")), reverse=True)
        found = (cls(root / name) for name in names if name != LATEST)
        return next((run for run in found if is_listening(run.socket_path)), None)

    @classmethod
    def newest(cls, root: Path) -> "SandboxRun":
        """Return the newest run that is running, or else the newest that was started, whether or not there is one."""
        return cls.running(root) or cls(root / LATEST)

    @classmethod
    def new(cls, root: Path, name: str) -> "SandboxRun":
        """Create the directory of a new run and point ``latest`` to it."""
        directory = root / name
        directory.mkdir(mode=0o700, parents=True)
        pointer = root / f".{name}"
        pointer.symlink_to(name)
        pointer.replace(root / LATEST)
        return cls(directory)

    @classmethod
    def crashed(cls, root: Path) -> "list[SandboxRun]":
        """Return the runs whose venue still runs without a desk, and that nobody is starting or ending; newest first.

        Its balances are the venue's: while that runs, a desk can go on with the same history.
        """
        names = sorted((path.parent.name for path in root.glob(f"*/{PIDS}")), reverse=True)
        return [run for name in names if name != LATEST and (run := cls(root / name)).has_lost_its_desk()]

    def has_lost_its_desk(self) -> bool:
        pids = self._pids_if_readable()
        if pids is None or not self.venue_runs() or is_listening(self.socket_path):
            return False
        if runs_with(pids.desk, str(self.directory / DESK_ENV)):
            return False
        # A desk that is still to come, or a headless run that ends its venue in a moment.
        busy = (pids.headless or not pids.desk) and runs_with(pids.launcher, "sandbox")
        return not busy

    def venue_runs(self) -> bool:
        """Return whether the venue still runs; a number that another process has now does not count."""
        pids = self._pids_if_readable()
        return pids is not None and runs_with(pids.venue, str(self.directory / VENUE_ENV))

    def _pids_if_readable(self) -> ProcessIds | None:
        try:
            return self.pids()
        except (OSError, *NOT_READABLE):
            return None

    @property
    def socket_path(self) -> Path:
        return self.directory / SOCKET_NAME

    @property
    def read_only_socket_path(self) -> Path:
        return self.directory / READ_ONLY_SOCKET_NAME

    @property
    def history_path(self) -> Path:
        return self.directory / HISTORY_NAME

    def venue_env(self) -> dict[str, str]:
        """Return the venue's addresses and the maker's credentials, as it announced them."""
        lines = (self.directory / VENUE_ENV).read_text("utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    def _write_pids(self, pids: ProcessIds) -> None:
        with os.fdopen(os.open(self.directory / PIDS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(pids))

    def pids(self) -> ProcessIds:
        return msgspec.json.decode((self.directory / PIDS).read_bytes(), type=ProcessIds)

    async def start(
        self, flags: VenueFlags, environ: Mapping[str, str], own: Mapping[str, str], *, headless: bool = False
    ) -> None:
        """Start venue and desk. Raises ProcessStartError if either does not start; the other is then ended.

        ``own`` are the operator's settings to use; account, key and token stay the sandbox's. ``environ`` must hold
        none of the program's settings: they would override these. ``headless``: this process ends both.
        """
        venue_log, venue_env = self.directory / "venue.log", self.directory / VENUE_ENV
        venue = spawn(["venue", "--write-env", str(venue_env), *flags.arguments()], venue_log, environ)
        try:
            pids = ProcessIds(venue=venue.pid, launcher=os.getpid(), headless=headless)
            self._write_pids(pids)
            await wait_until_ready(venue, "the sandbox venue", venue_log, venue_env.exists)
            self._write_desk_env(own, flags.markets)
            await self._start_desk(pids, environ)
        except BaseException:
            if venue.poll() is None:
                await end_process(venue.pid)
            raise

    async def resume(self, environ: Mapping[str, str]) -> None:
        """Start a desk on the venue and the history of one that has died. Raises ProcessStartError.

        Where another process does so at the same moment, this returns once that desk listens.
        """
        await self._start_desk(msgspec.structs.replace(self.pids(), launcher=os.getpid(), headless=False), environ)

    async def _start_desk(self, pids: ProcessIds, environ: Mapping[str, str]) -> None:
        log = self.directory / "desk.log"
        desk = spawn(["desk", "--env-file", str(self.directory / DESK_ENV)], log, environ)
        self._write_pids(msgspec.structs.replace(pids, desk=desk.pid))
        try:
            await wait_until_ready(desk, "the desk", log, lambda: is_listening(self.socket_path))
        except BaseException:
            if desk.poll() is None:
                await end_process(desk.pid)
            raise
        holder = holder_of(self.directory)
        if holder is not None and holder != desk.pid:
            self._write_pids(msgspec.structs.replace(pids, desk=holder))

    def tokens(self) -> TokenTable:
        """Return the tokens and markets of the run, once it was started."""
        return load(self.directory / DESK_ENV, {}).tokens

    def _write_desk_env(self, own: Mapping[str, str], markets: str | None) -> None:
        venue = self.venue_env()
        settings = _settings(self.directory, venue, own, markets)
        path = self.directory / DESK_ENV
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())
        try:
            if not load(path, {}).is_loopback:
                raise ProcessStartError(NOT_LOOPBACK)
        except SettingsError as exc:
            raise ProcessStartError("; ".join(exc.problems)) from None

    async def end(self) -> list[str]:
        """End desk and venue, the desk first; one sentence for each that did not end."""
        pids = self.pids()
        problems = []
        for name, pid, argument in (("desk", pids.desk, DESK_ENV), ("venue", pids.venue, VENUE_ENV)):
            if runs_with(pid, str(self.directory / argument)) and not await end_process(pid):
                problems.append(f"the {name} (process {pid}) did not end within 10 s; see its log in {self.directory}")
        return problems


def _settings(directory: Path, venue: Mapping[str, str], own: Mapping[str, str], markets: str | None) -> dict[str, str]:
    # A sandbox desk's settings: its defaults, those of a preset that the operator named, the venue's addresses, the
    # operator's own, the venue's credentials. Its history is a file in its directory, never the operator's database,
    # its markets are those of the venue, and it calls nobody.
    settings = {**DESK_SETTINGS, **preset_of(own), **venue, **own, **{name: venue[name] for name in CREDENTIALS}}
    known = {name: value for name, value in settings.items() if name in NAMES and name not in REAL_ONLY}
    return known | {
        "COCKPIT_STATE_DIR": str(directory),
        "COCKPIT_MARKETS_FILE": markets or BUILT_IN_ONLY,
        "COCKPIT_ALERTS_FILE": "none",
    }


def new_name() -> str:
    """Return a directory name for a run that starts now; names sort by time."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{os.getpid()}"
