"""The faults that a rehearsal can switch on: one table that every endpoint reads."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from venue.protocol.tokens import DEFAULT_TOKENS, TokenTable
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.sandbox.base.lies import BridgeLie, NearLie, RelayLie, StatusLie
from venue.sandbox.base.omni_faults import OmniFaults

Endpoint = Literal["ok", "429", "500", "garbage", "slow"]
Gateway = Literal["ok", "401", "403", "429", "500", "garbage", "slow"]
Exchange = Literal["kraken", "coinbase", "bitstamp"]
MarketState = Literal[
    "online", "maintenance", "cancel_only", "post_only", "trading_disabled", "auction_mode", "delisted"
]
Node = Literal["near_a", "near_b"]
Counter = Literal["ft_transfer_fails", "estimate_fails", "withdrawal_rejects"]
Feature = Literal["ALL", "intents", "ft_withdraw", "ft_on_transfer", "mt_transfer"]
View = Literal["pa_all_paused", "is_account_locked", "is_auth_by_predecessor_id_enabled", "simulate_intents"]
Period = Literal["near_tx_unknown_s", "near_stale_s", "bridge_not_found_s", "relay_not_found_s", "omni_not_found_s"]
_Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=600_000)]
_Skew = Annotated[int, msgspec.Meta(ge=-3_600_000, le=3_600_000)]
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=604_800)]
_Times = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class LostAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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
    """The lasting faults.

    ``relay_stall``: websockets stay open and nothing more is sent on them. ``relay_mute``: answers to
    ``quote_response`` are not sent, everything else is. ``relay_late_ms``: those answers are sent so much later.
    ``relay_plain``: the relay knows no filters, no guaranteed delivery and no extended settlement stream.
    ``relay_forbidden``: it refuses the websocket's handshake with HTTP 403.
    ``relay_rpc``: how the relay's RPC behaves as a whole, with ``near_slow_ms`` when slow.
    ``near_a``, ``near_b``: how the two NEAR RPC endpoints behave; ``near_slow_ms`` is the delay of a slow one.
    ``exchange_frozen``: exchanges whose price stands still. ``exchange_lie_bps``: how far off an exchange's prices are.
    ``exchange_late_ms``: how much later everything leaves an exchange's websockets, with the times of when it was so;
    its REST answers at once. ``exchange_silent``: exchanges whose websockets stay open and send nothing.
    ``exchange_clock_ms``: how far the times that an exchange states are ahead; below 0 behind. ``exchange_undated``:
    exchanges whose prices state no time. ``exchange_status``: what an exchange says of its market, other than online;
    its prices come all the same. Bitstamp says nothing of it.

    ``near_send``: what happens to transactions sent through a node; ``publish``: to ``publish_intent`` (and
    ``publish_intents``). ``near_resend``: the answer to bytes that ran already. ``near_no_gas``: no account can pay for
    a transaction. ``relay_refuses_worse``: an answer that is not better than those before it is refused, and stays
    signed. ``relay_refuses_taken``: every answer is taken in, and refused as one that came too late.
    ``quotes_settle_s``: the shortest and the longest time from a taker's publication to the settlement of its quotes,
    None for the venue's setting; other intents are not delayed.
    ``status_after_s``: for so long after its publication ``get_status`` does not know an intent; None for the venue's
    setting. ``near_tx_unknown_s``, ``near_stale_s``: for so many seconds a node knows no transaction, or stays
    at its block. ``relay_not_found_s``: for so long ``get_status`` knows nothing. ``ft_transfer_fails``: so many next
    transfers out of the Verifier fail; the amount is credited back. ``bridge``: how it behaves as a whole, with
    ``near_slow_ms`` when slow. ``bridge_not_found_s``: for so long it knows no withdrawal. ``estimate_fails``: so many
    next estimates are refused. ``bridge_credits``: symbol or id of the token that deposits on its chain become from now
    on; empty for the venue's own. ``withdrawal_rejects``: so many next withdrawals are rejected and returned.
    ``fee_factor``: multiplies the withdrawal fees. ``clock_skew_ms``: how far HTTP dates and block times are ahead of
    the venue's real time; below 0 behind. ``status_shape``: ``data``, ``list`` (the older form), the older form
    only for several withdrawals, or ``both`` in one. ``bridge_varies``: its ids come back unchanged or as text, and its
    errors as an object or bare text, in turns.

    ``paused``: features of the Verifier that are paused (``intents``: nothing settles and nothing can be simulated;
    ``ft_withdraw``: no withdrawal by transaction). ``account_locked``: the maker's account can do nothing.
    ``no_predecessor``: its function calls on the Verifier are refused. ``verifier_lacks``: views that the contract does
    not have. ``bridge_delists``: ids of tokens that the bridge no longer lists.
    ``shield``, ``status_page``: how the sources of alarms behave, with ``near_slow_ms`` when slow. ``shield_count``:
    the number of incidents that SHIELD states, whatever it lists.

    ``omni``: the faults of the Omni bridge; ``omni_not_found_s``: for so long its API knows no transfer.

    ``near_lies``, ``bridge_lies``, ``relay_rpc_lies``: what a NEAR RPC endpoint, the bridge and the relay's RPC answer
    in place of the truth (``venue/sandbox/base/lies.py``). ``status_lies``: what the relay tells of settlements.
    """

    relay_stall: bool = False
    relay_mute: bool = False
    relay_late_ms: _Milliseconds = 0
    relay_plain: bool = False
    relay_forbidden: bool = False
    relay_rpc: Gateway = "ok"
    relay_refuses_worse: bool = False
    relay_refuses_taken: bool = False
    quotes_settle_s: tuple[_Seconds, _Seconds] | None = None
    near_a: Endpoint = "ok"
    near_b: Endpoint = "ok"
    near_slow_ms: _Milliseconds = 10_000
    exchange_frozen: tuple[Exchange, ...] = ()
    exchange_lie_bps: dict[Exchange, Decimal] = {}
    exchange_late_ms: dict[Exchange, _Milliseconds] = {}
    exchange_silent: tuple[Exchange, ...] = ()
    exchange_clock_ms: dict[Exchange, _Skew] = {}
    exchange_undated: tuple[Exchange, ...] = ()
    exchange_status: dict[Exchange, MarketState] = {}
    near_send: dict[Node, LostAnswer] = {}
    near_resend: Literal["outcome", "invalid_nonce"] = "outcome"
    near_no_gas: bool = False
    near_tx_unknown_s: dict[Node, _Seconds] = {}
    near_stale_s: dict[Node, _Seconds] = {}
    publish: LostAnswer | None = None
    relay_not_found_s: _Seconds = 0
    status_after_s: _Seconds | None = None
    ft_transfer_fails: _Times = 0
    bridge: Endpoint = "ok"
    bridge_not_found_s: _Seconds = 0
    bridge_credits: str = ""
    estimate_fails: _Times = 0
    withdrawal_rejects: _Times = 0
    fee_factor: Decimal = Decimal(1)
    clock_skew_ms: _Skew = 0
    status_shape: Literal["both", "auto", "data", "list"] = "both"
    bridge_varies: bool = False
    paused: tuple[Feature, ...] = ()
    account_locked: bool = False
    no_predecessor: bool = False
    verifier_lacks: tuple[View, ...] = ()
    bridge_delists: tuple[str, ...] = ()
    shield: Endpoint = "ok"
    status_page: Endpoint = "ok"
    shield_count: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    omni: OmniFaults = OmniFaults()
    omni_not_found_s: _Seconds = 0
    near_lies: dict[Node, NearLie] = {}
    bridge_lies: BridgeLie | None = None
    relay_rpc_lies: RelayLie | None = None
    status_lies: StatusLie | None = None

    def __post_init__(self) -> None:
        if not self.fee_factor.is_finite() or not 0 <= self.fee_factor <= 100_000:
            raise ValueError("fee_factor must be between 0 and 100000")


class DepositRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money that arrives on another chain, base units, final there after ``confirm_after_s``.

    It becomes the token ``token_id``, or with ``chain`` instead the token that the bridge credits there.
    The bridge sees it ``seen_after_s`` after its arrival, or at once after ``notify_deposit``. ``sender`` and
    ``tx_hash`` are the chain's, made up when not given; ``fails``: it is never credited.

    """

    amount: Annotated[int, msgspec.Meta(gt=0)]
    token_id: str | None = None
    chain: str | None = None
    account: str | None = None
    confirm_after_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 15.0
    seen_after_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    sender: str | None = None
    tx_hash: str | None = None
    fails: bool = False

    def __post_init__(self) -> None:
        if (self.token_id is None) == (self.chain is None):
            raise ValueError("name the token_id or the chain of the deposit, not both")


class Gift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A transfer from a stranger within the Verifier, base units; no bridge knows of it. To the maker by default."""

    token_id: str
    amount: Annotated[int, msgspec.Meta(gt=0)]
    account: str | None = None


class OneTimeFaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens once, at once: connections dropped, a salt rotated, a deposit, a gift, Bitstamp's wish to reconnect.

    ``mend``: every fault is switched off before those of the same request are switched on.

    """

    mend: bool = False
    relay_drop: bool = False
    rotate_salt: Literal["keep_old", "invalidate_old"] | None = None
    deposit: DepositRequest | None = None
    gift: Gift | None = None
    bitstamp_reconnect: bool = False


_ONE_TIME = frozenset(OneTimeFaults.__struct_fields__)


class FaultTable:
    """The faults that hold now; ``clock`` (UTC nanoseconds) times their periods."""

    def __init__(self, clock: Callable[[], int] = time.time_ns, tokens: TokenTable = DEFAULT_TOKENS) -> None:
        self._clock = clock
        self._tokens = tokens
        self._started_ns: dict[str, int] = {}
        self._listeners: list[Callable[[frozenset[str]], None]] = []
        self.current = Faults()

    def apply(self, body: object) -> OneTimeFaults:
        """Set the given faults, leave the others, and return what is to happen once.

        Raises ``msgspec.ValidationError`` for an unknown name or a value out of range, and then changes nothing.

        """
        if not isinstance(body, dict):
            raise msgspec.ValidationError("the body must be a JSON object of faults")
        # JSON numbers of many clients are floats, so an amount of base units may be text.
        now = {name: value for name, value in body.items() if name in _ONE_TIME}
        once = msgspec.convert(now, OneTimeFaults, strict=False)
        lasting = {name: value for name, value in body.items() if name not in _ONE_TIME}
        base = Faults() if once.mend else self.current
        changed = msgspec.convert(msgspec.structs.asdict(base) | lasting, Faults, strict=False)
        self.check(changed.bridge_credits)
        if once.deposit is not None:
            self.check_deposit(once.deposit)
        self.current = changed
        self._started_ns |= dict.fromkeys(lasting, self._clock())
        for listener in self._listeners:
            listener(frozenset(lasting))
        return once

    def check_deposit(self, deposit: DepositRequest) -> None:
        """Raise ValidationError for a token or chain that the bridge does not carry."""
        self.check(deposit.token_id or "")
        if deposit.chain is not None and all(token.chain != deposit.chain for token in self._tokens.tokens):
            raise msgspec.ValidationError(f"the bridge does not carry the chain {deposit.chain}")

    def check(self, token: str) -> None:
        """Raise ValidationError for a token, by symbol or id, that the bridge does not carry; empty passes."""
        if token and not any(token in (one.symbol, one.token_id) for one in self._tokens.tokens):
            known = ", ".join(one.token_id for one in self._tokens.tokens)
            raise msgspec.ValidationError(f"the bridge does not carry {token}; it carries {known}")

    def on_change(self, listener: Callable[[frozenset[str]], None]) -> None:
        """Call ``listener`` with the names of the changed faults, once they hold."""
        self._listeners.append(listener)

    def count_down(self, counter: Counter) -> bool:
        """Return whether this call is one of the next that fail, and count it."""
        left: int = getattr(self.current, counter)
        if left:
            self.current = msgspec.structs.replace(self.current, **{counter: left - 1})
        return left > 0

    def next_send_fault(self, node: Node) -> LostAnswer | None:
        """Return what goes wrong with the transaction now sent through the node, None for nothing."""
        lost = self.current.near_send.get(node)
        if lost is None or not lost.times:
            return None
        left = self.current.near_send | {node: msgspec.structs.replace(lost, times=lost.times - 1)}
        self.current = msgspec.structs.replace(self.current, near_send=left)
        return lost

    def next_publish_fault(self) -> LostAnswer | None:
        """Return what goes wrong with the intent now published, None for nothing."""
        lost = self.current.publish
        if lost is None or not lost.times:
            return None
        self.current = msgspec.structs.replace(
            self.current, publish=msgspec.structs.replace(lost, times=lost.times - 1)
        )
        return lost

    @property
    def skew_ns(self) -> int:
        """How far the venue's stated time is ahead of its real time, nanoseconds."""
        return self.current.clock_skew_ms * NS_PER_MS

    def is_running(self, period: Period, node: Node | None = None) -> bool:
        """Return whether the period has not ended yet; for a period set by node, the node's."""
        given: float | dict[Node, float] = getattr(self.current, period)
        seconds = (given.get(node, 0.0) if node is not None else 0.0) if isinstance(given, dict) else given
        return self._clock() < self._started_ns.get(period, 0) + int(seconds * NS_PER_S)
