"""The takers' dice: the kind of each request's taker, its patience, its partner and what it knows.

Floats stay inside the dice; what is compared with a quote is a Decimal.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from venue.protocol.units import NS_PER_S
from venue.sandbox.base.seeding import rng
from venue.sandbox.flow.price_path import PricePath
from venue.sandbox.flow.regimes import PathVolatility
from venue.sandbox.mixes import KINDS, Kind

PARTNERS = ("1click", "near-intents.org", "wallet", "desk-x", None)
"""Through whom takers ask; None: the request does not say."""
SAYS_DRY = "1click"
"""The partner whose word on the taker tells that nobody will take."""
PARTNER_SHARES: Mapping[Kind, tuple[float, ...]] = {
    "prompt": (0.55, 0.20, 0.15, 0.02, 0.08),
    "patient": (0.25, 0.40, 0.30, 0.02, 0.03),
    "holder": (0.15, 0.05, 0.05, 0.65, 0.10),
    "sweeper": (0.10, 0.0, 0.0, 0.80, 0.10),
    "informed": (0.20, 0.05, 0.05, 0.60, 0.10),
    "probe": (0.70, 0.20, 0.10, 0.0, 0.0),
}
"""Share of each of ``PARTNERS`` in the requests of a kind."""

HOLD_S = 12.0
"""How long a patient taker waits on average."""
MARGIN_NS = 3 * NS_PER_S
"""So long before the deadline a holder or sweeper decides."""
HORIZON_S = (5.0, 30.0)
CORRELATION = 0.6
"""Of an informed taker's signal with the move that it foretells."""
SIGNAL_DELAY_NS = NS_PER_S
"""The move that it foretells starts so long after its request."""


class Taker(msgspec.Struct, frozen=True, kw_only=True):
    """The dice of one request's taker. ``hold_ns``: a patient one's; ``horizon_s`` and ``noise``, a standard normal
    number, an informed one's. ``dry``: its request says that it is a price check.
    """

    kind: Kind
    partner_id: str | None
    dry: bool
    hold_ns: int
    horizon_s: float
    noise: float


class TakerTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of the kinds (0 to 1, together 1). ``dry``: share of the probes that say so. ``alike``: every kind asks
    through the same partners. ``hold_s``: a patient taker's mean wait; ``margin_ns``: so long before the deadline a
    holder or sweeper decides.
    """

    mix: Mapping[Kind, float]
    dry: float = 0.5
    alike: bool = False
    hold_s: float = HOLD_S
    margin_ns: int = MARGIN_NS
    correlation: float = CORRELATION


def taker_at(seed: int, terms: TakerTerms, index: int) -> Taker:
    """Return the taker of request ``index``; its streams are its own, so no other draw of the flow depends on it."""
    chance = rng(seed, "taker", index)
    kind = chance.choices(KINDS, [terms.mix.get(one, 0.0) for one in KINDS])[0]
    [partner_id] = chance.choices(PARTNERS, PARTNER_SHARES["prompt" if terms.alike else kind])
    dry = chance.random() < terms.dry and kind == "probe"
    signal = rng(seed, "signal", index)
    return Taker(
        kind=kind,
        partner_id=SAYS_DRY if dry else partner_id,
        dry=dry,
        hold_ns=int(rng(seed, "hold", index).expovariate(1 / terms.hold_s) * NS_PER_S),
        horizon_s=signal.uniform(*HORIZON_S),
        noise=signal.gauss(0, 1),
    )


def signal_bps(
    taker: Taker, path: PricePath, volatility: PathVolatility, at_ns: int, correlation: float = CORRELATION
) -> Decimal:
    """Return the move in bps that an informed taker expects of the mid, right as often as its correlation says."""
    start = at_ns + SIGNAL_DELAY_NS
    before, after = path.mid_at(start), path.mid_at(start + int(taker.horizon_s * NS_PER_S))
    true_bps = (float(after) / float(before) - 1) * 1e4
    sd = volatility.sigma60_bps(at_ns) * (taker.horizon_s / 60) ** 0.5
    noise = correlation * (1 - correlation**2) ** 0.5 * sd * taker.noise
    return Decimal(round((correlation**2 * true_bps + noise) * 100)).scaleb(-2)
