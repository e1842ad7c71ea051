"""Quote requests as the relay sends them, made before the clock runs."""

import random
from functools import cache

import msgspec

from venue.protocol.tokens import DEFAULT_TOKENS, TokenTable
from venue.sandbox.flow.schedule import OTHER_TOKENS

VENUE_LIFE_MS = 60_000
"""What the venue's takers ask for as a rule."""
SHORT_LIFE_MS = 1_000
"""A quote's amount is soon released."""


@cache
def sizes(tokens: TokenTable) -> dict[str, int]:
    """Return the base units asked for of each token: about 8 EUR."""
    return {
        token.token_id: (10_000 if token.underlying == tokens.base else 8 * 10**18) // token.scale
        for token in tokens.tokens
    }


def quote_id(run: int, index: int) -> str:
    """Return the id of a run's request, in the form of a UUID."""
    return f"{run:08x}-0000-4000-8000-{index:012x}"


def index_of(run: int, text: str) -> int | None:
    """Return the index of the run's request with this id; None if it is not of this run."""
    head, _, tail = text.rpartition("-")
    if head != f"{run:08x}-0000-4000-8000":
        return None
    try:
        return int(tail, 16)
    except ValueError:
        return None


def is_other(index: int, other_pairs: float) -> bool:
    """Return whether a run's request of this index is for another pair; evenly spread."""
    return _others_before(index + 1, other_pairs) != _others_before(index, other_pairs)


def _others_before(index: int, other_pairs: float) -> int:
    return int(index * other_pairs)


def request(
    run: int,
    index: int,
    other_pairs: float,
    subscription: str,
    life_ms: int = SHORT_LIFE_MS,
    market_name: str = "",
    *,
    tokens: TokenTable = DEFAULT_TOKENS,
) -> bytes:
    """Return the JSON text of one request for a quote of this life; direction, exact form and market alternate.

    ``market_name``: the only market asked for; empty for all.
    """
    nth = index - _others_before(index, other_pairs)
    data: dict[str, object] = {"quote_id": quote_id(run, index)}
    if is_other(index, other_pairs):
        rng = random.Random(index)
        first, second = rng.sample(OTHER_TOKENS, 2)
        sides = (first[0], second[0])
        amounts = {first[0]: 10 ** first[1], second[0]: 10 ** second[1]}
    else:
        markets = [market for market in tokens.markets if market_name in ("", market.name)]
        market = markets[nth // 4 % len(markets)]
        base, quote = market.base.token_id, market.quote.token_id
        sides = (base, quote) if nth % 2 else (quote, base)
        amounts = sizes(tokens)
    data["defuse_asset_identifier_in"], data["defuse_asset_identifier_out"] = sides
    if nth // 2 % 2:
        data["exact_amount_out"] = str(amounts[sides[1]])
    else:
        data["exact_amount_in"] = str(amounts[sides[0]])
    data["min_deadline_ms"] = life_ms
    params = {
        "subscription": subscription,
        "data": data,
        "metadata": {"traceparent": f"00-{run:016x}{index:016x}-{index:016x}-01", "partner_id": "1click"},
    }
    return msgspec.json.encode({"jsonrpc": "2.0", "method": "event", "params": params})
