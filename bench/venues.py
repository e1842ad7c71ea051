"""A sandbox venue inside the bench, with a maker whose funds do not end."""

from decimal import Decimal

from venue.protocol.tokens import BTC, EURE
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue

MAKER_BTC = BTC.to_units(Decimal(1_000))
MAKER_EURE = EURE.to_units(Decimal(80_000_000))


async def start_venue(*, rate: float, other_pairs: float) -> Venue:
    """Start a venue whose traders send ``rate`` requests a second; the caller stops it before its makers."""
    config = VenueConfig(
        rate=rate,
        other_pairs=other_pairs,
        start_paused=rate == 0,
        deposit_after_s=None,
        maker_btc=MAKER_BTC,
        maker_eure=MAKER_EURE,
    )
    venue = Venue(config)
    await venue.start()
    return venue
