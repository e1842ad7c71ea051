"""What the settings accept and refuse, and their messages."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from cockpit.config.errors import SettingsError
from cockpit.config.paths import default_keys_file
from cockpit.config.pricing_presets import DEFAULT, PRESETS
from cockpit.config.settings import NAMES, SECRET_NAMES, Settings, load
from cockpit.model.commands import Limits
from tests.support.settings import PAIR, SEED, environ, key, loopback


def problems(given: Mapping[str, str], env_file: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(env_file, given)
    assert str(caught.value).split("\n") == list(caught.value.problems)
    return caught.value.problems


def test_three_values_are_enough() -> None:
    settings = load(None, environ())
    assert settings.account_id == "maker.near"
    assert settings.api_key.reveal() == "token-in-one-word"
    assert settings.signer_private_key.reveal() == key(PAIR)
    assert settings.state_dir == Path("/home/maker/.local/state/near-cockpit")
    assert settings.max_notional_eure == Decimal(5)
    assert settings.near_rpc_urls == ("https://rpc.mainnet.near.org", "https://free.rpc.fastnear.com")
    assert settings.limits() == Limits(
        min_notional_eure=Decimal("0.5"),
        max_promised_eure=Decimal(175),
        max_signed_eure=Decimal(1_750),
        min_edge_bps=Decimal(3),
    )


def test_every_missing_setting_is_reported_at_once() -> None:
    found = problems({})
    assert [line.split()[:3] for line in found] == [
        ["NEAR_INTENTS_API_KEY", "is", "missing:"],
        ["NEAR_INTENTS_ACCOUNT_ID", "is", "missing:"],
        ["NEAR_INTENTS_SIGNER_PRIVATE_KEY", "is", "missing:"],
    ]


def test_an_empty_value_is_a_missing_one() -> None:
    found = problems(environ(NEAR_INTENTS_API_KEY="  "))
    assert found == ("NEAR_INTENTS_API_KEY is missing: expected the bearer token of the Solver Relay",)
    assert load(None, environ(STRATEGY_HALF_SPREAD_BPS="")).half_spread_bps == Decimal("5.5")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("NEAR_INTENTS_API_KEY", "two words", "one word of printable ASCII"),
        ("NEAR_INTENTS_ACCOUNT_ID", "Maker.near", "a NEAR account id"),
        ("NEAR_INTENTS_ACCOUNT_ID", "m", "2 to 64"),
        ("NEAR_INTENTS_ACCOUNT_ID", "maker..near", "a NEAR account id"),
        ("NEAR_INTENTS_ACCOUNT_ID", "a" * 65, "2 to 64"),
        ("NEAR_INTENTS_ACCOUNT_ID", "\u0663\u0663.near", "a NEAR account id"),
        ("TRADING_BTC_WITHDRAW_ADDRESS", "bc1q; rm", "an address"),
        ("STRATEGY_MAX_NOTIONAL_EURE", "0", "above 0"),
        ("STRATEGY_MAX_NOTIONAL_EURE", "NaN", "above 0"),
        ("STRATEGY_MAX_NOTIONAL_EURE", "five", "EURe"),
        ("STRATEGY_TARGET_BTC_SHARE", "1.01", "from 0 to 1"),
        ("STRATEGY_HALF_SPREAD_BPS", "-1", "bps from 0 to 5000"),
        ("REFERENCE_MIN_SOURCES", "4", "from 1 to 3"),
        ("REFERENCE_MAX_DIVERGENCE_BPS", "0", "above 0"),
        ("QUOTE_DEADLINE_MS", "1.5", "a whole number of milliseconds"),
        ("COCKPIT_PAINT_HZ", "5", "from 1 to 4"),
        ("COCKPIT_LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING or ERROR"),
        ("COCKPIT_STATE_DIR", "state", "an absolute path"),
        ("COCKPIT_STATE_DIR", "/" + "d" * 100, "short enough for a socket"),
        ("COCKPIT_KEYS_FILE", "keys.toml", "an absolute path of a file"),
        ("NEAR_RPC_URL", " , ", "one or more URLs"),
        ("NEAR_RPC_URL", "https://a.example,ftp://b.example", "https://"),
        ("NEAR_RPC_URL", "https://user:word@a.example", "no user, no password"),
        ("REFERENCE_KRAKEN_WS_URL", "https://ws.kraken.com/v2", "wss://"),
        ("NEAR_INTENTS_BRIDGE_URL", "https://", "names a host"),
        ("NEAR_INTENTS_BRIDGE_URL", "https://a.example:port", "names a host"),
        ("NEAR_INTENTS_SHIELD_URL", "off", "https://"),
        ("NEAR_INTENTS_STATUS_PAGE_URL", "http://status.example", "loopback only"),
    ],
)
def test_a_value_that_cannot_be_used_names_its_variable_and_what_is_expected(
    name: str, value: str, expected: str
) -> None:
    [line] = problems(environ(**{name: value}))
    assert line.startswith(f"{name}: ")
    assert expected in line
    assert len(value) < 9 or value not in line


@pytest.mark.parametrize("account", ["maker.near", "a_b-c.d1.near", "ab", "0" * 64, "intents.near", "0x" + "ab" * 20])
def test_account_ids_of_every_kind_are_accepted(account: str) -> None:
    assert load(None, environ(NEAR_INTENTS_ACCOUNT_ID=account)).account_id == account


def test_the_key_may_be_the_seed_alone() -> None:
    assert load(None, environ(NEAR_INTENTS_SIGNER_PRIVATE_KEY=key(SEED))).signer_private_key.reveal() == key(SEED)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (key(SEED + SEED), "its two halves do not match"),
        (key(SEED[:31]), "64 bytes"),
        (key(PAIR)[8:], "ed25519:"),
        ("secp256k1:" + key(PAIR)[8:], "ed25519:"),
        (key(PAIR)[:-1] + "0", "base58"),
        ("ed25519:" + "2" * 5_000, "base58"),
    ],
)
def test_a_key_that_cannot_sign_is_refused_without_being_shown(value: str, expected: str) -> None:
    [line] = problems(environ(NEAR_INTENTS_SIGNER_PRIVATE_KEY=value))
    assert line.startswith("NEAR_INTENTS_SIGNER_PRIVATE_KEY: ")
    assert expected in line
    assert value[8:20] not in line


@pytest.mark.parametrize(
    "url",
    [
        "mysql://maker:hunter2@db/history",
        "postgresql://maker:hunter2@db",
        "postgresql://:hunter2@db/history",
        "postgresql://maker:hunter2@db:port/history",
        "postgresql://maker:hunter2@[db/history",
        "postgresql://maker:hunter2@a,b/history?host=a,b",
        "hunter2",
    ],
)
def test_a_postgres_url_that_names_no_database_is_refused_without_being_shown(url: str) -> None:
    [line] = problems(environ(POSTGRES_URL=url))
    assert line.startswith("POSTGRES_URL: expected ")
    assert "hunter2" not in line


def test_a_postgres_url_is_kept_secret() -> None:
    settings = load(None, environ(POSTGRES_URL="postgresql://maker:hunter2@db/history"))
    assert settings.postgres_url is not None
    assert settings.postgres_url.reveal().startswith("postgresql://maker:")
    assert "hunter2" not in repr(settings)


def test_a_quote_that_can_never_earn_enough_is_a_problem_and_one_that_sometimes_can_is_not() -> None:
    spread = {"STRATEGY_HALF_SPREAD_BPS": "10", "STRATEGY_MAX_SKEW_BPS": "5"}
    [line] = problems(environ(**spread, STRATEGY_MIN_EDGE_BPS="15.01"))
    assert line.startswith("STRATEGY_MIN_EDGE_BPS: no quote could reach it; expected at most 15,")
    assert load(None, environ(**spread, STRATEGY_MIN_EDGE_BPS="15")).min_edge_bps == 15


def test_a_preset_of_pricing_gives_every_setting_that_is_not_given() -> None:
    preset = load(None, environ(STRATEGY_PRICING="option", STRATEGY_MAX_SKEW_BPS="25", STRATEGY_VOL_FACTOR=""))
    found = (preset.half_spread_bps, preset.vol_factor, preset.max_skew_bps)
    assert found == tuple(map(Decimal, ("5.5", "0.30", "25")))
    assert (preset.skew_sigmas, preset.min_edge_bps, preset.max_premium_bps) == tuple(map(Decimal, (3, 3, 12)))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_sets_what_it_says_and_one_of_them_is_the_defaults(preset: str) -> None:
    named = load(None, environ(STRATEGY_PRICING=preset))
    assert PRESETS[preset].keys() == PRESETS[DEFAULT].keys()
    for name, value in PRESETS[preset].items():
        assert getattr(named, NAMES[name]) == Decimal(value)
    if preset == DEFAULT:
        assert load(None, environ()) == named


def test_an_unknown_preset_is_refused() -> None:
    assert problems(environ(STRATEGY_PRICING="dear")) == ("STRATEGY_PRICING: expected fixed or option",)


def test_ten_times_what_may_be_committed_may_be_signed_unless_a_setting_says_otherwise() -> None:
    assert load(None, environ()).limits().max_signed_eure == 1_750
    assert load(None, environ(STRATEGY_MAX_PROMISED_EURE="500")).limits().max_signed_eure == 5_000
    both = {"STRATEGY_MAX_PROMISED_EURE": "500", "STRATEGY_MAX_SIGNED_EURE": "500"}
    assert load(None, environ(**both)).limits().max_signed_eure == 500
    assert problems(environ(**both | {"STRATEGY_MAX_SIGNED_EURE": "499.9"})) == (
        "STRATEGY_MAX_SIGNED_EURE: expected at least STRATEGY_MAX_PROMISED_EURE",
    )
    assert load(None, environ(STRATEGY_MAX_PROMISED_EURE="1000000000")).limits().problems() == ()


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({}, 175),
        ({"STRATEGY_MAX_NOTIONAL_EURE": "500"}, 17_500),
        ({"STRATEGY_MAX_NOTIONAL_EURE": "500", "STRATEGY_EXPECTED_NOTIONAL_EURE": "85"}, 2_975),
        ({"STRATEGY_EXPECTED_NOTIONAL_EURE": "85"}, 175),
        ({"STRATEGY_EXPECTED_REQUESTS_PER_MINUTE": "60"}, 1_050),
        ({"QUOTE_DEADLINE_SLACK_MS": "1000", "QUOTE_DEATH_MARGIN_MS": "0"}, 153),
        ({"STRATEGY_EXPECTED_REQUESTS_PER_MINUTE": "0"}, 5),
        ({"STRATEGY_MAX_NOTIONAL_EURE": "1000000000"}, 10**9),
        ({"STRATEGY_MAX_NOTIONAL_EURE": "500", "STRATEGY_MAX_SIGNED_EURE": "2000"}, 2_000),
        ({"STRATEGY_EXPECTED_REQUESTS_PER_MINUTE": "60", "STRATEGY_MAX_PROMISED_EURE": "40.5"}, Decimal("40.5")),
    ],
)
def test_what_may_be_committed_follows_the_expected_requests_unless_it_is_set(
    changes: Mapping[str, str], limit: Decimal | int
) -> None:
    limits = load(None, environ(**changes)).limits()
    assert limits.max_promised_eure == limit
    assert limits.problems() == ()


def test_deadlines_and_ages_must_be_in_order() -> None:
    assert problems(environ(QUOTE_DEADLINE_MS="60001", QUOTE_MAX_DEADLINE_MS="60000")) == (
        "QUOTE_DEADLINE_MS: expected at most QUOTE_MAX_DEADLINE_MS",
    )
    assert problems(environ(INVENTORY_POLL_MS="5000", INVENTORY_MAX_AGE_MS="5000")) == (
        "INVENTORY_POLL_MS: expected less than INVENTORY_MAX_AGE_MS",
    )


@pytest.mark.parametrize(
    "name",
    [
        "STRATEGY_MAX_NOTIONAL_EURE",
        "STRATEGY_MAX_SIGNED_EURE",
        "STRATEGY_MIN_EDGE_BPS",
        "REFERENCE_MAX_AGE_MS",
        "INVENTORY_MAX_AGE_MS",
        "REFERENCE_MAX_DIVERGENCE_BPS",
        "QUOTE_MAX_DEADLINE_MS",
    ],
)
@pytest.mark.parametrize("value", ["-1", "0", "0.001", "1", "100", "1000", "5000", "5001", "600000", "3600001"])
def test_the_limits_of_accepted_settings_are_limits_the_desk_accepts(name: str, value: str) -> None:
    wide = {"STRATEGY_HALF_SPREAD_BPS": "5000", "QUOTE_DEADLINE_MS": "1000", "INVENTORY_POLL_MS": "100"}
    try:
        settings = load(None, environ(**(wide | {name: value})))
    except SettingsError:
        return
    assert settings.limits().problems() == ()


def test_every_endpoint_on_loopback_is_the_sandbox() -> None:
    settings = load(None, loopback())
    assert settings.is_loopback
    assert settings.mode == "SANDBOX"
    assert len(settings.endpoints) == 10


def test_a_source_of_alarms_can_be_switched_off() -> None:
    off = load(None, loopback(NEAR_INTENTS_SHIELD_URL="none", NEAR_INTENTS_STATUS_PAGE_URL="NONE"))
    assert (off.shield_url, off.status_page_url) == (None, None)
    assert (len(off.endpoints), off.mode) == (8, "SANDBOX")


@pytest.mark.parametrize("name", [name for name in loopback() if name.endswith("_URL")])
def test_one_endpoint_elsewhere_makes_it_live(name: str) -> None:
    scheme = "wss" if name.endswith("WS_URL") else "https"
    settings = load(None, loopback(**{name: f"{scheme}://elsewhere.example"}))
    assert not settings.is_loopback
    assert settings.mode == "LIVE"
    assert f"{scheme}://elsewhere.example" in settings.endpoints


def test_one_rpc_of_the_list_elsewhere_makes_it_live() -> None:
    settings = load(None, loopback(NEAR_RPC_URL="http://127.0.0.1:1, https://rpc.example ,http://127.0.0.1:1"))
    assert settings.near_rpc_urls == ("http://127.0.0.1:1", "https://rpc.example")
    assert settings.mode == "LIVE"


@pytest.mark.parametrize(
    "url",
    [
        "ws://relay.example/ws",
        "ws://127.0.0.1.relay.example/ws",
        "ws://localhost.relay.example/ws",
        "ws://10.0.0.1/ws",
        "ws://0.0.0.0/ws",
        "ws://[::ffff:127.0.0.1]/ws",
        "ws://127.0.0.1\\@relay.example/ws",
        "ws://127.0.0.1@relay.example/ws",
        "ws://127.0.0.1\t.relay.example/ws",
        "ws://127.1/ws",
    ],
)
def test_an_unencrypted_url_of_a_host_that_only_looks_like_loopback_is_refused(url: str) -> None:
    [line] = problems(loopback(NEAR_INTENTS_RELAY_WS_URL=url))
    assert line.startswith("NEAR_INTENTS_RELAY_WS_URL: ")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"XDG_STATE_HOME": "/var/xdg"}, "/var/xdg/near-cockpit"),
        ({"XDG_STATE_HOME": "relative"}, "/home/maker/.local/state/near-cockpit"),
        ({"COCKPIT_STATE_DIR": "/srv/desk", "XDG_STATE_HOME": "/var/xdg"}, "/srv/desk"),
        ({"COCKPIT_STATE_DIR": "~/desk"}, "/home/maker/desk"),
    ],
)
def test_the_state_directory(changes: dict[str, str], expected: str) -> None:
    assert load(None, environ(**changes)).state_dir == Path(expected)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "/home/maker/.config/near-cockpit/keys.toml"),
        ({"XDG_CONFIG_HOME": "/etc/xdg"}, "/etc/xdg/near-cockpit/keys.toml"),
        ({"XDG_CONFIG_HOME": "relative"}, "/home/maker/.config/near-cockpit/keys.toml"),
        ({"COCKPIT_KEYS_FILE": "/srv/keys.toml", "XDG_CONFIG_HOME": "/etc/xdg"}, "/srv/keys.toml"),
        ({"COCKPIT_KEYS_FILE": "~/keys.toml"}, "/home/maker/keys.toml"),
    ],
)
def test_the_file_of_keys(changes: dict[str, str], expected: str) -> None:
    assert load(None, environ(**changes)).keys_file == Path(expected)
    assert default_keys_file({"HOME": "/home/maker", **changes}) == Path(expected)


def test_settings_cannot_be_changed_and_do_not_read_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATEGY_MAX_NOTIONAL_EURE", "999")
    settings = load(None, environ())
    assert settings.max_notional_eure == Decimal(5)
    with pytest.raises(ValidationError):
        settings.max_notional_eure = Decimal(6)


def test_every_secret_setting_is_marked_as_secret() -> None:
    hidden = {name for name, field in NAMES.items() if "Secret" in str(Settings.model_fields[field].annotation)}
    assert hidden == SECRET_NAMES


def test_alerts_are_found_in_the_state_directory_or_beside_the_keys(tmp_path: Path) -> None:
    state, config = tmp_path / "state", tmp_path / "config" / "near-cockpit"
    given = {"COCKPIT_STATE_DIR": str(state), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert load(None, environ(**given)).alerts_file is None
    config.mkdir(parents=True)
    (config / "alerts.toml").touch()
    assert load(None, environ(**given)).alerts_file == config / "alerts.toml"
    state.mkdir()
    (state / "alerts.toml").touch()
    assert load(None, environ(**given)).alerts_file == state / "alerts.toml"
    assert load(None, environ(**given, COCKPIT_ALERTS_FILE="none")).alerts_file is None
    assert load(None, environ(**given, COCKPIT_ALERTS_FILE="/srv/a.toml")).alerts_file == Path("/srv/a.toml")


def test_a_sandbox_takes_no_heartbeat_url_of_another_machine_and_shows_none() -> None:
    [line] = problems(loopback(HEARTBEAT_URL="https://hc.example.org/secret-ping"))
    assert line == "HEARTBEAT_URL: in SANDBOX expected a URL of this machine"
    assert load(None, loopback(HEARTBEAT_URL="http://127.0.0.1:9/x")).mode == "SANDBOX"
    [line] = problems(environ(HEARTBEAT_URL="http://hc.example.org/secret-ping"))
    assert "secret-ping" not in line
    [line] = problems(environ(HEARTBEAT_FAIL_URL="https://hc.example.org/fail"))
    assert "HEARTBEAT_URL" in line
