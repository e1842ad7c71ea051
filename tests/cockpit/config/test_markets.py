"""The file of markets: where it is found, what it adds, and every way in which it is refused."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.config.errors import SettingsError
from cockpit.config.market_file import MAX_TOKENS, SERVICES, parse
from cockpit.config.markets import MAX_BYTES, load_markets
from cockpit.config.settings import NAMES, STAGE_SERVICES, Settings, load
from tests.support.settings import environ
from venue.protocol.assets import INTENTS_CONTRACT, Token
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE, EURO, NBTC, OMNI_BRIDGE

EURX = """
[[tokens]]
symbol = "EURx"
near_token = "gnosis-0x1111111111111111111111111111111111111111.omft.near"
underlying = "EUR"
decimals = 6
chain = "eth:100"
bridge = "poa"
"""
QBTC = """
[[tokens]]
symbol = "qBTC"
token_id = "nep141:qbtc.bridge.near"
near_token = "qbtc.bridge.near"
underlying = "BTC"
decimals = 8
chain = "btc:mainnet"
bridge = "omni"
places = 5
"""
STAGE = """
[stage]
contract = "staging-intents.near"
omni_bridge = "omni.staging.near"
relay_ws_url = "wss://relay.stage.example/ws"
relay_rpc_url = "https://relay.stage.example/rpc"
bridge_url = "https://bridge.stage.example/rpc"
omni_api_url = "https://omni.stage.example"
shield_url = "none"
near_rpc_url = "https://rpc.stage.example, https://rpc2.stage.example"
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    directory = tmp_path / "state"
    directory.mkdir()
    return directory


def write(directory: Path, text: str, name: str = "markets.toml") -> Path:
    path = directory / name
    path.write_text(text)
    path.chmod(0o600)
    return path


def settings(state: Path, **changes: str) -> Settings:
    return load(None, environ(COCKPIT_STATE_DIR=str(state), **changes))


def problems(text: str) -> tuple[str, ...]:
    tokens, stage, found = parse(text)
    assert (tokens is None and stage is None) == bool(found)
    return found


def changed(section: str, **lines: str) -> str:
    """Return the section with these keys written differently, or left out where the value is empty."""
    kept = [line for line in section.splitlines() if line.partition(" =")[0] not in lines]
    return "\n".join([*kept, *(f"{key} = {value}" for key, value in lines.items() if value)])


def test_without_a_file_the_built_in_markets_are_in_use(state: Path) -> None:
    loaded = settings(state)
    assert loaded.tokens is DEFAULT_TOKENS
    assert loaded.markets.path is None
    assert loaded.markets.stage.built_in
    assert loaded.markets.stage_note == ""


def test_a_token_of_the_file_is_counted_and_quoted_only_in_its_markets(state: Path) -> None:
    path = write(state, EURX + QBTC + '[[markets]]\nbase = "qbtc"\nquote = "EURe"\n')
    loaded = settings(state)
    assert loaded.markets.path == path
    assert [token.symbol for token in loaded.tokens.tokens] == ["BTC", "nBTC", "EURe", "EURx", "qBTC"]
    assert [market.name for market in loaded.tokens.markets] == ["BTC/EURe", "nBTC/EURe", "qBTC/EURe"]
    eurx = loaded.tokens.by_symbol("EURX")
    assert eurx == Token(
        symbol="EURx",
        token_id="nep141:gnosis-0x1111111111111111111111111111111111111111.omft.near",
        decimals=6,
        chain="eth:100",
        near_token="gnosis-0x1111111111111111111111111111111111111111.omft.near",
        underlying=EURO,
        bridge="poa",
        never_to=OMNI_BRIDGE,
        places=4,
    )
    assert not loaded.tokens.traded(eurx)
    assert eurx.scale == 10**12
    assert eurx.to_decimal(1_500_000) == Decimal("1.5")
    qbtc = loaded.tokens.by_symbol("qBTC")
    assert qbtc is not None
    assert (qbtc.never_to, qbtc.places, qbtc.bridge) == ("qbtc.bridge.near", 5, "omni")
    assert loaded.markets.stage.built_in


def test_a_market_may_be_switched_off_and_a_built_in_token_shown_otherwise() -> None:
    tokens, _, found = parse(
        '[[markets]]\nbase = "BTC"\nquote = "EURe"\nenabled = false\n[[tokens]]\nsymbol = "eure"\nplaces = 4\n'
    )
    assert found == ()
    assert tokens is not None
    assert [market.name for market in tokens.markets] == ["nBTC/EURe"]
    assert tokens.token(EURE.token_id).places == 4
    assert tokens.token(BTC.token_id) == BTC
    assert not tokens.traded(BTC)


def test_at_least_one_market_is_left() -> None:
    off = "".join(
        f'[[markets]]\nbase = "{base}"\nquote = "EURe"\nenabled = false\n' for base in (BTC.symbol, NBTC.symbol)
    )
    assert problems(off) == ("no market is left: enable one",)


def test_the_state_directory_comes_before_the_configuration_directory(state: Path, tmp_path: Path) -> None:
    config = tmp_path / "config" / "near-cockpit"
    config.mkdir(parents=True)
    there = write(config, EURX)
    found = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert settings(state, **found).markets.path == there
    here = write(state, QBTC)
    with pytest.raises(SettingsError) as caught:
        settings(state, **found)
    assert caught.value.problems == (f"there are two files of markets, {here} and {there}; keep one",)
    assert settings(state, COCKPIT_MARKETS_FILE=str(there), **found).markets.path == there
    assert settings(state, COCKPIT_MARKETS_FILE="none", **found).markets.path is None


def test_a_file_that_is_named_must_be_there(state: Path) -> None:
    with pytest.raises(SettingsError, match=r"COCKPIT_MARKETS_FILE: there is no file /nowhere/markets\.toml"):
        settings(state, COCKPIT_MARKETS_FILE="/nowhere/markets.toml")
    with pytest.raises(SettingsError, match="COCKPIT_MARKETS_FILE: expected an absolute path"):
        settings(state, COCKPIT_MARKETS_FILE="markets.toml")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o622, 0o666])
def test_a_file_that_others_may_change_is_refused_with_the_command_that_fixes_it(state: Path, mode: int) -> None:
    path = write(state, EURX)
    path.chmod(mode)
    assert load_markets(str(path), {}, "/s")[1] == (f"{path} can be changed by other users; run chmod go-w {path}",)
    path.chmod(0o644)
    assert load_markets(str(path), {}, "/s")[1] == ()


def test_a_file_of_another_user_is_refused(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(state, EURX)
    owner = path.stat().st_uid
    monkeypatch.setattr("os.geteuid", lambda: owner + 1)
    if owner == 0:
        assert load_markets(str(path), {}, "/s")[1] == ()
    else:
        assert load_markets(str(path), {}, "/s")[1] == (
            f"{path} belongs to another user; run chown {owner + 1} {path}",
        )


def test_what_cannot_be_read_as_a_file_is_refused(state: Path, tmp_path: Path) -> None:
    assert load_markets(str(tmp_path), {}, "/s")[1] == (f"{tmp_path} is not a regular file",)
    path = write(state, "")
    path.write_bytes(b"x = '\xff'")
    assert load_markets(str(path), {}, "/s")[1] == (f"{path} is not UTF-8 text",)
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    assert load_markets(str(path), {}, "/s")[1] == (f"{path} is larger than {MAX_BYTES} bytes",)


def test_what_is_not_toml_is_named_with_its_line() -> None:
    assert problems('[stage]\ncontract = "a.near\n') == (
        "it is not TOML: Illegal character '\\n' (at line 2, column 19)",
    )
    assert problems("a = " + "[" * 30_000) == ("it is nested too deeply",)
    [huge] = problems(f"a = {'9' * 10_000}")
    assert huge.startswith("it is not TOML: ")


@pytest.mark.parametrize(
    ("section", "lines", "expected"),
    [
        (EURX, {"symbol": ""}, "[[tokens]] 1: symbol: is missing"),
        (EURX, {"symbol": '"E\\u001bR"'}, "[[tokens]] 1: symbol: expected 1 to 10 letters, digits and dots"),
        (EURX, {"symbol": '"ABCDEFGHIJK"'}, "[[tokens]] 1: symbol: expected 1 to 10 letters"),
        (EURX, {"symbol": '"1BTC"'}, "a letter first"),
        (EURX, {"symbol": "5"}, "[[tokens]] 1: symbol: expected 1 to 10 letters"),
        (EURX, {"symbol": '"eur"'}, "(eur): symbol: this is the name of an underlying; choose another"),
        (EURX, {"near_token": ""}, "[[tokens]] 1 (EURx): near_token: is missing"),
        (EURX, {"near_token": '"EURX.near"'}, "near_token: expected a NEAR account id"),
        (EURX, {"near_token": '"nbtc.bridge.near"'}, "near_token: nBTC is this token already"),
        (EURX, {"token_id": '"nep141:other.near"'}, "token_id: expected nep141:gnosis-0x1111"),
        (EURX, {"token_id": "7"}, "token_id: expected nep141:gnosis-0x1111"),
        (EURX, {"underlying": ""}, "underlying: is missing"),
        (EURX, {"underlying": '"USD"'}, "underlying: there is no reference price for USD; expected BTC or EUR"),
        (EURX, {"underlying": '"\\u001b[2J"'}, "there is no reference price for ?[2J; expected BTC or EUR"),
        (EURX, {"decimals": ""}, "decimals: is missing"),
        (EURX, {"decimals": "19"}, "decimals: expected a whole number from 0 to 18"),
        (EURX, {"decimals": "-1"}, "decimals: expected a whole number from 0 to 18"),
        (EURX, {"decimals": "6.0"}, "decimals: expected a whole number from 0 to 18"),
        (EURX, {"decimals": "true"}, "decimals: expected a whole number from 0 to 18"),
        (EURX, {"decimals": '"6"'}, "decimals: expected a whole number from 0 to 18"),
        (QBTC, {"decimals": "9"}, "decimals: expected a whole number from 0 to 8"),
        (EURX, {"chain": '"eth:1"'}, "chain: addresses on this chain cannot be checked, so nothing could leave"),
        (EURX, {"bridge": '"hot"'}, "bridge: expected poa or omni"),
        (EURX, {"bridge": '"omni"'}, "bridge: the Omni bridge pays out on btc:mainnet only; expected poa"),
        (EURX, {"never_to": '"elsewhere.near"'}, "never_to: expected omni.bridge.near, which follows from bridge poa"),
        (EURX, {"places": "7"}, "places: expected a whole number from 0 to 6"),
        (EURX, {"colour": '"red"'}, "[[tokens]] 1: colour: not a key of this section; expected symbol, token_id"),
    ],
)
def test_a_token_that_cannot_be_used_names_its_key_and_what_is_expected(
    section: str, lines: dict[str, str], expected: str
) -> None:
    [line] = problems(changed(section, **lines))
    assert expected in line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[[markets]]\nbase = "BTC"\n', "[[markets]] 1: quote: is missing"),
        ('[[markets]]\nbase = "EURe"\nquote = "EURe"\n', "base: EURe is worth EUR; expected a token of BTC"),
        ('[[markets]]\nbase = "BTC"\nquote = "nBTC"\n', "quote: nBTC is worth BTC; expected a token of EUR"),
        ('[[markets]]\nbase = "DOGE"\nquote = "EURe"\n', "base: there is no token DOGE; expected the symbol"),
        ('[[markets]]\nbase = 3\nquote = "EURe"\n', "base: expected the symbol of a token"),
        ('[[markets]]\nbase = "BTC"\nquote = "EURe"\nenabled = "no"\n', "enabled: expected true or false"),
        ('[[markets]]\nbase = "BTC"\nquote = "EURe"\n' * 2, "[[markets]] 2: base, quote: BTC/EURe is named twice"),
        ('[[markets]]\nbase = "BTC"\nquote = "EURe"\nfee = 1\n', "[[markets]] 1: fee: not a key of this section"),
        ("markets = 1\n", "markets: expected sections [[markets]]"),
        ("tokens = [1]\n", "tokens: expected sections [[tokens]]"),
        ("stage = 1\n", "stage: expected a section [stage]"),
        ("[venue]\n", "venue is not a key of this file; expected tokens, markets, stage"),
        ('"\\u001b" = 1\n', "? is not a key of this file"),
        ('[stage]\ncontract = "Intents"\n', "[stage]: contract: expected a NEAR account id"),
        ('[stage]\nomni_bridge = "intents.near"\n', "omni_bridge: expected another contract than the Verifier's"),
        ('[stage]\nrelay_ws_url = "ws://a.example"\n', "[stage]: relay_ws_url: expected an encrypted URL"),
        (
            '[stage]\nbridge_url = "wss://a.example"\n',
            "bridge_url: expected a URL that starts with https:// or http://",
        ),
        ('[stage]\nnear_rpc_url = ["https://a.example"]\n', "near_rpc_url: expected one or more URLs"),
        ('[stage]\nkraken = "x"\n', "[stage]: kraken: not a key of this section"),
        (EURX * (MAX_TOKENS + 1), f"tokens: expected at most {MAX_TOKENS} sections, found {MAX_TOKENS + 1}"),
    ],
)
def test_a_section_that_cannot_be_used_is_named_with_what_is_expected(text: str, expected: str) -> None:
    [line] = problems(text)
    assert expected in line


def test_a_built_in_token_cannot_be_redefined() -> None:
    assert problems('[[tokens]]\nsymbol = "NBTC"\nbridge = "poa"\nplaces = 8\n') == (
        "[[tokens]] 1 (NBTC): bridge: nBTC is built in: only places may be given; remove the others",
    )
    assert problems('[[tokens]]\nsymbol = "BTC"\n') == ("[[tokens]] 1 (BTC): places: is missing",)


def test_no_two_tokens_have_one_symbol_or_one_contract() -> None:
    assert problems(EURX + changed(EURX, symbol='"eurX"', near_token='"other.near"')) == (
        "[[tokens]] 2 (eurX): symbol: another token has it, in upper or lower case; choose another",
    )
    assert problems(EURX + changed(EURX, symbol='"EURy"')) == (
        "[[tokens]] 2 (EURy): near_token: EURx is this token already; name each token once",
    )


def test_every_problem_is_listed_at_once_beside_those_of_the_settings(state: Path) -> None:
    path = write(state, changed(EURX, decimals="99", bridge='"hot"') + '\n[[markets]]\nbase = "BTC"\nquote = "x"\n')
    with pytest.raises(SettingsError) as caught:
        settings(state, STRATEGY_MAX_SKEW_BPS="x")
    assert [line.partition(": ")[0] for line in caught.value.problems] == [str(path)] * 3 + ["STRATEGY_MAX_SKEW_BPS"]


def test_a_stage_names_contracts_and_services_and_settings_override_them(state: Path) -> None:
    path = write(state, STAGE)
    loaded = settings(state, NEAR_INTENTS_BRIDGE_URL="https://other.example/rpc")
    stage = loaded.markets.stage
    assert (stage.contract, stage.omni_bridge) == ("staging-intents.near", "omni.staging.near")
    assert loaded.relay_ws_url == "wss://relay.stage.example/ws"
    assert loaded.bridge_url == "https://other.example/rpc"
    assert loaded.near_rpc_urls == ("https://rpc.stage.example", "https://rpc2.stage.example")
    assert loaded.markets.stage_note == f"stage staging-intents.near, by {path}"
    assert (loaded.omni_api_url, loaded.shield_url) == ("https://omni.stage.example", None)
    assert loaded.mode == "LIVE"
    assert loaded.tokens.token(EURE.token_id).never_to == "omni.staging.near"
    assert loaded.tokens.token(NBTC.token_id) == NBTC


def test_another_contract_is_not_used_with_the_services_of_the_built_in_one(state: Path) -> None:
    write(state, '[stage]\ncontract = "staging-intents.near"\n')
    with pytest.raises(SettingsError) as caught:
        settings(state)
    assert [line.partition(":")[0] for line in caught.value.problems] == list(STAGE_SERVICES)
    write(state, '[stage]\nomni_bridge = "omni.staging.near"\n')
    with pytest.raises(SettingsError, match=r"^OMNI_API_URL: omni\.staging\.near is a stage of its own"):
        settings(state)


def test_every_service_of_a_stage_is_a_setting() -> None:
    urls = {name for name, field in NAMES.items() if field.endswith(("_url", "_urls"))}
    of_others = {
        "POSTGRES_URL",
        "REFERENCE_KRAKEN_WS_URL",
        "REFERENCE_COINBASE_WS_URL",
        "REFERENCE_BITSTAMP_WS_URL",
        "EURE_EUR_URL",
        "HEARTBEAT_URL",
        "HEARTBEAT_FAIL_URL",
    }
    assert {setting for setting, _ in SERVICES.values()} == urls - of_others
    assert set(STAGE_SERVICES) <= {setting for setting, _ in SERVICES.values()}
    assert INTENTS_CONTRACT == "intents.near"


@given(st.text(max_size=400) | st.binary(max_size=400).map(lambda raw: raw.decode("latin-1")))
def test_any_text_gives_a_table_or_printable_problems(text: str) -> None:
    for section in ("", EURX):
        tokens, _, found = parse(section + text)
        assert (tokens is None) == bool(found)
        assert all(line.isprintable() for line in found)


VALUES: st.SearchStrategy[object] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just([]), st.just("BTC")
)


@given(
    st.dictionaries(
        st.sampled_from(["symbol", "near_token", "underlying", "decimals", "chain", "bridge", "places", "base"]), VALUES
    )
)
def test_any_value_of_any_key_gives_a_table_or_problems(values: dict[str, object]) -> None:
    lines = [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]
    for kind in ("tokens", "markets"):
        tokens, _, found = parse(f"[[{kind}]]\n" + "\n".join(lines))
        assert (tokens is None) == bool(found)


def _toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(c):08X}" for c in value if not 0xD800 <= ord(c) <= 0xDFFF) + '"'
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
