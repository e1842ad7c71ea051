"""What a scenario says: its header, and its steps in the order of their times."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from venue.protocol.units import NS_PER_S
from venue.sandbox.alarms import AlarmOrder
from venue.sandbox.base.described import about
from venue.sandbox.base.fault_values import DepositRequest, Gift
from venue.sandbox.bridges.pace import BridgePace
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.guests import AccountOrder
from venue.sandbox.scenario.asks import AskOrder

FLOW = (
    "rate",
    "other_pairs",
    "median_eur",
    "sigma",
    "legacy_share",
    "legacy_both_ways",
    "dry",
    "router_legs",
    "takers",
    "dry_probes",
    "hold_s",
    "margin_s",
    "correlation",
    "partners",
    "one_sided",
    "long_lives",
)
"""The venue settings that a step can change under ``flow``."""
OF_THE_START = frozenset({"seed", "tokens", "prices", "host", "port", "tls", "tls_cert", "tls_key"})
"""Venue settings that a scenario leaves to the command line; the seed has its place in the header."""
MOST_STEPS = 10_000
MOST_S = 604_800.0
Seconds = Annotated[float, msgspec.Meta(ge=0, le=MOST_S)]


class PriceOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The price of BTC moves by ``bps``, or until it is at ``to`` EUR, within ``over_s``."""

    bps: Decimal | None = None
    to: Decimal | None = None
    over_s: Seconds = 0.0

    def __post_init__(self) -> None:
        if (self.bps is None) == (self.to is None):
            raise ValueError("give exactly one of bps and to")
        if self.bps is not None and not (self.bps.is_finite() and -9_900 <= self.bps <= 1_000_000):
            raise ValueError("bps: expected a number from -9,900 to 1,000,000")
        if self.to is not None and not (self.to.is_finite() and Decimal("0.01") <= self.to <= 10**12):
            raise ValueError("to: expected EUR from 0.01 to 1,000,000,000,000")


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``duration_s``: when the scenario is over. ``venue``: settings of the venue, by name."""

    name: Annotated[str, about("", values="1 to 40 of a-z, 0-9 and -", pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    about: Annotated[str, msgspec.Meta(max_length=400)] = ""
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 1
    duration_s: Annotated[float, msgspec.Meta(gt=0, le=MOST_S)]


class ScenarioStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens ``at_s`` seconds after the traders started. ``for_s``: how long the ``faults`` hold.

    ``line`` and ``number`` say where it stands in the file. ``end`` ends the venue.
    """

    at_s: Seconds
    note: Annotated[str, msgspec.Meta(max_length=400)] = ""
    price: PriceOrder | None = None
    flow: dict[str, Any] | None = None
    faults: dict[str, object] | None = None
    for_s: Annotated[float, msgspec.Meta(gt=0, le=MOST_S)] | None = None
    deposit: DepositRequest | None = None
    gift: Gift | None = None
    account: AccountOrder | None = None
    ask: AskOrder | None = None
    bridge: BridgePace | None = None
    alarm: AlarmOrder | None = None
    forward_s: Annotated[float, msgspec.Meta(gt=0, le=31_536_000)] | None = None
    rotate_salt: Literal["keep_old", "invalidate_old"] | None = None
    traders: Literal["pause", "run"] | None = None
    end: bool = False

    @property
    def at_ns(self) -> int:
        return round(self.at_s * NS_PER_S)


ACTIONS = tuple(name for name in ScenarioStep.__struct_fields__ if name not in ("at_s", "note", "for_s"))


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A checked scenario; ``steps`` are in the order of their times."""

    header: Header
    venue: Mapping[str, Any]
    steps: tuple[ScenarioStep, ...]

    @property
    def name(self) -> str:
        return self.header.name

    @property
    def duration_ns(self) -> int:
        return round(self.header.duration_s * NS_PER_S)

    def settings(self) -> dict[str, Any]:
        """Return the settings of the venue that it is written for, by name."""
        return {"seed": self.header.seed, **self.venue}

    def flows(self, config: VenueConfig) -> tuple[tuple[int, VenueConfig], ...]:
        """Return the settings of the flow from each market time on at which it changes, nanoseconds.

        Raises ValueError for settings that do not fit each other.
        """
        found = []
        for step in self.steps:
            if step.flow is not None:
                config = msgspec.structs.replace(config, **step.flow)
                found.append((self.market_ns(step.at_ns), config))
        return tuple(found)

    def market_ns(self, at_ns: int) -> int:
        """Return the market's time at this time of the scenario: it stands still while the traders pause."""
        stood, since = 0, None
        for step in self.steps:
            if step.at_ns > at_ns:
                break
            if step.traders == "pause" and since is None:
                since = step.at_ns
            elif step.traders == "run" and since is not None:
                stood, since = stood + step.at_ns - since, None
        if since is not None:
            stood += at_ns - since
        return at_ns - stood
