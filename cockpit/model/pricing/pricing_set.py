"""What is priced by, as one set: parameters, the limits that belong to them, and how long quotes live. Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple, TypeVar

import msgspec

from cockpit.model.commands import Limits, PriceParams

T = TypeVar("T", bound=msgspec.Struct)

PRICING_LIMITS = ("min_edge_bps", "min_notional_eure", "max_notional_eure")
"""Limits that are part of a strategy: presets set the first, and sizes are what is quoted."""
FOLLOWING_LIMITS = ("max_promised_eure", "max_signed_eure")
"""Limits that follow from sizes and lives until somebody sets them."""
MOST_EURE = 10**9
PRESET = "preset"
"""The key of a change that names a preset; other keys go over its values."""


class QuoteLives(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long quotes live, milliseconds: at least ``quote_deadline_ms``, and ``quote_deadline_slack_ms`` longer than
    was asked; ``quote_exact_out_deadline_ms`` is the longest life of an answer to an exact-out request, 0 for that of
    all others.
    """

    quote_deadline_ms: int = 1_000
    quote_deadline_slack_ms: int = 5_000
    quote_exact_out_deadline_ms: int = 0


class PricingField(NamedTuple):
    """A value of the set by its name, as a form shows it."""

    name: str
    label: str
    unit: str


PRICING_FIELDS = (
    PricingField("half_spread_bps", "Half spread", "bps"),
    PricingField("vol_factor", "Half spread, per σ of lifetime", "× σ"),
    PricingField("max_skew_bps", "Max skew", "bps"),
    PricingField("skew_sigmas", "Max skew, per σ of a minute", "× σ"),
    PricingField("target_btc_share", "Target share of BTC", "of 1"),
    PricingField("max_premium_bps", "Max option in a quote", "bps"),
    PricingField("unknown_sigma_bps", "σ while unknown", "bps"),
    PricingField("partner_weight", "Partner's excess cost, charged", "of 1"),
    PricingField("partner_shrink", "Fills until a partner is known", "fills"),
    PricingField("partner_max_bps", "Max add-on for a partner", "bps"),
    PricingField("min_edge_bps", "Min edge", "bps"),
    PricingField("min_notional_eure", "Min size of a quote", "EURe"),
    PricingField("max_notional_eure", "Max size of a quote", "EURe"),
    PricingField("quote_deadline_ms", "Min quote lifetime", "ms"),
    PricingField("quote_deadline_slack_ms", "Lifetime beyond the request's", "ms"),
    PricingField("quote_exact_out_deadline_ms", "Max lifetime, exact out", "ms"),
)
PRICING_NAMES = tuple(field.name for field in PRICING_FIELDS)


def change_text(name: str, before: object, after: object) -> str:
    """Write a change as the journal keeps it."""
    return f"{name} = {after}" if after == before else f"{name} = {after} (was {before})"


class PricingSet(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a change of the pricing may change, with the limits that it must fit."""

    params: PriceParams
    limits: Limits
    lives: QuoteLives

    def values(self) -> dict[str, Decimal | int]:
        """Return each value by its name, in the order of a form."""
        return {name: getattr(self._holder(name), name) for name in PRICING_NAMES}

    def changed(
        self, patch: Mapping[str, object], follow: Callable[[Limits, QuoteLives], Limits] = lambda limits, lives: limits
    ) -> "tuple[PricingSet | None, tuple[str, ...]]":
        """Return the set with these values; None, and a sentence for each problem, where it would not be valid.

        ``follow`` returns the limits with what follows from sizes and lives.
        """
        unknown = sorted(patch.keys() - set(PRICING_NAMES))
        if unknown:
            return None, (f"unknown parameter {unknown[0]}; expected some of {', '.join(PRICING_NAMES)}",)
        try:
            wanted = PricingSet(
                params=_patched(self.params, patch, PriceParams),
                limits=_patched(self.limits, patch, Limits),
                lives=_patched(self.lives, patch, QuoteLives),
            )
        except msgspec.ValidationError as exc:
            return None, (f"the parameters cannot be read: {exc}",)
        if wanted._sized != self._sized and not wanted._out_of_range():
            wanted = msgspec.structs.replace(wanted, limits=follow(wanted.limits, wanted.lives))
        problems = wanted.problems()
        return (None if problems else wanted), problems

    def problems(self) -> tuple[str, ...]:
        """Return one sentence for every value out of range, and for those that do not fit each other."""
        found = [*self.params.problems(), *self.limits.problems(), *self._life_problems()]
        share, target = self.limits.max_asset_share, self.params.target_btc_share
        if not found and not 1 - share <= target <= share:
            found.append(f"target_btc_share must leave both assets below max_asset_share, {share}")
        return tuple(found)

    @property
    def _sized(self) -> tuple[Decimal, QuoteLives]:
        return self.limits.max_notional_eure, self.lives

    def _out_of_range(self) -> bool:
        largest = self.limits.max_notional_eure
        return not (largest.is_finite() and 0 < largest <= MOST_EURE) or bool(self._life_problems())

    def _life_problems(self) -> list[str]:
        found = []
        lives, longest = self.lives, self.limits.max_deadline_ms
        if not 0 <= lives.quote_deadline_ms <= longest:
            found.append(f"quote_deadline_ms must be from 0 to max_deadline_ms, {longest}")
        if not 1_000 <= lives.quote_deadline_slack_ms <= 60_000:
            found.append("quote_deadline_slack_ms must be from 1000 to 60000")
        if not 0 <= lives.quote_exact_out_deadline_ms <= longest:
            found.append(f"quote_exact_out_deadline_ms must be from 0 to max_deadline_ms, {longest}")
        return found

    def differences(self, other: "PricingSet") -> dict[str, tuple[str, str]]:
        """Return the values that differ: this one's and the other's."""
        mine = self.values() | {name: getattr(self.limits, name) for name in FOLLOWING_LIMITS}
        others = other.values() | {name: getattr(other.limits, name) for name in FOLLOWING_LIMITS}
        return {name: (f"{mine[name]}", f"{others[name]}") for name in mine if mine[name] != others[name]}

    def _holder(self, name: str) -> msgspec.Struct:
        return next(one for one in (self.params, self.lives, self.limits) if name in one.__struct_fields__)


def _patched(now: T, patch: Mapping[str, object], kind: type[T]) -> T:
    own = {name: value for name, value in patch.items() if name in kind.__struct_fields__}
    return msgspec.convert({**msgspec.to_builtins(now), **own}, kind, strict=False) if own else now


class PricingTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force, the presets by name, and what is wrong with the file of presets."""

    values: dict[str, Decimal | int]
    presets: dict[str, dict[str, str]] = {}
    problems: tuple[str, ...] = ()


class PricingOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a set makes of the kept requests: how many it quotes, and how many the first failed check refuses.

    ``width_bps``: mean distance of the price from the mid; ``edge_bps``: edge over notional, both None without a quote.
    """

    quoted: int
    width_bps: Decimal | None
    edge_bps: Decimal | None
    notional_eure: Decimal
    refused: tuple[tuple[str, int], ...]


class PricingPreview(msgspec.Struct, frozen=True, kw_only=True):
    """The requests of the last ``over_ms``, decided under the set in force and under the wanted one."""

    requests: int
    over_ms: int
    changes: dict[str, tuple[str, str]]
    before: PricingOutcome
    after: PricingOutcome
