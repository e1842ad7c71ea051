"""The faults a rehearsal can switch on: a small frozen table that every endpoint reads."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from venue.assets import BTC, EURE

Endpoint = Literal["ok", "429", "500", "garbage", "slow"]
Exchange = Literal["kraken", "coinbase", "bitstamp"]
_Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=600_000)]


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is broken now.

    ``relay_stall``: websockets stay open and nothing more is sent on them. ``relay_mute``: answers to
    ``quote_response`` are not sent, everything else is. ``relay_late_ms``: those answers are sent so much later.
    ``near_a``, ``near_b``: how the two NEAR RPC endpoints behave; ``near_slow_ms`` is how slow a slow one is.
    ``exchange_frozen``: exchanges whose price stands still. ``exchange_lie_bps``: how far off an exchange's prices are.
    """

    relay_stall: bool = False
    relay_mute: bool = False
    relay_late_ms: _Milliseconds = 0
    near_a: Endpoint = "ok"
    near_b: Endpoint = "ok"
    near_slow_ms: _Milliseconds = 10_000
    exchange_frozen: tuple[Exchange, ...] = ()
    exchange_lie_bps: dict[Exchange, Decimal] = {}


class Deposit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money that arrives from another chain: base units, and how long the bridge takes to credit it."""

    token_id: str
    amount: Annotated[int, msgspec.Meta(gt=0)]
    account: str | None = None
    confirm_after_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 15.0

    def __post_init__(self) -> None:
        if self.token_id not in (BTC.token_id, EURE.token_id):
            raise ValueError(f"the bridge does not carry {self.token_id}")


class Strikes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens once, at once: connections dropped, a salt rotated, a deposit, Bitstamp asking to reconnect."""

    relay_drop: bool = False
    rotate_salt: Literal["keep_old", "invalidate_old"] | None = None
    deposit: Deposit | None = None
    bitstamp_reconnect: bool = False


_STRIKES = frozenset(Strikes.__struct_fields__)


class Switches:
    """The table of faults that holds now."""

    def __init__(self) -> None:
        self.faults = Faults()

    def order(self, body: object) -> Strikes:
        """Set the named faults, keep the others, and return what is to happen once.

        Raises ``msgspec.ValidationError`` for an unknown name or a value out of range, and then changes nothing.
        """
        if not isinstance(body, dict):
            raise msgspec.ValidationError("a JSON object of faults is expected")
        strikes = msgspec.convert({name: value for name, value in body.items() if name in _STRIKES}, Strikes)
        lasting = {name: value for name, value in body.items() if name not in _STRIKES}
        self.faults = msgspec.convert(msgspec.structs.asdict(self.faults) | lasting, Faults)
        return strikes
