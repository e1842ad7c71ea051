"""The faults a rehearsal can switch on: a small frozen table that every endpoint reads."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from venue.protocol.assets import BTC, EURE

Endpoint = Literal["ok", "429", "500", "garbage", "slow"]
Exchange = Literal["kraken", "coinbase", "bitstamp"]
Node = Literal["near_a", "near_b"]
Counter = Literal["ft_transfer_fails", "estimate_fails", "withdrawal_rejects"]
Period = Literal["near_tx_unknown_s", "near_stale_s", "bridge_not_found_s", "relay_not_found_s"]
_Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=600_000)]
_Skew = Annotated[int, msgspec.Meta(ge=-3_600_000, le=3_600_000)]
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=604_800)]
_Times = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class Lost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong with the next ``times`` calls that would move money.

    ``mode``: ``drop``, nothing happens and no answer comes; ``swallow``, it happens and no answer comes; ``late``, no
    answer comes and it happens ``delay_s`` seconds later; ``twice``, it is delivered twice and the second answer
    comes; ``garbled``, it happens and the answer comes twice in one body. ``silence``: what comes in place of the
    answer: the connection closes, an HTTP 500, or nothing until the caller hangs up.
    """

    mode: Literal["drop", "swallow", "late", "twice", "garbled"]
    times: _Times = 1
    silence: Literal["close", "500", "timeout"] = "close"
    delay_s: _Seconds = 1.0


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is broken now.

    ``relay_stall``: websockets stay open and nothing more is sent on them. ``relay_mute``: answers to
    ``quote_response`` are not sent, everything else is. ``relay_late_ms``: those answers are sent so much later.
    ``near_a``, ``near_b``: how the two NEAR RPC endpoints behave; ``near_slow_ms`` is how slow a slow one is.
    ``exchange_frozen``: exchanges whose price stands still. ``exchange_lie_bps``: how far off an exchange's prices are.

    ``near_send``: what happens to transactions sent through a node; ``publish``: to ``publish_intent`` (and
    ``publish_intents``). ``near_resend``: how bytes that ran already are answered. ``near_no_gas``: no account can pay
    for a transaction. ``near_tx_unknown_s``, ``near_stale_s``: for so many seconds from the order on a node does not
    know any transaction, or stands still at the block it is at. ``relay_not_found_s``: so long ``get_status`` knows
    nothing. ``ft_transfer_fails``: so many next transfers out of the Verifier fail; the amount is credited back.
    ``bridge``: how it behaves as a whole, ``near_slow_ms`` slow. ``bridge_not_found_s``: so long it does not know any
    withdrawal. ``estimate_fails``: so many next estimates are refused. ``withdrawal_rejects``: so many next burns are
    rejected and their money returned. ``fee_factor``: what the withdrawal fees are multiplied by.
    ``clock_skew_ms``: how far ahead of its real time the venue tells HTTP dates and block times; below 0 behind.
    ``status_shape``: ``data``, ``list`` (the older form), or the older one only where there are several.
    """

    relay_stall: bool = False
    relay_mute: bool = False
    relay_late_ms: _Milliseconds = 0
    near_a: Endpoint = "ok"
    near_b: Endpoint = "ok"
    near_slow_ms: _Milliseconds = 10_000
    exchange_frozen: tuple[Exchange, ...] = ()
    exchange_lie_bps: dict[Exchange, Decimal] = {}
    near_send: dict[Node, Lost] = {}
    near_resend: Literal["outcome", "invalid_nonce"] = "outcome"
    near_no_gas: bool = False
    near_tx_unknown_s: dict[Node, _Seconds] = {}
    near_stale_s: dict[Node, _Seconds] = {}
    publish: Lost | None = None
    relay_not_found_s: _Seconds = 0
    ft_transfer_fails: _Times = 0
    bridge: Endpoint = "ok"
    bridge_not_found_s: _Seconds = 0
    estimate_fails: _Times = 0
    withdrawal_rejects: _Times = 0
    fee_factor: Decimal = Decimal(1)
    clock_skew_ms: _Skew = 0
    status_shape: Literal["auto", "data", "list"] = "auto"

    def __post_init__(self) -> None:
        if not self.fee_factor.is_finite() or not 0 <= self.fee_factor <= 100_000:
            raise ValueError("fee_factor is between 0 and 100000")


class DepositRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money that arrives on another chain: base units, and how long until it is final there.

    The bridge looks ``seen_after_s`` after it has arrived, or at once when it is told (``notify_deposit``). ``sender``
    and ``tx_hash`` are the chain's, made up when not given; ``fails``: it is never credited.
    """

    token_id: str
    amount: Annotated[int, msgspec.Meta(gt=0)]
    account: str | None = None
    confirm_after_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 15.0
    seen_after_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    sender: str | None = None
    tx_hash: str | None = None
    fails: bool = False

    def __post_init__(self) -> None:
        if self.token_id not in (BTC.token_id, EURE.token_id):
            raise ValueError(f"the bridge does not carry {self.token_id}")


class Gift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a stranger sends within the Verifier, base units; no bridge knows of it. The maker's unless named."""

    token_id: str
    amount: Annotated[int, msgspec.Meta(gt=0)]
    account: str | None = None


class Strikes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens once, at once: connections dropped, a salt rotated, a deposit, a gift, Bitstamp asking to reconnect.

    ``mend``: every fault is switched off before those of the same order are switched on.
    """

    mend: bool = False
    relay_drop: bool = False
    rotate_salt: Literal["keep_old", "invalidate_old"] | None = None
    deposit: DepositRequest | None = None
    gift: Gift | None = None
    bitstamp_reconnect: bool = False


_STRIKES = frozenset(Strikes.__struct_fields__)


class Switches:
    """The table of faults that holds now; ``clock`` (UTC nanoseconds) is what its periods run by."""

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._ordered_ns: dict[str, int] = {}
        self._listeners: list[Callable[[frozenset[str]], None]] = []
        self.faults = Faults()

    def order(self, body: object) -> Strikes:
        """Set the named faults, keep the others, and return what is to happen once.

        Raises ``msgspec.ValidationError`` for an unknown name or a value out of range, and then changes nothing.
        """
        if not isinstance(body, dict):
            raise msgspec.ValidationError("a JSON object of faults is expected")
        strikes = msgspec.convert({name: value for name, value in body.items() if name in _STRIKES}, Strikes)
        lasting = {name: value for name, value in body.items() if name not in _STRIKES}
        kept = Faults() if strikes.mend else self.faults
        self.faults = msgspec.convert(msgspec.structs.asdict(kept) | lasting, Faults)
        self._ordered_ns |= dict.fromkeys(lasting, self._clock())
        for listener in self._listeners:
            listener(frozenset(lasting))
        return strikes

    def on_order(self, listener: Callable[[frozenset[str]], None]) -> None:
        """Call ``listener`` with the names of the faults of every order, once they hold."""
        self._listeners.append(listener)

    def spend(self, counter: Counter) -> bool:
        """Whether this call is one of the next so many that fail; one fewer is left then."""
        left: int = getattr(self.faults, counter)
        if left:
            self.faults = msgspec.structs.replace(self.faults, **{counter: left - 1})
        return left > 0

    def spend_send(self, node: Node) -> Lost | None:
        """What goes wrong with the transaction that comes in through the node now, None for nothing."""
        lost = self.faults.near_send.get(node)
        if lost is None or not lost.times:
            return None
        left = self.faults.near_send | {node: msgspec.structs.replace(lost, times=lost.times - 1)}
        self.faults = msgspec.structs.replace(self.faults, near_send=left)
        return lost

    def spend_publish(self) -> Lost | None:
        """What goes wrong with the intent that is published now, None for nothing."""
        lost = self.faults.publish
        if lost is None or not lost.times:
            return None
        self.faults = msgspec.structs.replace(self.faults, publish=msgspec.structs.replace(lost, times=lost.times - 1))
        return lost

    @property
    def skew_ns(self) -> int:
        """How far ahead of its time the venue tells it, nanoseconds."""
        return self.faults.clock_skew_ms * 1_000_000

    def lasts(self, period: Period, node: Node | None = None) -> bool:
        """Whether the period is not over yet; for those that are told by node, the node's."""
        told: float | dict[Node, float] = getattr(self.faults, period)
        seconds = (told.get(node, 0.0) if node is not None else 0.0) if isinstance(told, dict) else told
        return self._clock() < self._ordered_ns.get(period, 0) + int(seconds * 1_000_000_000)
