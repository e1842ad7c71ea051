"""The limit on what is committed follows the sizes and lives of quotes until somebody sets it."""

import asyncio
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.accounting.committed_limit import CommittedRule
from cockpit.config.preset_file import Presets
from cockpit.desk.api.set_pricing import SetPricing
from cockpit.desk.market.pricing_in_force import PricingInForce
from cockpit.desk.quoting.kept_requests import KeptRequests
from cockpit.model.commands import SIGNED_OVER_COMMITTED, CommandRequest, Limits, PriceParams
from cockpit.model.environment import Environment
from cockpit.model.pricing.preview_text import change_lines
from cockpit.model.pricing.pricing_set import PricingPreview, QuoteLives
from tests.support.desk.command_desk import Desk

RULE = CommittedRule(requests=Decimal(10), notional=Decimal(20), margin_ms=5_000, signed=None)
LIVES = QuoteLives()


class Case:
    """A desk whose committed limit was made at its start by ``rule``."""

    def __init__(self, rule: CommittedRule | None = RULE) -> None:
        self.desk = Desk(RULE.applied(Limits(max_notional_eure=Decimal(20)), LIVES), rule)
        self.route = SetPricing(
            self.desk.control.journal,
            PricingInForce(PriceParams(), LIVES),
            self.desk.limits,
            KeptRequests(),
            Environment(wall_ns=self.desk.clock),
            presets=lambda: Presets(values={}),
        )

    @property
    def limits(self) -> Limits:
        return self.desk.limits.current

    def price(self, patch: dict[str, object]) -> str:
        result = self.route.set(CommandRequest(), patch)
        return result.reason if result.accepted else ""

    def limit(self, patch: dict[str, object]) -> bool:
        return asyncio.run(self.desk.control.limits(patch, CommandRequest())).accepted


def test_longer_lives_raise_it_and_the_journal_says_so() -> None:
    case = Case()
    before = case.limits
    reason = case.price({"quote_deadline_slack_ms": 35_000})
    # 3 × 10 requests a minute × 20 EURe × 100 s.
    assert case.limits.max_promised_eure == Decimal(1_000)
    assert case.limits.max_signed_eure == Decimal(1_000) * SIGNED_OVER_COMMITTED
    assert f"max_promised_eure = 1000 (was {before.max_promised_eure})" in reason
    assert case.price({"quote_deadline_slack_ms": 5_000})
    assert case.limits == before


def test_a_longest_life_of_its_own_counts() -> None:
    case = Case()
    assert case.price({"quote_deadline_ms": 115_000})
    assert case.limits.max_promised_eure == Decimal(1_200)


async def test_a_preview_shows_what_would_follow() -> None:
    case = Case()
    found = await case.route.preview({"quote_deadline_slack_ms": 35_000}, Presets(values={}))
    assert isinstance(found, PricingPreview)
    assert found.changes["max_promised_eure"] == ("700", "1000")
    assert "Max committed in live quotes: 700 → 1000 EURe" in change_lines(found)
    assert case.limits.max_promised_eure == Decimal(700)


def test_what_somebody_has_set_stays() -> None:
    case = Case()
    assert case.limit({"max_promised_eure": "900"})
    assert case.price({"quote_deadline_slack_ms": 35_000})
    assert case.limits.max_promised_eure == Decimal(900)
    case = Case(rule=None)
    assert case.price({"quote_deadline_slack_ms": 35_000})
    assert case.limits.max_promised_eure == Decimal(700)


_PRICING = st.tuples(
    st.just("price"),
    st.fixed_dictionaries(
        {},
        optional={
            "quote_deadline_slack_ms": st.integers(0, 70_000),
            "quote_deadline_ms": st.integers(-1, 130_000),
            "max_notional_eure": st.decimals(0, 5_000, places=2).map(str) | st.sampled_from(["NaN", "1e12"]),
            "half_spread_bps": st.integers(1, 50),
        },
    ),
)
_LIMITS = st.tuples(
    st.just("limit"),
    st.fixed_dictionaries(
        {},
        optional={
            "max_promised_eure": st.integers(100, 5_000),
            "max_signed_eure": st.integers(500, 50_000),
            "max_fills_per_hour": st.integers(1, 100),
        },
    ),
)


@given(st.lists(st.one_of(_PRICING, _LIMITS), max_size=8))
@settings(deadline=None, max_examples=60)
def test_it_is_what_a_start_would_make_or_what_somebody_has_set(steps: list[tuple[str, dict[str, object]]]) -> None:
    case = Case()
    committed: Decimal | None = None
    signed: Decimal | None = None
    for kind, patch in steps:
        before = case.limits
        if kind == "price":
            case.price(patch)
        elif case.limit(patch):
            committed = case.limits.max_promised_eure if "max_promised_eure" in patch else committed
            signed = case.limits.max_signed_eure if "max_signed_eure" in patch else signed
        now = case.limits
        assert now.problems() == ()
        if committed is not None:
            assert now.max_promised_eure == committed
        elif kind == "limit":
            assert now.max_promised_eure == before.max_promised_eure
        elif (now.max_notional_eure, now.max_promised_eure) != (before.max_notional_eure, before.max_promised_eure):
            rule = msgspec.structs.replace(RULE, signed=signed)
            assert now.max_promised_eure == rule.limit(now.max_notional_eure, case.route.current.lives)
        if signed is not None:
            assert now.max_signed_eure == signed
