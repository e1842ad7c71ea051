"""Commands to the desk: typed, each with an id, and answered by a result."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

Part = Literal[
    "near-intents-ingest",
    "market-reference-ingest",
    "inventory-sync",
    "liquidity-manager",
    "history-writer",
    "strategy-engine",
    "trade-executor",
]
"""The seven parts of the desk, named as in the API; the names come from the services of the predecessor."""

PARTS: tuple[Part, ...] = (
    "near-intents-ingest",
    "market-reference-ingest",
    "inventory-sync",
    "liquidity-manager",
    "history-writer",
    "strategy-engine",
    "trade-executor",
)
Armable = Literal["strategy-engine", "trade-executor"]
ARMABLE: tuple[Armable, ...] = ("strategy-engine", "trade-executor")
ARMABLE_NAMES: dict[Armable, str] = {"strategy-engine": "strategy", "trade-executor": "executor"}
"""What an operator reads in place of the service's name."""
REFRESHABLE: tuple[Part, ...] = ("market-reference-ingest", "inventory-sync", "liquidity-manager")

MAX_DECIMALS = 18
"""Decimals of a limit: EURe has no finer unit, and exact arithmetic on long fractions would slow the desk."""


SIGNED_OVER_COMMITTED = 10
"""How many times what may be committed may be signed, unless a setting says otherwise."""


NOTE = "note"
"""The command that keeps a note of the operator in the journal."""
MAX_NOTE = 400
"""Characters of a note."""


class CommandRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends the command. A repeated ``command_id`` is recognised; the desk makes one if it is empty."""

    command_id: str = ""
    actor: str = "api"


UNATTENDED = "cockpit-unattended"
"""The header, with the value 1, of a command that a program sends by itself: it is no sign that somebody is there."""

MAX_SEQ = 2**53 - 1
MAX_KEY_AGE_MS = 366 * 86_400_000
MAX_ACTOR = 200
"""Characters of a name in the journal."""


class OperatorReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a cockpit says about its operator, over the stream. It commands nothing, so that no answer comes.

    ``painted``: the ``seq`` of the newest snapshot that its terminal has taken; None while there is none.
    ``key_age_ms``: since the last key or click; None when there was none. ``actor``: its name in the journal.
    """

    painted: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)] | None = None
    key_age_ms: Annotated[int, msgspec.Meta(ge=0, le=MAX_KEY_AGE_MS)] | None = None
    actor: Annotated[str, msgspec.Meta(max_length=MAX_ACTOR)] = ""


NO_OPTION_LIMIT = Decimal(10**9)
"""The largest worth of signed quotes to their holders that can be set as a limit, EURe: it stands for no limit."""


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The risk limits, and what a breach does.

    A breach refuses the quote: ``max_notional_eure``, largest size of a quote in EURe, above 0;
    ``min_notional_eure``, smallest size, 0 in records from before there was one; ``min_edge_bps``,
    smallest edge against the mid, 0 to 5000; ``max_promised_eure``, largest sum committed in live quotes with BTC at
    the mid, at least the notional; ``max_signed_eure``, the same of every quote that could still settle, refused ones
    included; ``max_quotes_per_second``, 1 to 100000; ages in milliseconds;
    ``max_divergence_bps``, largest distance of a fresh source from the composite; ``max_deadline_ms``, longest life of
    a quote, 1 s to 1 h.

    ``max_option_eure``, largest worth of all signed quotes to their holders: from four fifths of it on only quotes are
    made that reduce, above it none; ``NO_OPTION_LIMIT`` for none.

    A breach reduces: ``max_asset_share``, largest share of the inventory's value in one asset, 0.5 to 1, with every
    live quote counted as settled. A breach halts: ``max_fills_per_hour``, 1 to 1000000, until fewer fills lie within
    the hour; ``max_loss_per_day_eure``, loss of the UTC day's fills marked to the mid, above 0, until an operator
    resumes trading.
    """

    max_notional_eure: Decimal = Decimal(5)
    min_notional_eure: Decimal = Decimal(0)
    max_promised_eure: Decimal = Decimal(1_000)
    max_signed_eure: Decimal = Decimal(10_000)
    max_asset_share: Decimal = Decimal("0.9")
    max_quotes_per_second: int = 50
    max_fills_per_hour: int = 60
    max_loss_per_day_eure: Decimal = Decimal(5)
    min_edge_bps: Decimal = Decimal(5)
    max_reference_age_ms: int = 5_000
    max_inventory_age_ms: int = 20_000
    max_divergence_bps: Decimal = Decimal(50)
    max_deadline_ms: int = 125_000
    max_option_eure: Decimal = NO_OPTION_LIMIT

    def stricter_than(self, other: "Limits") -> bool:
        """Return whether no limit allows more than the other's and one allows less."""
        if self == other:
            return False
        mosts = [name for name in self.__struct_fields__ if name.startswith("max_")]
        leasts = [name for name in self.__struct_fields__ if name.startswith("min_")]
        return all(getattr(self, n) <= getattr(other, n) for n in mosts) and all(
            getattr(self, n) >= getattr(other, n) for n in leasts
        )

    def problems(self) -> tuple[str, ...]:
        """Return one sentence for every value out of range; empty if all limits are valid."""
        found = []
        sums = ("max_notional_eure", "max_promised_eure", "max_signed_eure", "max_loss_per_day_eure", "max_option_eure")
        for name in sums:
            amount: Decimal = getattr(self, name)
            most = SIGNED_OVER_COMMITTED * 10**9 if name == "max_signed_eure" else 10**9
            if not (amount.is_finite() and 0 < amount <= most):
                found.append(f"{name} must be above 0 and at most {most}")
        if not found and self.max_promised_eure < self.max_notional_eure:
            found.append(
                "max_promised_eure must be at least max_notional_eure; otherwise the largest quote is never made"
            )
        least, largest = self.min_notional_eure, self.max_notional_eure
        if not (least.is_finite() and least >= 0 and (not largest.is_finite() or least <= largest)):
            found.append("min_notional_eure must be from 0 to max_notional_eure; above it no quote is ever made")
        if not (self.max_asset_share.is_finite() and Decimal("0.5") <= self.max_asset_share <= 1):
            found.append("max_asset_share must be from 0.5 to 1")
        if not 1 <= self.max_quotes_per_second <= 100_000:
            found.append("max_quotes_per_second must be from 1 to 100000")
        if not 1 <= self.max_fills_per_hour <= 1_000_000:
            found.append("max_fills_per_hour must be from 1 to 1000000")
        if not (self.min_edge_bps.is_finite() and 0 <= self.min_edge_bps <= 5_000):
            found.append("min_edge_bps must be from 0 to 5000")
        if not 100 <= self.max_reference_age_ms <= 600_000:
            found.append("max_reference_age_ms must be from 100 to 600000")
        if not 1_000 <= self.max_inventory_age_ms <= 3_600_000:
            found.append("max_inventory_age_ms must be from 1000 to 3600000")
        if not (self.max_divergence_bps.is_finite() and 0 < self.max_divergence_bps <= 5_000):
            found.append("max_divergence_bps must be above 0 and at most 5000")
        if not 1_000 <= self.max_deadline_ms <= 3_600_000:
            found.append("max_deadline_ms must be from 1000 to 3600000")
        for name in self.__struct_fields__:
            value = getattr(self, name)
            exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
            if isinstance(exponent, int) and exponent < -MAX_DECIMALS:
                found.append(f"{name} must have at most {MAX_DECIMALS} decimals")
        return tuple(found)


_PRICING_RANGES = {
    "half_spread_bps": ("0", "5000"),
    "max_skew_bps": ("0", "2000"),
    "target_btc_share": ("0", "1"),
    "vol_factor": ("0", "5"),
    "skew_sigmas": ("0", "50"),
    "max_premium_bps": ("0", "5000"),
    "unknown_sigma_bps": ("1.5", "1000"),
    "partner_weight": ("0", "1"),
    "partner_shrink": ("1", "100000"),
    "partner_max_bps": ("0", "1000"),
}


class PriceParams(msgspec.Struct, frozen=True, kw_only=True):
    """How quotes are priced. Spreads, skews, σ and premium are bps of the mid.

    Half spread: ``half_spread_bps``, and ``vol_factor`` times the standard deviation of the mid until the deadline.
    Skew: at most ``max_skew_bps``, and ``skew_sigmas`` times σ where that is not 0. ``target_btc_share`` is from 0 to
    1. ``max_premium_bps``: what the option in a quote may be worth to its holder, 0 for no bound. σ counts as
    ``unknown_sigma_bps`` while it is unknown. ``partner_weight``: how much of what a partner's fills cost more than
    those of others is added to its half spread, at most ``partner_max_bps``; ``partner_shrink``, in fills of 100 EURe,
    is how much must be known of it. The defaults are those of records from before there was more than a half
    spread and a largest skew.
    """

    half_spread_bps: Decimal = Decimal(20)
    max_skew_bps: Decimal = Decimal(15)
    target_btc_share: Decimal = Decimal("0.5")
    vol_factor: Decimal = Decimal(0)
    skew_sigmas: Decimal = Decimal(0)
    max_premium_bps: Decimal = Decimal(0)
    unknown_sigma_bps: Decimal = Decimal(12)
    partner_weight: Decimal = Decimal(0)
    partner_shrink: int = 100
    partner_max_bps: Decimal = Decimal(15)

    def problems(self) -> tuple[str, ...]:
        """Return one sentence for every value out of range; empty if all are valid."""
        found = []
        for name, (least, most) in _PRICING_RANGES.items():
            value = Decimal(getattr(self, name))
            if not (value.is_finite() and Decimal(least) <= value <= Decimal(most)):
                found.append(f"{name} must be from {least} to {most}")
                continue
            exponent = value.as_tuple().exponent
            if isinstance(exponent, int) and exponent < -MAX_DECIMALS:
                found.append(f"{name} must have at most {MAX_DECIMALS} decimals")
        return tuple(found)


class TradingOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The trading state to set, and the operator's reason."""

    state: Literal["ACTIVE", "REDUCING", "HALTED"]
    reason: str = ""


SHORTEST_COUNT_S = 1
LONGEST_COUNT_S = 600
"""Seconds for which the relay may be asked to send every request, a hundred times what the desk needs."""


class OtherPairsOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long requests for other pairs are to be counted."""

    seconds: Annotated[int, msgspec.Meta(ge=SHORTEST_COUNT_S, le=LONGEST_COUNT_S)] = 60


Route = Literal["transaction", "intent"]


class WithdrawalOrder(CommandRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A withdrawal to make or to review.

    ``asset_id``: the token id or the symbol. ``amount``: base units that leave the Verifier, bridge fee included.
    ``destination_address``: empty for the configured one. ``expected_fee``: the reviewed fee, base units, and
    ``expected_native_fee`` what is paid beside it, yoctoNEAR; a different fee is refused. ``idempotency_key``: one key
    makes one withdrawal, however often it is sent.
    """

    asset_id: str
    amount: str | int = ""
    destination_address: str = ""
    chain: str = ""
    expected_fee: str | int | None = None
    idempotency_key: str = ""
    route: Route | None = None
    expected_native_fee: str | int | None = None


MAX_FEE_PERCENT = 5
"""The bridge's fee, in percent of the amount, above which an order has to name the fee that it accepts."""
FEE_CHANGED = "the bridge's fee has changed"
"""Starts the refusal of a withdrawal whose fee is no longer the reviewed one; a cockpit then reviews it again."""

NEW_ADDRESS = "the address was never used before"
"""How the refusal starts that comes from an address's cooling-off; a review counts that time down by itself."""


class WithdrawalReview(msgspec.Struct, frozen=True, kw_only=True):
    """Everything to know before a withdrawal is confirmed. Amounts are Decimal of whole tokens.

    ``refusals``: why it would be refused now, one sentence each; empty if it would be accepted. ``alive_promised``:
    amount of the same asset committed to live quotes. ``cooling_left_ms``: remaining cooling-off of the address.
    By the Omni bridge ``fee`` is ``gas_fee``, the most that the payment may cost, and ``protocol_fee``; ``native_fee``
    is paid beside it, in NEAR (``native_fee_units`` in yoctoNEAR). ``amount_eur``: what ``amount`` is worth at the mid,
    cut to a cent; None while the mid is unknown.
    """

    asset_id: str
    symbol: str
    decimals: int
    chain: str
    route: Route
    destination: str
    amount: Decimal | None
    amount_units: str
    fee: Decimal | None
    fee_units: str
    arrives: Decimal | None
    minimum: Decimal | None
    balance: Decimal | None
    spendable: Decimal | None
    spendable_units: str
    spendable_after: Decimal | None
    alive_quotes: int
    alive_promised: Decimal
    cooling_left_ms: int
    frozen: bool
    refusals: tuple[str, ...]
    bridge: Literal["poa", "omni"] = "poa"
    gas_fee: Decimal | None = None
    protocol_fee: Decimal | None = None
    native_fee: Decimal | None = None
    native_fee_units: str = ""
    amount_eur: Decimal | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a command. ``reason``: why it was refused, or what was done, in one sentence."""

    command_id: str
    command: str
    accepted: bool
    reason: str
    at_ns: int
