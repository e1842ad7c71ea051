"""A sandbox venue inside the bench, with a maker whose funds do not end."""

from decimal import Decimal

from venue.protocol.tokens import DEFAULT_TOKENS, EURE, TokenTable
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue

_BTC = Decimal(1_000)
_EUR = Decimal(80_000_000)
MAKER_EURE = EURE.to_units(_EUR)
MAKER_BALANCES = {token.symbol: token.to_units(_BTC) for token in DEFAULT_TOKENS.of(DEFAULT_TOKENS.base)}
_BALANCES = tuple(word for symbol in MAKER_BALANCES for word in ("--balance", f"{symbol}={_BTC}"))
OPTIONS = ("--set", f"maker_eure={MAKER_EURE}", *_BALANCES)
"""The same funds as options of ``cockpit venue``."""


async def start_venue(*, rate: float, other_pairs: float, tokens: TokenTable = DEFAULT_TOKENS) -> Venue:
    """Start a venue whose traders send ``rate`` requests a second; the caller stops it before its makers."""
    balances = {
        token.symbol: token.to_units(_BTC if token.underlying == tokens.base else _EUR)
        for token in tokens.tokens
        if token != EURE
    }
    config = VenueConfig(
        rate=rate,
        other_pairs=other_pairs,
        start_paused=rate == 0,
        deposit_after_s=None,
        tokens=tokens,
        maker_balances=balances,
        maker_eure=MAKER_EURE,
    )
    venue = Venue(config)
    await venue.start()
    return venue
