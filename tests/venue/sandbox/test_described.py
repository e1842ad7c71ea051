"""Settings and faults say what they are, and refuse what they cannot be with the name, range and unit."""

import json
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.sandbox.base.described import BUILT_IN, about, checked, described, unknown
from venue.sandbox.base.errors import SettingError
from venue.sandbox.base.fault_values import OneTimeFaults
from venue.sandbox.base.faults import Faults, FaultTable
from venue.sandbox.config import VenueConfig

KINDS = (VenueConfig, Faults, OneTimeFaults)
BY_OPTION = {"tokens"}
"""Settings that only an option of their own can change."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_says_what_it_does_and_what_it_may_be(kind: type[msgspec.Struct]) -> None:
    fields = described(kind)
    assert [field.name for field in fields] == list(kind.__struct_fields__)
    assert [field.name for field in fields if not field.meaning.endswith(".") or not field.values] == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_as_json_shows_an_example_and_its_range(kind: type[msgspec.Struct]) -> None:
    shown = {field.name: field.values for field in described(kind) if "JSON" in field.values}
    texts = {"exchange_status", "near_lies", "gift"}
    assert [name for name, values in shown.items() if "{" not in values] == []
    assert [name for name, values in shown.items() if " to " not in values and name not in texts] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_time_states_its_unit(kind: type[msgspec.Struct]) -> None:
    units = {field.name: field.unit for field in described(kind)}
    for suffix, unit in (("_s", "s"), ("_ms", "ms"), ("_bps", "bps")):
        assert {units[name] for name in units if name.endswith(suffix)} <= {unit}


@pytest.mark.parametrize("kind", KINDS)
def test_every_default_can_be_typed(kind: type[msgspec.Struct]) -> None:
    usual = kind()
    for field in described(kind):
        if field.name in BY_OPTION:
            assert field.default == BUILT_IN
            continue
        assert checked(kind, {field.name: field.default}, "setting") == {field.name: getattr(usual, field.name)}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ({"settle_s": "1,2"}, (1.0, 2.0)),
        ({"settle_s": "[1, 2]"}, (1.0, 2.0)),
        ({"deposit_after_s": "none"}, None),
        ({"token_life_s": "3600"}, 3600.0),
        ({"legacy": ""}, ()),
        ({"accounts": "a.near, b.near"}, ("a.near", "b.near")),
        ({"maker_balances": '{"BTC": 3}'}, {"BTC": 3}),
        ({"rpc_open": "true"}, True),
        ({"start_mid": "80000.5"}, Decimal("80000.5")),
    ],
)
def test_a_setting_is_typed_as_its_kind(text: dict[str, str], value: object) -> None:
    assert list(checked(VenueConfig, text, "setting").values()) == [value]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ({"dry": "2"}, "dry: expected 0 to 1, got '2'"),
        ({"rate": "NaN"}, "rate: expected 0 to 10,000 per second, got 'NaN'"),
        ({"settle_s": "1"}, "settle_s: expected two of 0 to 604,800 s, got '1'"),
        ({"settle_s": "1,x"}, "settle_s: expected two of 0 to 604,800 s, got '1,x'"),
        ({"pace": "slow"}, "pace: expected production, quick, got 'slow'"),
        ({"token_life_s": "0"}, "token_life_s: expected above 0 to 315,360,000 or none s, got '0'"),
        ({"maker_btc": "-1"}, "maker_btc: expected 0 to 2^128 - 1 base units, got '-1'"),
    ],
)
def test_a_wrong_value_is_told_its_range_and_unit(text: dict[str, str], told: str) -> None:
    with pytest.raises(SettingError) as raised:
        checked(VenueConfig, text, "venue setting")
    assert str(raised.value) == told


def test_every_wrong_setting_is_named_at_once() -> None:
    with pytest.raises(SettingError) as raised:
        checked(VenueConfig, {"seeed": "1", "dry": "2", "traders": "0"}, "venue setting")
    assert [word for word in ("'seeed'", "dry:", "traders:") if word not in str(raised.value)] == []


def test_an_unknown_name_is_told_all_the_known_ones_nearest_first() -> None:
    told = unknown("index_after", VenueConfig.__struct_fields__, "venue setting")
    assert told.startswith("there is no venue setting 'index_after'; there are index_after_s, ")
    assert [name for name in VenueConfig.__struct_fields__ if name not in told] == []


@pytest.mark.parametrize("body", [{"relay_stal": True}, {"rotate_sal": "keep_old"}, {"near_a": "430"}, {"x" * 99: 1}])
def test_a_fault_that_there_is_not_changes_nothing(body: dict[str, object]) -> None:
    table = FaultTable()
    with pytest.raises(SettingError, match=r"there is no fault|expected 429, 500, garbage, ok, slow"):
        table.apply({"relay_mute": True, **body})
    assert table.current == Faults()


@pytest.mark.parametrize("lie", ["NaN", "1e9", "-Infinity"])
def test_a_lie_about_prices_is_bounded(lie: str) -> None:
    with pytest.raises(ValueError, match="exchange_lie_bps"):
        FaultTable().apply({"exchange_lie_bps": {"kraken": lie}})


@given(st.dictionaries(st.sampled_from([*Faults.__struct_fields__, *OneTimeFaults.__struct_fields__]), st.text()))
def test_any_text_is_a_value_or_refused(body: dict[str, str]) -> None:
    table = FaultTable()
    try:
        table.apply(body)
    except ValueError:
        assert table.current == Faults()


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    pair: Annotated[tuple[int, int], about("A pair.", "s")] = (1, 2)
    kinds: Annotated[dict[Literal["a"], Annotated[float, about("", ge=0, lt=2)]], about("By kind.")] = {}
    whole: Annotated[int, about("Any.")] = 1
    least: Annotated[float, about("At least.", ge=0.5)] = 1.0
    above: Annotated[float | None, about("Above.")] = None


def test_ranges_come_from_the_types() -> None:
    values = {field.name: field.values for field in described(_Settings)}
    assert values == {
        "pair": "(whole number),(whole number)",
        "kinds": "{a: 0 to 2}",
        "whole": "whole number",
        "least": "0.5 or more",
        "above": "number or none",
    }
    assert json.loads(next(field.default for field in described(_Settings) if field.name == "kinds")) == {}
