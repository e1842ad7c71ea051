"""A maker's ``quote_response``: a quote that it signed, or a decline with a type and nothing signed."""

from collections.abc import Sequence

import msgspec

from venue.sandbox.relay.errors import INVALID_PARAMS, AuctionRefusedError

TOO_SMALL = "INSUFFICIENT_AMOUNT"
TYPES = frozenset(
    {
        "NO_LIQUIDITY",
        TOO_SMALL,
        "UNEXPECTED_ERROR",
        "DEADLINE_EXCEEDED",
        "PRICE_DIFFERENCE_TOO_LARGE",
        "SAME_TOKEN",
        "UNSUPPORTED_TOKENS",
        "MARKET_LIMIT",
        "STALE_DATA",
    }
)
"""As in the vendor's solver SDK."""


class Output(msgspec.Struct, frozen=True):
    """``quote_output``: the counter amount of an answer, as text; with a ``type`` it declines."""

    amount_in: str | None = None
    amount_out: str | None = None
    type: str | None = None
    min_amount: str | None = None
    time_to_liquidity_ms: int | None = None


class Response(msgspec.Struct, frozen=True):
    """Params of ``quote_response``."""

    quote_id: str
    quote_output: Output
    signed_data: dict[str, object] | None = None


class Decline(msgspec.Struct, frozen=True, omit_defaults=True):
    """``min_amount``: the smallest amount that the maker quotes, base units of what the request fixed."""

    type: str
    min_amount: str | None = None
    time_to_liquidity_ms: int | None = None


def read_decline(response: Response) -> Decline | None:
    """Return the decline; None for a quote. AuctionRefusedError for one that is signed, or of another type."""
    output = response.quote_output
    if output.type is None:
        if response.signed_data is None:
            raise AuctionRefusedError(INVALID_PARAMS, "signed_data is missing")
        return None
    if output.type not in TYPES:
        raise AuctionRefusedError(INVALID_PARAMS, "unknown type of quote_output")
    if response.signed_data is not None:
        raise AuctionRefusedError(INVALID_PARAMS, "a decline is not signed")
    if output.min_amount is not None and not (output.min_amount.isascii() and output.min_amount.isdigit()):
        raise AuctionRefusedError(INVALID_PARAMS, "min_amount must be base units in digits")
    return Decline(output.type, output.min_amount, output.time_to_liquidity_ms)


def shown_to_taker(declines: Sequence[Decline]) -> list[Decline]:
    """Return the answer to a taker without an option: the smallest amount that a maker quotes, if one named any."""
    amounts = [int(one.min_amount) for one in declines if one.type == TOO_SMALL and one.min_amount is not None]
    return [Decline(TOO_SMALL, str(min(amounts)))] if amounts else []
