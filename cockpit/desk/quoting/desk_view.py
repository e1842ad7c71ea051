"""What the strategy knows when it decides, and how that is recorded."""

from decimal import Decimal

import msgspec

from cockpit.model.commands import Limits, PriceParams
from cockpit.model.snapshot import Trading
from venue.protocol.assets import Market

RECORDED_SLACK_MS = 1_000
"""The slack of a deadline in views that were recorded before it was a setting."""


class DeskView(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the strategy knows. Amounts are base units, None where the Verifier has not answered; times UTC ns.

    ``*_balance`` and ``*_reserved`` (committed or leaving) are of the market's own tokens. ``*_elsewhere`` are of the
    other tokens of the same underlying, in its base units, and so is ``*_promised`` (a recorded name): what live quotes
    commit of all of them. ``*_signed``: the same of every quote that could still settle, refused ones included; None in
    views that were recorded before it was known. ``quotes_in_second`` and ``fills_in_hour``: how many there were until
    now. ``loss``: what the day's fills have lost against the mid, base units of the quote underlying, 0 when they
    gained. A quote lives as long as the request asks, and ``deadline_slack_ms`` more; at least ``default_deadline_ms``
    where the limits allow it. ``exact_out_deadline_ms``: the longest life of an answer to an exact-out request, None
    for that of all others. ``quote_dry``: whether price checks are answered. ``request_max_age_ms``: how old a request
    may be, None for a view of before there was a bound; ``request_waited_ms``: for how long this one lay unread in the
    process. ``sigma_bps``: the standard deviation of the mid over a minute, None while it is unknown. ``add_on_bps``:
    what the half spread is wider for this request's partner. ``option_value``: what all signed quotes are worth to
    their holders, base units of the quote underlying; None while that is unknown.
    """

    market: Market
    limits: Limits
    params: PriceParams
    strategy_armed: bool
    executor_armed: bool
    mid: Decimal | None
    mid_at_ns: int
    mid_usable: bool
    mid_problem: str
    base_balance: int | None
    quote_balance: int | None
    base_reserved: int
    quote_reserved: int
    inventory_at_ns: int
    default_deadline_ms: int
    salt_known: bool
    relay_writable: bool
    history_writable: bool
    trading: Trading = "ACTIVE"
    base_promised: int = 0
    quote_promised: int = 0
    quotes_in_second: int = 0
    fills_in_hour: int = 0
    loss: int = 0
    deadline_slack_ms: int = RECORDED_SLACK_MS
    exact_out_deadline_ms: int | None = None
    quote_dry: bool = False
    base_elsewhere: int = 0
    quote_elsewhere: int = 0
    base_elsewhere_reserved: int = 0
    quote_elsewhere_reserved: int = 0
    base_signed: int | None = None
    quote_signed: int | None = None
    request_max_age_ms: int | None = None
    request_waited_ms: int = 0
    sigma_bps: Decimal | None = None
    add_on_bps: Decimal = Decimal(0)
    option_value: int | None = None


_RULES = ("market", "limits", "params")
"""What of a view is not in its record: the market is the request's, limits and parameters change seldom."""

Viewed = msgspec.defstruct(
    "Viewed",
    [
        (field.name, field.type) if field.required else (field.name, field.type, field.default)
        for field in msgspec.structs.fields(DeskView)
        if field.name not in _RULES
    ],
    frozen=True,
)
"""A view without its rules: whatever ``DeskView`` holds is recorded, and read back as the same types."""

_LATER = {
    "deadline_slack_ms": RECORDED_SLACK_MS,
    "exact_out_deadline_ms": None,
    "quote_dry": False,
    "base_elsewhere": 0,
    "quote_elsewhere": 0,
    "base_elsewhere_reserved": 0,
    "quote_elsewhere_reserved": 0,
    "base_signed": None,
    "quote_signed": None,
    "request_max_age_ms": None,
    "request_waited_ms": 0,
    "sigma_bps": None,
    "add_on_bps": Decimal(0),
    "option_value": None,
}
"""What views did not hold at first: recorded only where it is not the default, so that an older view stays as it is."""

_VIEWED = tuple(Viewed.__struct_fields__)
_ALWAYS = tuple(name for name in _VIEWED if name not in _LATER)
_encode = msgspec.json.Encoder().encode
_viewed = msgspec.json.Decoder(Viewed).decode


def record_view(view: DeskView) -> str:
    """Encode the view as JSON, but for its rules; ``read_view`` restores it."""
    fields = {name: getattr(view, name) for name in _ALWAYS}
    fields |= {name: value for name, default in _LATER.items() if (value := getattr(view, name)) != default}
    return _encode(fields).decode()


def read_view(recorded: str, market: Market, limits: Limits, params: PriceParams) -> DeskView:
    """Restore a recorded view under these rules. Raises msgspec.MsgspecError when another version recorded it."""
    viewed = _viewed(recorded)
    return DeskView(market=market, limits=limits, params=params, **{name: getattr(viewed, name) for name in _VIEWED})
