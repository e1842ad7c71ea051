"""Desk objects with plain values, for tests that change one thing at a time."""

from decimal import Decimal

import msgspec

from cockpit.desk.market.par import Par
from cockpit.desk.quote_book.commitment import Commitment, commit
from cockpit.desk.quoting.desk_view import DeskView
from cockpit.model.commands import Limits, PriceParams
from cockpit.model.events import Side, SwapDemand
from venue.protocol.tokens import BTC, BTC_EURE, EURE
from venue.protocol.units import NS_PER_MS, NS_PER_S

NOW = 1_790_000_000 * NS_PER_S
SALT = bytes.fromhex("252812b3")
MID = Decimal(50_000)
AT_PAR = Par(assumed_bps=Decimal(0), max_off_bps=Decimal(50))


class Clock:
    """A clock that moves only in ``pass_ms``."""

    def __init__(self, now_ns: int = NOW) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        return self.now_ns

    def pass_ms(self, ms: int) -> None:
        self.now_ns += ms * NS_PER_MS


def request(
    side: Side = "buy",
    *,
    amount_in: int | None = None,
    amount_out: int | None = None,
    quote_id: str = "q-1",
    at_ns: int = NOW,
    min_deadline_ms: int = 60_000,
    dry: bool = False,
    router_leg: bool = False,
    asked_ns: int | None = None,
    max_wait_ms: int | None = None,
) -> SwapDemand:
    """A request whose answer would have the desk buy or sell BTC; 0.0001 BTC or 4 EURe in by default."""
    asset_in, asset_out = (BTC, EURE) if side == "buy" else (EURE, BTC)
    if amount_in is None and amount_out is None:
        amount_in = 8_000 if side == "buy" else 4 * 10**18
    return SwapDemand(
        at_ns=at_ns,
        quote_id=quote_id,
        asset_in=asset_in.token_id,
        asset_out=asset_out.token_id,
        amount_in=amount_in,
        amount_out=amount_out,
        min_deadline_ms=min_deadline_ms,
        partner_id=None,
        traceparent=None,
        dry=dry,
        router_leg=router_leg,
        asked_ns=asked_ns,
        max_wait_ms=max_wait_ms,
    )


def view(**changes: object) -> DeskView:
    """A view under which a small request is quoted, with some of its values changed."""
    passing = DeskView(
        market=BTC_EURE,
        limits=Limits(max_asset_share=Decimal(1)),
        params=PriceParams(),
        strategy_armed=True,
        executor_armed=True,
        mid=MID,
        mid_at_ns=NOW - 100 * NS_PER_MS,
        mid_usable=True,
        mid_problem="",
        base_balance=10**8,
        quote_balance=50_000 * 10**18,
        base_signed=0,
        quote_signed=0,
        base_reserved=0,
        quote_reserved=0,
        inventory_at_ns=NOW - 1_000 * NS_PER_MS,
        default_deadline_ms=60_000,
        salt_known=True,
        relay_writable=True,
        history_writable=True,
    )
    return msgspec.structs.replace(passing, **changes)


def commitment(
    name: str = "p",
    *,
    side: Side = "buy",
    amount_in: int = 100,
    amount_out: int = 1_000,
    sent_ns: int = NOW,
    life_ms: int = 60_000,
    margin_ms: int = 5_000,
    edge: int = 1,
    partner: str | None = None,
    nonce: str | None = None,
) -> Commitment:
    """A commitment whose ids are all made of its name."""
    asset_in, asset_out = (BTC, EURE) if side == "buy" else (EURE, BTC)
    deadline_ns = sent_ns + life_ms * NS_PER_MS
    return commit(
        quote_hash=f"hash-{name}",
        quote_id=f"quote-{name}",
        command_id=f"command-{name}",
        decision_id=f"decision-{name}",
        nonce=f"nonce-{name}" if nonce is None else nonce,
        side=side,
        asset_in=asset_in.token_id,
        asset_out=asset_out.token_id,
        amount_in=amount_in,
        amount_out=amount_out,
        edge=edge,
        partner=partner,
        sent_ns=sent_ns,
        deadline_ns=deadline_ns,
        released_after_ns=deadline_ns + margin_ms * NS_PER_MS,
    )
