"""The settings from the environment and ``.env``, checked as a whole before anything starts."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from cockpit.accounting.committed_limit import CommittedRule
from cockpit.config import validators as fields
from cockpit.config.env_file import EnvFile, read_env_file
from cockpit.config.errors import InvalidSettingError, SettingsError
from cockpit.config.loopback_address import LoopbackAddress, loopback_address
from cockpit.config.markets import Markets, load_markets
from cockpit.config.notifications import Means, Occasion
from cockpit.config.paths import (
    HISTORY_NAME,
    INSTANCE_ID_NAME,
    JOURNAL_NAME,
    PRESETS_NAME,
    READ_ONLY_SOCKET_NAME,
    SOCKET_NAME,
    find_alerts_file,
    keys_file_of,
    state_dir_of,
)
from cockpit.config.pricing_presets import DEFAULT, PRESETS, PRICING, Preset, preset_of
from cockpit.config.secret import Secret
from cockpit.config.urls import is_loopback
from cockpit.model.commands import NO_OPTION_LIMIT, SIGNED_OVER_COMMITTED, Limits
from cockpit.model.pricing.pricing_set import MOST_EURE, QuoteLives
from venue.protocol.assets import INTENTS_CONTRACT
from venue.protocol.tokens import OMNI_BRIDGE, TokenTable


def _level(text: str) -> str:
    return text.upper()


Websocket = Annotated[str, BeforeValidator(fields.websocket_url)]
Rpc = Annotated[str, BeforeValidator(fields.rpc_url)]
Address = Annotated[str, BeforeValidator(fields.address)]


def _number(name: str, default: str, low: str, high: str, unit: str = "bps") -> Any:
    return Field(
        default=Decimal(default),
        ge=Decimal(low),
        le=Decimal(high),
        allow_inf_nan=False,
        validation_alias=name,
        description=f"expected a number of {unit} from {low} to {high}",
    )


def _preset(name: str, low: str, high: str, unit: str = "bps") -> Any:
    """A number whose default is that of the default preset of pricing."""
    return _number(name, PRESETS[DEFAULT][name], low, high, unit)


def _eure(name: str, default: str) -> Any:
    return Field(
        default=Decimal(default),
        gt=0,
        le=10**9,
        allow_inf_nan=False,
        validation_alias=name,
        description="expected an amount of EURe above 0 and at most 1000000000",
    )


def _whole(name: str, default: int, low: int, high: int, unit: str = "milliseconds") -> Any:
    return Field(
        default=default,
        ge=low,
        le=high,
        validation_alias=name,
        description=f"expected a whole number of {unit} from {low} to {high}",
    )


class Settings(BaseSettings):
    """Every setting, checked. Ages and times are milliseconds, spreads basis points. Made by ``load()`` only."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, arbitrary_types_allowed=True, validate_default=False
    )

    api_key: Annotated[Secret, BeforeValidator(fields.bearer_token)] = Field(
        validation_alias="NEAR_INTENTS_API_KEY", description="expected the bearer token of the Solver Relay"
    )
    account_id: Annotated[str, BeforeValidator(fields.account_id)] = Field(
        validation_alias="NEAR_INTENTS_ACCOUNT_ID", description="expected the NEAR account that trades"
    )
    signer_private_key: Annotated[Secret, BeforeValidator(fields.private_key)] = Field(
        validation_alias="NEAR_INTENTS_SIGNER_PRIVATE_KEY",
        description="expected ed25519: followed by base58 of 64 or 32 bytes",
    )
    postgres_url: Annotated[Secret | None, BeforeValidator(fields.postgres_url)] = Field(
        default=None, validation_alias="POSTGRES_URL"
    )
    postgres_away_ms: int = _whole("POSTGRES_AWAY_MS", 300_000, 0, 3_600_000)
    history_keep_days: int = _whole("HISTORY_KEEP_DAYS", 90, 0, 36_500, "days")
    price_every_ms: int = _whole("HISTORY_PRICE_EVERY_MS", 1_000, 100, 30_000)
    price_move_bps: Decimal = _number("HISTORY_PRICE_MOVE_BPS", "0", "0", "100")
    btc_withdraw_address: Address | None = Field(default=None, validation_alias="TRADING_BTC_WITHDRAW_ADDRESS")
    eure_withdraw_address: Address | None = Field(default=None, validation_alias="TRADING_EURE_WITHDRAW_ADDRESS")

    relay_ws_url: Websocket = Field(
        default="wss://solver-relay-v2.chaindefuser.com/ws", validation_alias="NEAR_INTENTS_RELAY_WS_URL"
    )
    relay_rpc_url: Rpc = Field(
        default="https://solver-relay-v2.chaindefuser.com/rpc", validation_alias="NEAR_INTENTS_RELAY_RPC_URL"
    )
    bridge_url: Rpc = Field(default="https://bridge.chaindefuser.com/rpc", validation_alias="NEAR_INTENTS_BRIDGE_URL")
    shield_url: Annotated[str | None, BeforeValidator(fields.rpc_url_or_none)] = Field(
        default="https://shield.chaindefuser.com/public/status", validation_alias="NEAR_INTENTS_SHIELD_URL"
    )
    status_page_url: Annotated[str | None, BeforeValidator(fields.rpc_url_or_none)] = Field(
        default="https://status.near-intents.org/api/posts?is_featured=true",
        validation_alias="NEAR_INTENTS_STATUS_PAGE_URL",
    )
    omni_api_url: Rpc = Field(default="https://mainnet.api.bridge.nearone.org", validation_alias="OMNI_API_URL")
    near_rpc_urls: Annotated[tuple[str, ...], BeforeValidator(fields.rpc_urls)] = Field(
        default=("https://rpc.mainnet.near.org", "https://free.rpc.fastnear.com"), validation_alias="NEAR_RPC_URL"
    )
    kraken_ws_url: Websocket = Field(default="wss://ws.kraken.com/v2", validation_alias="REFERENCE_KRAKEN_WS_URL")
    coinbase_ws_url: Websocket = Field(
        default="wss://ws-feed.exchange.coinbase.com", validation_alias="REFERENCE_COINBASE_WS_URL"
    )
    bitstamp_ws_url: Websocket = Field(default="wss://ws.bitstamp.net", validation_alias="REFERENCE_BITSTAMP_WS_URL")

    relay_filter: bool = Field(
        default=True, validation_alias="RELAY_FILTER_REQUESTS", description="expected true or false"
    )
    relay_guaranteed_delivery: bool = Field(
        default=True, validation_alias="RELAY_GUARANTEED_DELIVERY", description="expected true or false"
    )
    relay_instance_id: Annotated[str, BeforeValidator(fields.instance_id)] = Field(
        default="", validation_alias="RELAY_INSTANCE_ID"
    )
    relay_declines: bool = Field(
        default=False, validation_alias="RELAY_SEND_DECLINES", description="expected true or false"
    )

    max_notional_eure: Decimal = _eure("STRATEGY_MAX_NOTIONAL_EURE", "5")
    min_notional_eure: Decimal = _number("STRATEGY_MIN_NOTIONAL_EURE", "0.5", "0", "1000000000")
    max_promised_eure: Decimal | None = Field(
        default=None,
        gt=0,
        le=MOST_EURE,
        allow_inf_nan=False,
        validation_alias="STRATEGY_MAX_PROMISED_EURE",
        description=f"expected an amount of EURe above 0 and at most {MOST_EURE}",
    )
    expected_requests: Decimal = _number(
        "STRATEGY_EXPECTED_REQUESTS_PER_MINUTE", "10", "0", "1000000", "requests a minute"
    )
    expected_notional_eure: Decimal | None = Field(
        default=None,
        gt=0,
        le=MOST_EURE,
        allow_inf_nan=False,
        validation_alias="STRATEGY_EXPECTED_NOTIONAL_EURE",
        description=f"expected an amount of EURe above 0 and at most {MOST_EURE}",
    )
    max_signed_eure: Decimal | None = Field(
        default=None,
        gt=0,
        le=SIGNED_OVER_COMMITTED * 10**9,
        allow_inf_nan=False,
        validation_alias="STRATEGY_MAX_SIGNED_EURE",
        description=f"expected an amount of EURe above 0 and at most {SIGNED_OVER_COMMITTED * 10**9}",
    )
    max_option_eure: Decimal = _eure("STRATEGY_MAX_OPTION_EURE", str(NO_OPTION_LIMIT))
    max_asset_share: Decimal = _number("STRATEGY_MAX_ASSET_SHARE", "0.9", "0.5", "1", "one asset's share")
    max_quotes_per_second: int = _whole("STRATEGY_MAX_QUOTES_PER_SECOND", 50, 1, 100_000, "quotes")
    max_fills_per_hour: int = _whole("STRATEGY_MAX_FILLS_PER_HOUR", 60, 1, 1_000_000, "fills")
    max_loss_per_day_eure: Decimal = _eure("STRATEGY_MAX_LOSS_PER_DAY_EURE", "5")
    pricing: Preset = Field(default=DEFAULT, validation_alias=PRICING, description="expected fixed or option")
    half_spread_bps: Decimal = _preset("STRATEGY_HALF_SPREAD_BPS", "0", "5000")
    vol_factor: Decimal = _preset("STRATEGY_VOL_FACTOR", "0", "5", "standard deviations")
    max_skew_bps: Decimal = _preset("STRATEGY_MAX_SKEW_BPS", "0", "2000")
    skew_sigmas: Decimal = _preset("STRATEGY_SKEW_SIGMAS", "0", "50", "standard deviations")
    max_premium_bps: Decimal = _preset("STRATEGY_MAX_PREMIUM_BPS", "0", "5000")
    unknown_sigma_bps: Decimal = _number("STRATEGY_UNKNOWN_SIGMA_BPS", "12", "1.5", "1000")
    target_btc_share: Decimal = _number("STRATEGY_TARGET_BTC_SHARE", "0.5", "0", "1", "BTC's share")
    min_edge_bps: Decimal = _preset("STRATEGY_MIN_EDGE_BPS", "0", "5000")
    partner_weight: Decimal = _number("STRATEGY_PARTNER_WEIGHT", "0", "0", "1", "parts of the excess")
    partner_shrink: int = _whole("STRATEGY_PARTNER_SHRINK", 100, 1, 100_000, "fills")
    partner_max_bps: Decimal = _number("STRATEGY_PARTNER_MAX_BPS", "15", "0", "1000")
    eure_eur_basis_bps: Decimal = _number("EURE_EUR_BASIS_BPS", "0", "-1000", "1000")

    eure_eur_url: Annotated[str | None, BeforeValidator(fields.rpc_url_or_none)] = Field(
        default=None, validation_alias="EURE_EUR_URL"
    )
    eure_eur_max_off_bps: Decimal = _number("EURE_EUR_MAX_OFF_BPS", "50", "1", "1000")

    reference_max_age_ms: int = _whole("REFERENCE_MAX_AGE_MS", 5_000, 100, 600_000)
    reference_max_divergence_bps: Decimal = Field(
        default=Decimal(50),
        gt=0,
        le=5_000,
        allow_inf_nan=False,
        validation_alias="REFERENCE_MAX_DIVERGENCE_BPS",
        description="expected a number of bps above 0 and at most 5000",
    )
    reference_min_sources: int = _whole("REFERENCE_MIN_SOURCES", 2, 1, 3, "sources")
    inventory_poll_ms: int = _whole("INVENTORY_POLL_MS", 5_000, 100, 600_000)
    inventory_max_age_ms: int = _whole("INVENTORY_MAX_AGE_MS", 20_000, 1_000, 3_600_000)
    remainder_max_loss_eure: Decimal = Field(
        default=Decimal("0.01"),
        ge=0,
        le=10**9,
        allow_inf_nan=False,
        validation_alias="REMAINDER_MAX_LOSS_EURE",
        description="expected an amount of EURe from 0 to 1000000000",
    )
    alarms_poll_ms: int = _whole("ALARMS_POLL_MS", 60_000, 1_000, 120_000)
    quote_deadline_ms: int = _whole("QUOTE_DEADLINE_MS", 0, 0, 3_600_000)
    quote_deadline_slack_ms: int = _whole("QUOTE_DEADLINE_SLACK_MS", 5_000, 1_000, 60_000)
    quote_max_deadline_ms: int = _whole("QUOTE_MAX_DEADLINE_MS", 125_000, 1_000, 3_600_000)
    quote_exact_out_deadline_ms: int = _whole("QUOTE_EXACT_OUT_DEADLINE_MS", 0, 0, 3_600_000)
    quote_request_max_age_ms: int = _whole("QUOTE_REQUEST_MAX_AGE_MS", 3_000, 1_000, 60_000)
    quote_dry_requests: bool = Field(
        default=False, validation_alias="QUOTE_DRY_REQUESTS", description="expected true or false"
    )
    withdrawal_route: Literal["transaction", "intent"] = Field(
        default="transaction", validation_alias="WITHDRAWAL_ROUTE", description="expected transaction or intent"
    )
    withdrawals_stay_open: bool = Field(
        default=False, validation_alias="WITHDRAWALS_STAY_OPEN", description="expected true or false"
    )
    withdrawal_cooling_ms: int = _whole("WITHDRAWAL_COOLING_MS", 600_000, 0, 604_800_000)
    quote_death_margin_ms: int = _whole("QUOTE_DEATH_MARGIN_MS", 5_000, 0, 600_000)

    when_alone: Literal["disarm", "keep", "stop"] = Field(
        default="disarm", validation_alias="DESK_WHEN_ALONE", description="expected disarm, keep or stop"
    )
    alone_ms: int = _whole("DESK_ALONE_MS", 60_000, 1_000, 86_400_000)
    operator_idle_ms: int = _whole("OPERATOR_IDLE_MS", 1_800_000, 0, 86_400_000)
    away_disarm_ms: int = _whole("DESK_AWAY_DISARM_MS", 10_000, 0, 3_600_000)

    venue_check_ms: int = _whole("VENUE_CHECK_MS", 60_000, 100, 600_000)
    shadow_decisions: int = _whole("LIVE_AFTER_SHADOW_DECISIONS", 3, 0, 100_000, "decisions")
    relay_lost_ms: int = _whole("DISARM_RELAY_LOST_MS", 30_000, 0, 3_600_000)
    refusals: int = _whole("DISARM_REFUSALS", 5, 0, 100_000, "refusals")
    refusals_within_ms: int = _whole("DISARM_REFUSALS_WITHIN_MS", 60_000, 1_000, 3_600_000)

    paint_hz: int = _whole("COCKPIT_PAINT_HZ", 4, 1, 4, "pictures a second")
    theme: Annotated[Literal["dark", "light", "16", "colour-blind", "plain"], BeforeValidator(str.lower)] = Field(
        default="dark", validation_alias="COCKPIT_THEME", description="expected dark, light, 16, colour-blind or plain"
    )
    times: Annotated[Literal["utc", "local"], BeforeValidator(str.lower)] = Field(
        default="utc", validation_alias="COCKPIT_TIMES", description="expected utc or local"
    )
    notify: Annotated[tuple[Means, ...], BeforeValidator(fields.words)] = Field(
        default=("bell",),
        validation_alias="COCKPIT_NOTIFY",
        description="expected none, or some of bell, osc9 and osc777, separated by commas",
    )
    notify_on: Annotated[tuple[Occasion, ...], BeforeValidator(fields.words)] = Field(
        default=("fault", "disarm"),
        validation_alias="COCKPIT_NOTIFY_ON",
        description="expected none, or some of fill, fault and disarm, separated by commas",
    )
    alerts_file: Annotated[Path | None, BeforeValidator(fields.file_or_none)] = Field(
        default=None, validation_alias="COCKPIT_ALERTS_FILE"
    )
    heartbeat_url: Annotated[Secret | None, BeforeValidator(fields.secret_url)] = Field(
        default=None, validation_alias="HEARTBEAT_URL"
    )
    heartbeat_fail_url: Annotated[Secret | None, BeforeValidator(fields.secret_url)] = Field(
        default=None, validation_alias="HEARTBEAT_FAIL_URL"
    )
    metrics_address: Annotated[LoopbackAddress | None, BeforeValidator(loopback_address)] = Field(
        default=None, validation_alias="METRICS_ADDRESS"
    )
    state_dir: Annotated[Path, BeforeValidator(fields.directory)] = Field(validation_alias="COCKPIT_STATE_DIR")
    keys_file: Annotated[Path, BeforeValidator(fields.file)] = Field(validation_alias="COCKPIT_KEYS_FILE")
    markets: Markets = Field(default=Markets(), validation_alias="COCKPIT_MARKETS_FILE")
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_level)] = Field(
        default="INFO",
        validation_alias="COCKPIT_LOG_LEVEL",
        description="expected DEBUG, INFO, WARNING or ERROR",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # Only what ``load()`` was given counts, so that this machine does not change a test or a sandbox.
        return (init_settings,)

    @property
    def socket_path(self) -> Path:
        return self.state_dir / SOCKET_NAME

    @property
    def read_only_socket_path(self) -> Path:
        return self.state_dir / READ_ONLY_SOCKET_NAME

    @property
    def history_path(self) -> Path:
        return self.state_dir / HISTORY_NAME

    @property
    def journal_path(self) -> Path:
        """Events that wait while PostgreSQL is unavailable."""
        return self.state_dir / JOURNAL_NAME

    @property
    def presets_files(self) -> tuple[str, ...]:
        """Where the operator's presets of pricing may lie: in the state directory, or beside the file of keys."""
        return str(self.state_dir / PRESETS_NAME), str(self.keys_file.parent / PRESETS_NAME)

    @property
    def tokens(self) -> TokenTable:
        return self.markets.tokens

    @property
    def instance_id_path(self) -> Path:
        return self.state_dir / INSTANCE_ID_NAME

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Every URL that the desk connects to."""
        return (
            self.relay_ws_url,
            self.relay_rpc_url,
            self.bridge_url,
            self.omni_api_url,
            *self.near_rpc_urls,
            self.kraken_ws_url,
            self.coinbase_ws_url,
            self.bitstamp_ws_url,
            *(url for url in (self.shield_url, self.status_page_url, self.eure_eur_url) if url is not None),
        )

    @property
    def is_loopback(self) -> bool:
        return all(is_loopback(url) for url in self.endpoints)

    @property
    def mode(self) -> Literal["SANDBOX", "LIVE"]:
        """SANDBOX only if every endpoint is on this machine."""
        return "SANDBOX" if self.is_loopback else "LIVE"

    @property
    def committed_limit_eure(self) -> Decimal:
        """What may be committed: what is set, or what the expected requests need; whole EURe, up."""
        if self.max_promised_eure is not None:
            return self.max_promised_eure
        return self.committed_rule.limit(self.max_notional_eure, self.lives)

    @property
    def committed_rule(self) -> CommittedRule:
        """How the limit on what is committed follows from sizes and lives where it is not set."""
        return CommittedRule(
            requests=self.expected_requests,
            notional=self.expected_notional_eure,
            margin_ms=self.quote_death_margin_ms,
            signed=self.max_signed_eure,
        )

    @property
    def lives(self) -> QuoteLives:
        return QuoteLives(
            quote_deadline_ms=self.quote_deadline_ms,
            quote_deadline_slack_ms=self.quote_deadline_slack_ms,
            quote_exact_out_deadline_ms=self.quote_exact_out_deadline_ms,
        )

    def limits(self) -> Limits:
        committed = self.committed_limit_eure
        return Limits(
            max_notional_eure=self.max_notional_eure,
            min_notional_eure=self.min_notional_eure,
            max_promised_eure=committed,
            max_signed_eure=committed * SIGNED_OVER_COMMITTED if self.max_signed_eure is None else self.max_signed_eure,
            max_option_eure=self.max_option_eure,
            max_asset_share=self.max_asset_share,
            max_quotes_per_second=self.max_quotes_per_second,
            max_fills_per_hour=self.max_fills_per_hour,
            max_loss_per_day_eure=self.max_loss_per_day_eure,
            min_edge_bps=self.min_edge_bps,
            max_reference_age_ms=self.reference_max_age_ms,
            max_inventory_age_ms=self.inventory_max_age_ms,
            max_divergence_bps=self.reference_max_divergence_bps,
            max_deadline_ms=self.quote_max_deadline_ms,
        )


NAMES: dict[str, str] = {str(field.validation_alias): name for name, field in Settings.model_fields.items()}
"""Every environment variable and the attribute of ``Settings`` it sets."""

STAGE_SERVICES = ("NEAR_INTENTS_RELAY_WS_URL", "NEAR_INTENTS_RELAY_RPC_URL", "NEAR_INTENTS_BRIDGE_URL")
"""Settings that must not name the venue's services while another contract is in use."""

SECRET_NAMES = frozenset(
    {
        "NEAR_INTENTS_API_KEY",
        "NEAR_INTENTS_SIGNER_PRIVATE_KEY",
        "POSTGRES_URL",
        "HEARTBEAT_URL",
        "HEARTBEAT_FAIL_URL",
    }
)


def load(env_file: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read ``environ``, and ``env_file`` where the environment has no value; an empty value counts as missing.

    Raises SettingsError with every problem; a file that other users can read is refused unread.
    """
    file = read_env_file(env_file, NAMES.keys()) if env_file is not None else EnvFile({}, ())
    if file.values is None:
        raise SettingsError(file.problems)
    given = file.values | {name: environ[name] for name in NAMES if environ.get(name, "").strip()}
    state_dir = state_dir_of(given.get("COCKPIT_STATE_DIR", "").strip() or None, environ)
    markets_file = given.get("COCKPIT_MARKETS_FILE", "").strip() or None
    markets, market_problems = load_markets(markets_file, environ, state_dir)
    given = {name: value for name, value in given.items() if value.strip()}
    given = {**markets.stage.services, **preset_of(given), **given}
    values: dict[str, Any] = {
        name: Secret(value.strip()) if name in SECRET_NAMES else value.strip() for name, value in given.items()
    }
    values["COCKPIT_STATE_DIR"] = state_dir
    values["COCKPIT_ALERTS_FILE"] = find_alerts_file(values.get("COCKPIT_ALERTS_FILE"), environ, state_dir)
    values["COCKPIT_MARKETS_FILE"] = markets
    values["COCKPIT_KEYS_FILE"] = keys_file_of(values.get("COCKPIT_KEYS_FILE"), environ)
    settings, problems = _validate(values)
    problems = (*file.problems, *market_problems, *problems)
    if settings is None or problems:
        raise SettingsError(problems)
    return settings


def _validate(values: dict[str, Any]) -> tuple[Settings | None, tuple[str, ...]]:
    # pydantic's error holds the values: it must not outlive this function, not even as a context.
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        problems = [_problem(str(item["loc"][0]), item["type"], item.get("ctx", {}).get("error")) for item in found]
        return None, tuple(dict.fromkeys(problems))
    return settings, _contradictions(settings)


def _problem(name: str, kind: str, error: object) -> str:
    expected = Settings.model_fields[NAMES[name]].description or "the value cannot be used"
    if kind == "missing":
        return f"{name} is missing: {expected}"
    return f"{name}: {error if isinstance(error, InvalidSettingError) else expected}"


def _contradictions(s: Settings) -> tuple[str, ...]:
    """Return problems of values that are valid one by one."""
    found = []
    # Skew takes from one side what it gives to the other, so this sum is the largest edge of any quote.
    if s.half_spread_bps + s.max_skew_bps < s.min_edge_bps:
        found.append(
            f"STRATEGY_MIN_EDGE_BPS: no quote could reach it; expected at most "
            f"{s.half_spread_bps + s.max_skew_bps:f}, STRATEGY_HALF_SPREAD_BPS + STRATEGY_MAX_SKEW_BPS"
        )
    if s.min_notional_eure > s.max_notional_eure:
        found.append("STRATEGY_MIN_NOTIONAL_EURE: expected at most STRATEGY_MAX_NOTIONAL_EURE")
    if s.committed_limit_eure < s.max_notional_eure:
        found.append("STRATEGY_MAX_PROMISED_EURE: expected at least STRATEGY_MAX_NOTIONAL_EURE")
    if s.max_signed_eure is not None and s.max_signed_eure < s.committed_limit_eure:
        found.append("STRATEGY_MAX_SIGNED_EURE: expected at least STRATEGY_MAX_PROMISED_EURE")
    if not 1 - s.max_asset_share <= s.target_btc_share <= s.max_asset_share:
        found.append(
            "STRATEGY_TARGET_BTC_SHARE: expected a target where no asset's share exceeds STRATEGY_MAX_ASSET_SHARE"
        )
    if s.quote_deadline_ms > s.quote_max_deadline_ms:
        found.append("QUOTE_DEADLINE_MS: expected at most QUOTE_MAX_DEADLINE_MS")
    if s.quote_exact_out_deadline_ms > s.quote_max_deadline_ms:
        found.append("QUOTE_EXACT_OUT_DEADLINE_MS: expected at most QUOTE_MAX_DEADLINE_MS")
    stage = s.markets.stage
    for own, used, names in (
        (stage.contract, INTENTS_CONTRACT, STAGE_SERVICES),
        (stage.omni_bridge, OMNI_BRIDGE, ("OMNI_API_URL",)),
    ):
        found += [
            f"{name}: {own} is a stage of its own; name its service in [stage] of {s.markets.path}, or here"
            for name in names
            if own != used and getattr(s, NAMES[name]) == Settings.model_fields[NAMES[name]].default
        ]
    if s.mode == "SANDBOX":
        found += [
            f"{name}: in SANDBOX expected a URL of this machine"
            for name, url in (("HEARTBEAT_URL", s.heartbeat_url), ("HEARTBEAT_FAIL_URL", s.heartbeat_fail_url))
            if url is not None and not is_loopback(url.reveal())
        ]
    if s.heartbeat_fail_url is not None and s.heartbeat_url is None:
        found.append("HEARTBEAT_FAIL_URL: expected HEARTBEAT_URL beside it")
    if s.inventory_poll_ms >= s.inventory_max_age_ms:
        found.append("INVENTORY_POLL_MS: expected less than INVENTORY_MAX_AGE_MS")
    return tuple(found)
