"""What an incident touches, by a table; and that nothing of ours is ever taken for something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.alarms.reading import Incident
from venue.alarms.scopes import CHAIN_NAMES, OurScope, short_name, touch
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE, NBTC

OURS = OurScope.of(DEFAULT_TOKENS.tokens, ("maker.near", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"))
USDC = "nep141:eth-0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48.omft.near"
CASES = [
    ("intents", "near", "ours"),
    ("intents", "", "ours"),
    ("intents", "sol", "ours"),
    ("chain", "btc", "ours"),
    ("chain", "BTC", "ours"),
    ("chain", "bitcoin", "ours"),
    ("chain", "btc:mainnet", "ours"),
    ("chain", "gnosis", "ours"),
    ("chain", "eth:100", "ours"),
    ("chain", "eip155:100", "ours"),
    ("chain", "near", "ours"),
    ("chain_all", "btc", "ours"),
    ("chain", "eth", "others"),
    ("chain", "eth:1", "others"),
    ("chain_all", "op", "others"),
    ("chain", "sol", "others"),
    ("chain", "sol:mainnet", "others"),
    ("chain", "all", "unknown"),
    ("chain", "*", "unknown"),
    ("chain_all", "", "unknown"),
    ("chain", "eth,gnosis", "unknown"),
    ("chain", "eth:99999", "unknown"),
    ("chain", "btc:testnet", "unknown"),
    ("bridge", "poa", "ours"),
    ("bridge", "OMNI", "ours"),
    ("bridge", "hot", "others"),
    ("bridge", "wormhole", "unknown"),
    ("bridge", "", "unknown"),
    ("token", BTC.token_id, "ours"),
    ("token", NBTC.token_id, "ours"),
    ("token", EURE.token_id.upper(), "ours"),
    ("token", "btc.omft.near", "ours"),
    ("token", USDC, "others"),
    ("token", "nep141:wrap.near", "others"),
    ("token", "nep141:my-btc.omft.near", "others"),
    ("token", "nep245:v2_1.omni.hot.tg:1117_abc", "others"),
    ("token", "BTC", "unknown"),
    ("token", "1cs_v1:btc:native:coin", "unknown"),
    ("token", "1cs_v1:sol:native:coin", "others"),
    ("token", "", "unknown"),
    ("token_chain", USDC, "others"),
    ("token_chain", f"{USDC}, eth", "others"),
    ("token_chain", f'{{"token": "{USDC}", "chain": "eth:1"}}', "others"),
    ("token_chain", f'["{BTC.token_id}","btc"]', "ours"),
    ("token_chain", f"{USDC},{NBTC.token_id}", "ours"),
    ("token_chain", f"{USDC} and others", "unknown"),
    ("token_chain", "eth", "unknown"),
    ("address", "maker.near", "ours"),
    ("address", "intents.near", "ours"),
    ("address", "near:intents.near", "ours"),
    ("address", "omni.bridge.near", "ours"),
    ("address", "0x420CA0F9b9b604ce0fd9c18ef134c705e5fa3430", "ours"),
    ("address", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "ours"),
    ("address", "0xdac17f958d2ee523a2206206994597c13d831ec7", "others"),
    ("address", "maker.near.stranger.near", "others"),
    ("address", "?", "unknown"),
    ("address", "", "unknown"),
    ("global", "", "unknown"),
    ("", "sol", "unknown"),
]


@pytest.mark.parametrize(("kind", "value", "expected"), CASES)
def test_the_scope_decides_what_is_touched(kind: str, value: str, expected: str) -> None:
    assert touch(Incident(scope_type=kind, scope_value=value), OURS) == expected


def test_a_chain_of_ours_without_a_known_name_may_be_meant_by_any_name() -> None:
    strange = OurScope.of([EURE.__class__(**{**{f: getattr(EURE, f) for f in EURE.__struct_fields__}, "chain": "x:1"})])
    assert touch(Incident(scope_type="chain", scope_value="sol"), strange) == "unknown"
    assert touch(Incident(scope_type="token", scope_value=USDC), strange) == "others"


def test_the_omni_bridge_is_ours_only_with_a_token_that_leaves_by_it() -> None:
    without = OurScope.of((BTC, EURE))
    assert touch(Incident(scope_type="bridge", scope_value="omni"), without) == "others"
    assert touch(Incident(scope_type="token", scope_value=NBTC.token_id), without) == "others"


def test_the_chains_of_all_tokens_have_a_name() -> None:
    assert {short_name(token.chain) for token in DEFAULT_TOKENS.tokens} == {"btc", "gnosis"}


texts = st.text(max_size=40)
ours = st.sampled_from([*(t.token_id for t in DEFAULT_TOKENS.tokens), *(t.near_token for t in DEFAULT_TOKENS.tokens)])
edges = st.text(alphabet=' ,;|@()[]{}":', max_size=3)


@given(st.sampled_from(["token", "token_chain", "address"]), texts, edges, ours, edges, texts)
def test_a_value_that_names_a_token_of_ours_is_ours_whatever_stands_around_it(
    kind: str, before: str, left: str, name: str, right: str, after: str
) -> None:
    value = f"{before}{left or ' '}{name}{right or ' '}{after}"
    assert touch(Incident(scope_type=kind, scope_value=value), OURS) == "ours"


@given(texts, texts)
def test_any_text_is_judged_and_others_are_only_what_is_known(kind: str, value: str) -> None:
    found = touch(Incident(scope_type=kind, scope_value=value), OURS)
    assert found in ("ours", "others", "unknown")
    if kind.lower() not in ("intents", "chain", "chain_all", "bridge", "token", "token_chain", "address"):
        assert found == "unknown"


@given(st.sampled_from(["chain", "chain_all"]), texts)
def test_a_chain_is_anothers_only_by_a_known_name(kind: str, value: str) -> None:
    if touch(Incident(scope_type=kind, scope_value=value), OURS) == "others":
        assert short_name(value) in CHAIN_NAMES - {"btc", "gnosis", "near"}
