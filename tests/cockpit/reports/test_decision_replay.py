"""A replay under the recorded settings gives the recorded decisions; under others, what they would have given."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.quoting.desk_view import DeskView
from cockpit.desk.quoting.late_decision import undescribed_decision
from cockpit.desk.quoting.risk_checks import _Limit
from cockpit.desk.quoting.strategy import decide, decision_event, desk_prices
from cockpit.model.events import Side, TradeDecision
from cockpit.reports.decision_replay import RuleChanges, replay
from cockpit.reports.decision_replay_text import UNKNOWABLE, changes_of
from cockpit.reports.errors import InvalidChangeError
from storage.reader import find_run
from storage.reporting.decisions import RecordedDecision, recorded_decisions
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import MID, NOW, request, view
from tests.support.desk.views import VIEWS
from tests.support.history import small_history as small
from tests.support.processes.command import run
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S

SIDES: tuple[Side, ...] = ("buy", "sell")


def record(
    name: str, seen: DeskView, side: Side, amount: int, at_ns: int = NOW, *, sent: bool, over_ns: int | None = None
) -> RecordedDecision:
    asked = request(side, amount_in=amount, quote_id=name, at_ns=at_ns)
    made = decision_event(name, asked, decide(asked, seen, desk_prices(seen)), seen, rules_id="rules")
    limits, params = (msgspec.json.encode(part).decode() for part in (seen.limits, seen.params))
    return RecordedDecision(
        request=asked,
        decision=made,
        limits=limits,
        params=params,
        sent=sent and made.amount_out is not None,
        released_ns=over_ns,
        over_ns=over_ns,
        filled=over_ns is not None,
    )


def test_a_decision_of_which_a_text_fails_is_replayed_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = view()
    every = [record("whole", seen, "buy", 10_000, sent=True), record("lacks", seen, "buy", 10_001, sent=True)]
    monkeypatch.setattr(_Limit, "text", _fail)
    asked = every[1].request
    lacking = undescribed_decision("lacks", asked, decide(asked, seen, desk_prices(seen)), seen, rules_id="rules")
    every[1] = msgspec.structs.replace(every[1], decision=lacking)
    found = replay(every, RuleChanges(), DEFAULT_TOKENS)
    assert (found.decisions, found.without_record, found.same) == (2, 0, 1)
    (difference,) = found.differences
    assert difference.quote_id == "whole", "it was recorded by a program that could make its texts"


def _fail(*_: object) -> str:
    raise ValueError


@given(
    st.lists(
        st.tuples(VIEWS, st.sampled_from(SIDES), st.integers(1, 10**20), st.none() | st.integers(0, 9)), max_size=8
    )
)
def test_a_replay_under_its_own_settings_reproduces_every_decision(
    asked: list[tuple[DeskView, Side, int, int | None]],
) -> None:
    every = []
    for second, (seen, side, amount, lives_s) in enumerate(asked):
        at_ns = NOW + second * NS_PER_S
        over_ns = None if lives_s is None else at_ns + lives_s * NS_PER_S
        made = record(f"q-{second}", seen, side, amount, at_ns, sent=True, over_ns=over_ns)
        every.append(msgspec.structs.replace(made, sent=made.decision.reason == "quote"))
    ran = replay(every, RuleChanges(), DEFAULT_TOKENS)
    assert (ran.same, ran.differences) == (len(every), ())
    assert ran.recorded == ran.replayed


def test_a_wider_spread_earns_more_and_a_smaller_limit_refuses() -> None:
    every = [record("q", view(), "buy", 8_000, sent=True)]
    wider = replay(every, changes_of(["STRATEGY_HALF_SPREAD_BPS=40"], armed=False), DEFAULT_TOKENS)
    assert wider.replayed.quoted == 1
    assert wider.replayed.edge == every[0].decision.edge * 2 if every[0].decision.edge else False
    smaller = replay(every, changes_of(["STRATEGY_MAX_NOTIONAL_EURE=1"], armed=False), DEFAULT_TOKENS)
    assert (smaller.replayed.quoted, smaller.replayed.reasons) == (0, {"notional": 1})
    assert (smaller.recorded.quoted, smaller.same) == (1, 0)


def test_replayed_quotes_are_committed_instead_of_the_recorded_ones() -> None:
    """Two requests of 0.9 and 0.8 of what is held: the first was too large then, and is the only one quoted now."""
    held = view(base_balance=8_000, limits=msgspec.structs.replace(view().limits, max_notional_eure=Decimal(3)))
    every = [
        record("first", held, "sell", 36 * 10**17, sent=False),
        record("second", held, "sell", 29 * 10**17, NOW + NS_PER_S, sent=True),
    ]
    ran = replay(every, RuleChanges(limits={"max_notional_eure": Decimal(5)}), DEFAULT_TOKENS)
    assert ran.recorded.reasons == {"notional": 1, "quote": 1}
    assert ran.replayed.reasons == {"quote": 1, "covered": 1}
    assert ran.replayed.peak_btc > ran.recorded.peak_btc > 0


def test_refused_quotes_of_a_replay_count_as_signed_until_they_were_over() -> None:
    """Quotes of 4 EURe, one a second, each refused at once: at most 10 EURe signed are two, until the first is over."""
    every = []
    for second in range(6):
        at_ns = NOW + second * NS_PER_S
        seen = view(quote_signed=min(second, 3) * 4 * 10**18, mid_at_ns=at_ns, inventory_at_ns=at_ns)
        made = record(f"q-{second}", seen, "buy", 8_000, at_ns, sent=True, over_ns=at_ns + 4 * NS_PER_S)
        every.append(msgspec.structs.replace(made, released_ns=at_ns + 1, filled=False))
    own = replay(every, RuleChanges(), DEFAULT_TOKENS)
    assert (own.same, own.recorded.peak_quotes) == (6, 1)
    ran = replay(every, changes_of(["STRATEGY_MAX_SIGNED_EURE=10"], armed=False), DEFAULT_TOKENS)
    assert ran.replayed.reasons == {"quote": 4, "signed": 2}


def test_a_replay_under_the_other_way_of_pricing_uses_the_recorded_sigma_and_each_life() -> None:
    calm = record("calm", view(sigma_bps=Decimal(4)), "buy", 8_000, sent=True)
    wild = record("wild", view(sigma_bps=Decimal(60)), "buy", 8_000, NOW + NS_PER_S, sent=True)
    every = [calm, wild]
    assert replay(every, RuleChanges(), DEFAULT_TOKENS).same == 2
    prices: list[TradeDecision] = []
    changes = changes_of(["STRATEGY_HALF_SPREAD_BPS=7", "STRATEGY_PRICING=option"], armed=False)
    ran = replay(every, changes, DEFAULT_TOKENS, decided=prices.append)
    assert ran.replayed.reasons == {"quote": 1, "premium": 1}
    near = MID * (1 - Decimal("8.21") / 10_000)
    assert prices[0].price is not None
    assert abs(prices[0].price - near) < 1, "7 bps and three tenths of 4 over a little more than a minute"
    back = replay(every, changes_of(["STRATEGY_PRICING=fixed"], armed=False), DEFAULT_TOKENS)
    assert back.same == 2


def test_as_if_armed() -> None:
    every = [record("q", view(strategy_armed=False, executor_armed=False), "buy", 8_000, sent=False)]
    assert replay(every, RuleChanges(), DEFAULT_TOKENS).replayed.reasons == {"strategy_armed": 1}
    assert replay(every, changes_of([], armed=True), DEFAULT_TOKENS).replayed.reasons == {"quote": 1}


def test_a_decision_whose_record_is_incomplete_is_counted_apart() -> None:
    kept = record("q", view(), "buy", 8_000, sent=True)
    old = msgspec.structs.replace(kept, decision=msgspec.structs.replace(kept.decision, view=""), limits=None)
    ran = replay([old], RuleChanges(), DEFAULT_TOKENS)
    assert (ran.decisions, ran.without_record, ran.same) == (1, 1, 0)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("STRATEGY_HALF_SPREAD_BPS=wide", "number of bps from 0 to 5000"),
        ("STRATEGY_HALF_SPREAD_BPS", "NAME=VALUE"),
        ("STRATEGY_PRICING=hunter2", "expected fixed or option"),
        ("REFERENCE_MAX_DIVERGENCE_BPS=9", "stays as recorded"),
        ("NEAR_INTENTS_API_KEY=x", "stays as recorded"),
        ("NOBODY=hunter2", "unknown setting; a replay accepts STRATEGY_.*, STRATEGY_HALF_SPREAD_BPS"),
    ],
)
def test_a_setting_that_cannot_be_replayed_is_refused_without_its_value(setting: str, message: str) -> None:
    with pytest.raises(InvalidChangeError, match=message) as ran:
        changes_of([setting], armed=False)
    name, _, value = setting.partition("=")
    assert not value or value not in str(ran.value).replace(name, "")


def test_the_command(tmp_path: Path) -> None:
    path = asyncio.run(small.write(tmp_path / "history.sqlite"))
    with SqliteReader(path) as reader:
        assert [one.sent for one in recorded_decisions(reader, find_run(reader, "last").span)] == [True] * 3 + [
            False
        ] * 2
    ran = run("replay", "--history", str(path), cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "5 decisions under its own settings: 5 identical" in ran.stdout
    assert UNKNOWABLE in ran.stdout
    whole = json.loads(
        run("replay", "--history", str(path), "--set", "QUOTE_MAX_DEADLINE_MS=30000", "--json", cwd=tmp_path).stdout
    )
    assert whole["replayed"]["reasons"] == {"deadline": 5}
    refused = run("replay", "--history", str(path), "--set", "STRATEGY_MAX_SKEW_BPS=-1", cwd=tmp_path)
    assert (refused.returncode, "STRATEGY_MAX_SKEW_BPS" in refused.stderr) == (2, True)
