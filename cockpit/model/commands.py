"""What an operator can ask of the desk: typed, each with an id, and answered with a result or a refusal."""

from decimal import Decimal
from typing import Literal

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
"""The seven parts of the desk, by the names of the services they succeed and of their API paths."""

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
REFRESHABLE: tuple[Part, ...] = ("market-reference-ingest", "inventory-sync", "liquidity-manager")

MAX_DECIMALS = 18
"""Decimals of a limit: EURe has no finer unit, and exact arithmetic on an endless fraction would stop the desk."""


class CommandRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. The id makes a repeated request recognisable; the desk makes one when it is missing."""

    command_id: str = ""
    actor: str = "api"


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bounds of what may be quoted, and what a breach does.

    A breach refuses the quote: ``max_notional_eure``, EURe a single quote may move, above 0; ``min_edge_bps``, least
    earning of a quote against the mid, 0 to 5000; ``max_promised_eure``, what all live quotes may give together, BTC at
    the mid, at least the notional; ``max_quotes_per_second``, 1 to 100000; ages in milliseconds;
    ``max_divergence_bps``, the widest distance of any fresh source from the composite; ``max_deadline_ms``, how long a
    signed quote may live, 1 s to 1 h.

    A breach reduces: ``max_asset_share``, the largest part of the inventory's value in one asset, 0.5 to 1, every live
    quote counted as settled. A breach halts: ``max_fills_per_hour``, 1 to 1000000, until the hour has room again;
    ``max_loss_per_day_eure``, the fills of the UTC day marked to the mid, above 0, until a person lifts it.
    """

    max_notional_eure: Decimal = Decimal(5)
    max_promised_eure: Decimal = Decimal(1_000)
    max_asset_share: Decimal = Decimal("0.9")
    max_quotes_per_second: int = 50
    max_fills_per_hour: int = 60
    max_loss_per_day_eure: Decimal = Decimal(5)
    min_edge_bps: Decimal = Decimal(5)
    max_reference_age_ms: int = 5_000
    max_inventory_age_ms: int = 20_000
    max_divergence_bps: Decimal = Decimal(50)
    max_deadline_ms: int = 125_000

    def problems(self) -> tuple[str, ...]:
        """One sentence for every value that is out of range; empty when the set may be used."""
        found = []
        for name in ("max_notional_eure", "max_promised_eure", "max_loss_per_day_eure"):
            amount: Decimal = getattr(self, name)
            if not (amount.is_finite() and 0 < amount <= 10**9):
                found.append(f"{name} must be above 0 and at most 1000000000")
        if not found and self.max_promised_eure < self.max_notional_eure:
            found.append(
                "max_promised_eure must be at least max_notional_eure, or the largest quote could never be made"
            )
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


class TradingOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which quotes may be made from now on, and why, in the words of who orders it."""

    state: Literal["ACTIVE", "REDUCING", "HALTED"]
    reason: str = ""


Route = Literal["transaction", "intent"]


class WithdrawalOrder(CommandRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator asks to be withdrawn, and what a review of it needs.

    ``asset_id``: the token id or the symbol. ``amount``: base units burned, the bridge's fee among them.
    ``destination_address``: empty takes the configured one. ``expected_fee``: the fee that was reviewed, base units; a
    changed one refuses. ``idempotency_key``: one key, one withdrawal, however often it is asked for.
    """

    asset_id: str
    amount: str | int = ""
    destination_address: str = ""
    chain: str = ""
    expected_fee: str | int | None = None
    idempotency_key: str = ""
    route: Route | None = None


class WithdrawalReview(msgspec.Struct, frozen=True, kw_only=True):
    """Everything to know before a withdrawal is confirmed. Amounts are Decimal of whole tokens.

    ``refusals``: why it would be refused now, one sentence each; empty when it may go. ``alive_promised``: what quotes
    still alive promise of the same asset. ``cooling_left_ms``: how long the address must still wait.
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


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a command. ``reason`` says why it was refused, or what was done, in one sentence."""

    command_id: str
    command: str
    accepted: bool
    reason: str
    at_ns: int
