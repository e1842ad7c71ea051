"""A scenario is read strictly: every wrong entry is named with its line and what is allowed, all at once."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from venue.sandbox.scenario.errors import ScenarioError
from venue.sandbox.scenario.reading import load_scenario, read_scenario, ready_names

HEADER = 'name = "short"\nduration_s = 60\n'
WRONG = """name = "Bad Name"
sed = 4
duration_s = -1

[venue]
rate = -5
boat = 1

[[step]]
at_s = -4
price = { bps = 10, to = 4 }

[[step]]
at_s = 9
faults = { relay_stal = true, relay_late_ms = "soon", deposit = { amount = 1 } }
ask = { asset_in = "nBTC", asset_out = "EURe", amount_in = 0.5, take = "all" }
gift = { token_id = "nep141:btc.omft.near", amount = 0 }

[[step]]
fault = {}
"""
EXPECTED = (
    ("line 1", "name", "1 to 40 of a-z"),
    ("line 2", "no entry 'sed'", "seed"),
    ("line 3", "duration_s", "above 0"),
    ("[venue]", "rate", "0 to 10,000"),
    ("[venue]", "'boat'", "rate"),
    ("line 10, step 1", "at_s", "0 to"),
    ("line 11, step 1", "price", "exactly one of bps and to"),
    ("line 15, step 2", "no fault 'relay_stal'", "relay_stall"),
    ("line 15, step 2", "relay_late_ms", "0 to 600,000 ms"),
    ("line 15, step 2", "deposit", "entry of its own"),
    ("line 16, step 2", "amount_in", 'such as "0.02"'),
    ("line 16, step 2", "take", "best, none"),
    ("line 17, step 2", "gift", "amount"),
    ("line 20, step 3", "'fault'", "faults"),
    ("line 19, step 3", "at_s is missing", "0 to"),
    ("line 19, step 3", "nothing happens", "price"),
)


def problems_of(text: str) -> tuple[str, ...]:
    with pytest.raises(ScenarioError) as refused:
        read_scenario(text, "file.toml")
    return refused.value.problems


def test_all_that_is_wrong_is_named_at_once_with_its_line_and_what_is_allowed() -> None:
    problems = problems_of(WRONG)
    for place, what, allowed in EXPECTED:
        fitting = [
            one for one in problems if one.startswith(f"file.toml, {place}: ") and what in one and allowed in one
        ]
        assert fitting, (place, what, allowed, problems)
    assert len(problems) == len(EXPECTED)


STEP = "[[step]]\nat_s = 10\n"


@pytest.mark.parametrize(
    ("steps", "word"),
    [
        ("", "expected 1 to 10,000 steps"),
        ("step = 4\n", r"start with \[\[step\]\]"),
        ("[[step]]\nat_s = nan\ntraders = 'run'\n", "not a finite number"),
        (STEP + "price = { bps = inf }", "not a finite number"),
        (STEP + 'price = { bps = "nan" }', "from -9,900"),
        (STEP + "price = { bps = -9901 }", "from -9,900"),
        (STEP + "price = { to = 0 }", "from 0.01"),
        (STEP + "price = {}", "exactly one"),
        (STEP + "for_s = 5\ntraders = 'run'", "says how long the faults"),
        (STEP + "for_s = 5\nfaults = { relay_drop = true }", "do not last"),
        (STEP + "for_s = 51\nfaults = { relay_stall = true }", "ends after the scenario"),
        ("[[step]]\nat_s = 61\ntraders = 'run'", "after the end"),
        (STEP + "end = true\n[[step]]\nat_s = 11\ntraders = 'run'", "earlier step ends"),
        (STEP + "end = 2", "end: expected true, false"),
        (STEP + "price = { bps = 5, over_s = 10 }\n[[step]]\nat_s = 19\nprice = { bps = 5 }", "is not over yet"),
        (
            STEP + "faults = { near_a = '429' }\nfor_s = 10\n[[step]]\nat_s = 15\nfaults = { near_a = '500' }",
            "near_a still holds until 20 s",
        ),
        (STEP + "flow = { dry = 0.9, router_legs = 0.9 }", "together at most 1"),
        (STEP + "flow = { seed = 4 }", "no setting here 'seed'"),
        (STEP + "flow = 4", "expected a table"),
        (STEP + "faults = {}", "expected a table of faults"),
        (STEP + "faults = { bridge_credits = 'DOGE' }", "does not carry DOGE"),
        (STEP + "deposit = { chain = 'doge:mainnet', amount = 5 }", "does not carry the chain"),
        (STEP + "deposit = { amount = 5 }", "not both"),
        (STEP + "account = { account = 'NOT AN ACCOUNT' }", "account"),
        (STEP + "account = { account = 'a.near', balances = { DOGE = '1' } }", "no token DOGE"),
        (STEP + "account = { account = 'a.near', balances = { nBTC = 'x' } }", "not an amount"),
        (STEP + "account = { account = 'a.near', public_key = 'x' }", "account"),
        ("[venue]\ndry = 0.9\nrouter_legs = 0.9\n" + STEP + "traders = 'run'", r"\[venue\]: dry and router_legs"),
        ("[venue]\nspeed = 9\n" + STEP + "flow = { takers = 'mixed' }", "step 1: flow: .* needs --speed 1"),
        (STEP + "ask = { asset_in = 'wNEAR', asset_out = 'USDT', amount_in = '1' }", "no token wNEAR"),
        (STEP + "ask = { asset_in = 'nBTC', asset_out = 'DOGE', amount_in = '1' }", "no token DOGE"),
        (STEP + "ask = { asset_in = 'nBTC', asset_out = 'nbtc', amount_in = '1' }", "same token"),
        (STEP + "ask = { asset_in = 'nBTC', asset_out = 'EURe' }", "exactly one of amount_in"),
        (STEP + "ask = { asset_in = 'nBTC', asset_out = 'EURe', amount_in = '1e99' }", "out of range"),
        (STEP + "ask = { asset_in = 'nBTC', asset_out = 'EURe', amount_in = '1e-99' }", "out of range"),
        (STEP + "ask = { asset_in = 'nBTC', asset_out = 'EURe', amount_in = '0.000000001' }", "decimals"),
        (STEP + "ask = { asset_in = 'nBTC', asset_out = 'EURe', amount_in = 'x', worst = 'y' }", "not an amount"),
        (STEP + "forward_s = 0", "above 0"),
        (STEP + "rotate_salt = 'now'", "expected invalidate_old, keep_old; got"),
        (STEP + "alarm = { incident = { scopeType = 'bridge' } }", "scopeValue"),
        (STEP + "bridge = { index_after_s = -1 }", "0 to 604,800"),
        (STEP + "x = [", "end of document"),
        (STEP + "x == 1", "at line 5"),
    ],
)
def test_what_cannot_be_is_refused(steps: str, word: str) -> None:
    with pytest.raises(ScenarioError, match=word):
        read_scenario(HEADER + steps)


def test_a_venue_setting_that_belongs_elsewhere_is_refused() -> None:
    for name in ("seed", "port", "prices", "tokens"):
        with pytest.raises(ScenarioError, match=f"'{name}'"):
            read_scenario(f"{HEADER}[venue]\n{name} = 1\n{STEP}traders = 'run'")


def test_an_order_may_be_for_a_pair_that_the_venue_plays() -> None:
    asked = STEP + "ask = { asset_in = 'wNEAR', asset_out = 'USDT', amount_in = '1' }"
    assert read_scenario(f"{HEADER}[venue]\npairs = ['wNEAR/USDT']\n{asked}").steps[0].ask is not None


@pytest.mark.parametrize("name", ready_names())
def test_every_ready_scenario_can_be_played(name: str) -> None:
    found = load_scenario(name)
    assert found.name == name
    assert found.header.about


def test_the_ready_scenarios() -> None:
    assert ready_names() == ("bridge-outage", "crash", "salt-rotation")
    with pytest.raises(ScenarioError, match="there are crash"):
        load_scenario("crush")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    long, binary = tmp_path / "long.toml", tmp_path / "binary.toml"
    long.write_bytes(b"#" * ((1 << 20) + 1))
    binary.write_bytes(b"\xff")
    for path, word in (
        (tmp_path / "none.toml", "No such file"),
        (tmp_path, "cannot be read"),
        (long, "longer than"),
        (binary, "not UTF-8"),
    ):
        with pytest.raises(ScenarioError, match=word):
            load_scenario(str(path))


VALUES = st.recursive(
    st.sampled_from(
        ["1", "-1", "0.5", "true", '"x"', '"nBTC"', "nan", "inf", "[]", "{}", "1979-05-27", "99999999999999999999"]
    ),
    lambda inner: st.lists(
        st.tuples(st.sampled_from(["bps", "to", "amount", "rate", "near_a"]), inner), max_size=2
    ).map(lambda pairs: "{ " + ", ".join(f"{key} = {value}" for key, value in dict(pairs).items()) + " }"),
    max_leaves=4,
)
KEYS = (
    "at_s",
    "price",
    "flow",
    "faults",
    "for_s",
    "deposit",
    "gift",
    "account",
    "ask",
    "bridge",
    "alarm",
    "end",
    "note",
)


@settings(max_examples=40)
@given(st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4), max_size=3), VALUES)
def test_whatever_stands_in_it_is_refused_in_sentences_or_read(steps: list[dict[str, str]], venue: str) -> None:
    text = HEADER + f"venue = {venue}\n"
    for step in steps:
        text += "[[step]]\n" + "".join(f"{key} = {value}\n" for key, value in step.items())
    with contextlib.suppress(ScenarioError):
        read_scenario(text)
