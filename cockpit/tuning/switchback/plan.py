"""The plan of a switchback: which half spreads, in which order, for how long, and what it can cost at worst. Pure."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Annotated

import msgspec

from cockpit.model.formatting import counted
from cockpit.tuning.switchback.errors import InvalidPlanError

WIDTHS = tuple(Decimal(width) for width in (14, 10, 7, 5))
"""Around the shipped default, on either side."""
LEAST_BPS, MOST_BPS = Decimal(2), Decimal(100)
MOST_WIDTHS = 12
MOST_STEPS = 500
LONGEST_S = 14 * 86_400
ADVERSE_BPS = 100
"""Against the desk on every fill, for the worst cost: the mid moves by 1 % before it can do anything."""
_CENT = Decimal("0.01")
_HOUR_S = 3_600


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A half spread, for so many seconds in which the desk trades."""

    half_spread_bps: Decimal
    seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)]


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Steps in their order. ``max_notional_eure`` and ``max_fills_per_hour``: the largest limits of a live desk under
    which it may run; ``max_cost_eure``: what it may cost at worst.
    """

    version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    max_notional_eure: Decimal
    max_fills_per_hour: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    max_cost_eure: Decimal
    steps: Annotated[tuple[Step, ...], msgspec.Meta(min_length=1, max_length=MOST_STEPS)]

    @property
    def seconds(self) -> int:
        return sum(step.seconds for step in self.steps)

    @property
    def narrowest(self) -> Decimal:
        return min(step.half_spread_bps for step in self.steps)

    @property
    def digest(self) -> str:
        """Names the plan's content: progress belongs to one plan."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]

    @property
    def most_fills(self) -> int:
        """How many fills the limit of fills allows while the plan runs."""
        return self.max_fills_per_hour * -(-self.seconds // _HOUR_S)

    @property
    def worst_cost_eure(self) -> Decimal:
        """Return what it costs when every allowed fill is of the largest size, at the narrowest width, before a move
        of the mid by 1 % against it."""
        lost = max(Decimal(0), ADVERSE_BPS - self.narrowest)
        return (self.most_fills * self.max_notional_eure * lost / 10_000).quantize(_CENT, ROUND_CEILING)


def make_plan(
    widths: Sequence[Decimal],
    *,
    every_s: int,
    rounds: int,
    seed: int,
    max_notional_eure: Decimal,
    max_fills_per_hour: int,
    max_cost_eure: Decimal,
) -> Plan:
    """Shuffle the widths anew in every round, so that no width always meets the same hour. Raises InvalidPlanError."""
    dice = random.Random(seed)
    order = [width for _ in range(rounds) for width in dice.sample(list(widths), len(widths))]
    made = Plan(
        seed=seed,
        max_notional_eure=max_notional_eure,
        max_fills_per_hour=max_fills_per_hour,
        max_cost_eure=max_cost_eure,
        steps=tuple(Step(half_spread_bps=width, seconds=every_s) for width in order),
    )
    _refuse(made)
    return made


def read_plan(text: str) -> Plan:
    """Raises InvalidPlanError with the reason."""
    try:
        found = msgspec.json.decode(text, type=Plan)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as exc:
        raise InvalidPlanError(f"the plan cannot be read: {exc}") from None
    _refuse(found)
    return found


def _refuse(plan: Plan) -> None:
    problem = next(_problems(plan), "")
    if problem:
        raise InvalidPlanError(problem)


def _problems(plan: Plan) -> Iterator[str]:
    widths = {step.half_spread_bps for step in plan.steps}
    for width in widths:
        if not (width.is_finite() and LEAST_BPS <= width <= MOST_BPS and width == round(width, 2)):
            yield f"a half spread must be from {LEAST_BPS} to {MOST_BPS} bps, to 0.01; one is {width}"
    if not 2 <= len(widths) <= MOST_WIDTHS:
        yield f"a plan tries 2 to {MOST_WIDTHS} half spreads; this one has {len(widths)}"
    if plan.seconds > LONGEST_S:
        yield f"a plan takes at most 14 days; this one takes {plan.seconds} s"
    for name in ("max_notional_eure", "max_cost_eure"):
        amount: Decimal = getattr(plan, name)
        if not (amount.is_finite() and 0 < amount <= 10**9):
            yield f"{name} must be above 0 and at most 1000000000"
            return
    if plan.worst_cost_eure > plan.max_cost_eure:
        yield (
            f"at worst it costs {plan.worst_cost_eure:f} EURe, more than the {plan.max_cost_eure:f} allowed; lower the "
            "largest notional, the fills an hour or the time, or allow more"
        )


def plan_text(plan: Plan) -> str:
    """Return the plan for a person: order, time, bounds and the worst cost."""
    lines = [
        f"  {place:3}. {step.half_spread_bps:f} bps for {step.seconds} s" for place, step in enumerate(plan.steps, 1)
    ]
    return "\n".join(
        (
            f"{len(plan.steps)} steps, {plan.seconds} s in which the desk trades, seed {plan.seed}:",
            *lines,
            f"runs while the desk's limits are at most {plan.max_notional_eure:f} EURe a quote and "
            f"{counted(plan.max_fills_per_hour, 'fill')} an hour",
            f"worst cost {plan.worst_cost_eure:f} EURe: {counted(plan.most_fills, 'fill')} of "
            f"{plan.max_notional_eure:f} EURe, "
            f"each {ADVERSE_BPS - plan.narrowest:f} bps on the wrong side of the mid; allowed {plan.max_cost_eure:f}",
        )
    )
