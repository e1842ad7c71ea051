"""The faults that a rehearsal can switch on: one table that every endpoint reads."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Literal, get_args

import msgspec

from venue.protocol.tokens import DEFAULT_TOKENS, TokenTable
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.sandbox.base.described import about, checked, unknown
from venue.sandbox.base.errors import SettingError
from venue.sandbox.base.fault_values import (
    LOST_LIMITS,
    LOST_VALUES,
    NODE_PERIODS,
    OMNI_VALUES,
    DepositRequest,
    Endpoint,
    Exchange,
    Feature,
    Gateway,
    LostAnswer,
    MarketState,
    Node,
    OneTimeFaults,
    Seconds,
    Times,
    View,
    values_by,
)
from venue.sandbox.base.lies import BridgeLie, NearLie, RelayLie, StatusLie
from venue.sandbox.base.omni_faults import OmniFaults

Counter = Literal["ft_transfer_fails", "estimate_fails", "withdrawal_rejects"]
Period = Literal["near_tx_unknown_s", "near_stale_s", "bridge_not_found_s", "relay_not_found_s", "omni_not_found_s"]
_Milliseconds = Annotated[int, about("", "ms", ge=0, le=600_000)]
_Skew = Annotated[int, about("", "ms", ge=-3_600_000, le=3_600_000)]


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The lasting faults."""

    relay_stall: Annotated[bool, about("Websockets stay open and nothing more is sent on them.")] = False
    relay_mute: Annotated[bool, about("Answers to `quote_response` are not sent, everything else is.")] = False
    relay_late_ms: Annotated[_Milliseconds, about("How much later those answers are sent.")] = 0
    relay_plain: Annotated[
        bool, about("The relay knows no filters, no guaranteed delivery and no extended settlement stream.")
    ] = False
    relay_forbidden: Annotated[
        bool, about("The relay refuses the websocket with HTTP 403, as for a key that is not registered.")
    ] = False
    relay_rpc: Annotated[Gateway, about("How the relay's RPC answers; `slow` waits `near_slow_ms`.")] = "ok"
    relay_refuses_worse: Annotated[
        bool, about("An answer that is not better than those before it is refused; it stays signed all the same.")
    ] = False
    relay_refuses_taken: Annotated[
        bool, about("Every answer is refused as one that came too late, and taken in: takers can settle it.")
    ] = False
    quotes_settle_s: Annotated[
        tuple[Seconds, Seconds] | None,
        about(
            "Shortest and longest time from a taker's publication to the settlement of its quotes; none: the venue's "
            "own. Other intents, such as burnings, are not delayed.",
            "s",
            values="two of 0 to 604,800, or none",
        ),
    ] = None
    near_a: Annotated[Endpoint, about("How the first NEAR RPC node answers; `slow` waits `near_slow_ms`.")] = "ok"
    near_b: Annotated[Endpoint, about("How the second one does.")] = "ok"
    near_slow_ms: Annotated[_Milliseconds, about("How long a slow endpoint waits.")] = 10_000
    exchange_frozen: Annotated[tuple[Exchange, ...], about("Exchanges whose price stands still.")] = ()
    exchange_lie_bps: Annotated[
        dict[Exchange, Decimal],
        about("How far off an exchange's prices are.", "bps", values=values_by(Exchange, "25", "-100,000 to 100,000")),
    ] = {}
    exchange_late_ms: Annotated[
        dict[Exchange, _Milliseconds],
        about(
            "What an exchange's websocket sends comes so much later, with its own times. REST answers at once.",
            "ms",
            values=values_by(Exchange, "500", "0 to 600,000"),
        ),
    ] = {}
    exchange_silent: Annotated[
        tuple[Exchange, ...], about("Exchanges whose websockets stay open and send nothing.")
    ] = ()
    exchange_clock_ms: Annotated[
        dict[Exchange, _Skew],
        about(
            "How far the times that an exchange states are ahead; below 0 behind.",
            "ms",
            values=values_by(Exchange, "500", "-3,600,000 to 3,600,000"),
        ),
    ] = {}
    exchange_undated: Annotated[tuple[Exchange, ...], about("Exchanges whose prices state no time.")] = ()
    exchange_status: Annotated[
        dict[Exchange, MarketState],
        about(
            "What an exchange says of its market; its prices come all the same. Bitstamp says nothing of it.",
            values=values_by(Exchange, '"maintenance"', ", ".join(get_args(MarketState))),
        ),
    ] = {}
    near_send: Annotated[
        dict[Node, LostAnswer],
        about(
            "What happens to the next transactions sent through a node.",
            values=values_by(Node, LOST_VALUES, LOST_LIMITS),
        ),
    ] = {}
    near_resend: Annotated[
        Literal["outcome", "invalid_nonce"], about("The answer to a transaction that ran already.")
    ] = "outcome"
    near_no_gas: Annotated[bool, about("No account can pay for a transaction.")] = False
    near_tx_unknown_s: Annotated[
        dict[Node, Seconds],
        about("For so long a node knows no transaction.", "s", values=NODE_PERIODS),
    ] = {}
    near_stale_s: Annotated[
        dict[Node, Seconds],
        about("For so long a node stays at its block.", "s", values=NODE_PERIODS),
    ] = {}
    publish: Annotated[
        LostAnswer | None,
        about(
            "What happens to the next intents published.", values=f"JSON such as {LOST_VALUES}: {LOST_LIMITS}; or none"
        ),
    ] = None
    relay_not_found_s: Annotated[Seconds, about("For so long `get_status` knows nothing.")] = 0
    status_after_s: Annotated[
        Seconds | None,
        about("For so long after its publication `get_status` does not know an intent; none: the venue's own.", "s"),
    ] = None
    ft_transfer_fails: Annotated[
        Times,
        about("So many next transfers out of the Verifier fail and are credited back; not those with a message."),
    ] = 0
    bridge: Annotated[Endpoint, about("How the bridge answers; `slow` waits `near_slow_ms`.")] = "ok"
    bridge_not_found_s: Annotated[Seconds, about("For so long the bridge knows no withdrawal.")] = 0
    bridge_credits: Annotated[
        str,
        about(
            "The token that deposits on its chain become from now on; empty: the venue's own.",
            values="symbol or token id",
        ),
    ] = ""
    estimate_fails: Annotated[Times, about("So many next estimates of the bridge are refused.")] = 0
    withdrawal_rejects: Annotated[Times, about("So many next withdrawals are rejected and returned.")] = 0
    fee_factor: Annotated[Decimal, about("What the withdrawal fees are multiplied by.", values="0 to 100,000")] = (
        Decimal(1)
    )
    clock_skew_ms: Annotated[
        _Skew, about("How far HTTP dates and block times are ahead of the venue's real time; below 0 behind.")
    ] = 0
    status_shape: Annotated[
        Literal["both", "auto", "data", "list"],
        about(
            "The form of the bridge's `withdrawal_status`: both in one, `data`, the older `list`, or the older one "
            "only for several withdrawals."
        ),
    ] = "both"
    bridge_varies: Annotated[
        bool, about("The bridge's ids come back unchanged or as text, and its errors as object or text, in turns.")
    ] = False
    paused: Annotated[
        tuple[Feature, ...],
        about("Features of the Verifier that are paused; `intents`: nothing settles and nothing can be simulated."),
    ] = ()
    account_locked: Annotated[bool, about("The Verifier locks the maker's account.")] = False
    no_predecessor: Annotated[bool, about("The Verifier refuses the maker's function calls.")] = False
    verifier_lacks: Annotated[tuple[View, ...], about("Views that the contract does not have.")] = ()
    bridge_delists: Annotated[
        tuple[str, ...], about("Tokens that the bridge no longer lists.", values="token ids")
    ] = ()
    shield: Annotated[Endpoint, about("How SHIELD answers; `slow` waits `near_slow_ms`.")] = "ok"
    status_page: Annotated[Endpoint, about("How the status page answers.")] = "ok"
    shield_count: Annotated[
        Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None,
        about("The number of incidents that SHIELD states, whatever it lists."),
    ] = None
    omni: Annotated[
        OmniFaults,
        about(
            "The Omni bridge: its `api` fails, `version` v3 or v4, a `native_fee`, `insufficient_utxo`, `storage_low`, "
            "transfers that are `stuck`, what it `lies` about, a relayer that `pays_below` the gas.",
            values=OMNI_VALUES,
        ),
    ] = OmniFaults()
    omni_not_found_s: Annotated[Seconds, about("For so long the Omni bridge has indexed no transfer.")] = 0
    near_lies: Annotated[
        dict[Node, NearLie],
        about(
            "What a NEAR RPC node answers in place of the truth, or how it spoils every answer.",
            values=values_by(Node, '"html"', ", ".join(get_args(NearLie))),
        ),
    ] = {}
    bridge_lies: Annotated[BridgeLie | None, about("What the bridge answers in place of the truth.")] = None
    relay_rpc_lies: Annotated[RelayLie | None, about("What the relay's RPC answers in place of the truth.")] = None
    status_lies: Annotated[StatusLie | None, about("What the relay tells wrong of settlements.")] = None

    def __post_init__(self) -> None:
        if not self.fee_factor.is_finite() or not 0 <= self.fee_factor <= 100_000:
            raise ValueError("fee_factor must be between 0 and 100000")
        if not all(lie.is_finite() and abs(lie) <= 100_000 for lie in self.exchange_lie_bps.values()):
            raise ValueError("exchange_lie_bps must be between -100000 and 100000")


_ONE_TIME = frozenset(OneTimeFaults.__struct_fields__)


class FaultTable:
    """The faults that hold now; ``clock`` (UTC nanoseconds) times their periods."""

    def __init__(self, clock: Callable[[], int] = time.time_ns, tokens: TokenTable = DEFAULT_TOKENS) -> None:
        self._clock = clock
        self._tokens = tokens
        self._started_ns: dict[str, int] = {}
        self._listeners: list[Callable[[frozenset[str]], None]] = []
        self._checks: list[Callable[[OneTimeFaults], None]] = []
        self.current = Faults()

    def apply(self, body: object) -> OneTimeFaults:
        """Set the given faults, leave the others, and return what is to happen once.

        Raises SettingError for unknown names and values out of range, ValidationError for a token that the bridge does
        not carry, ValueError for what cannot happen now, and then changes nothing.
        """
        if not isinstance(body, dict):
            raise msgspec.ValidationError("the body must be a JSON object of faults")
        # JSON numbers of many clients are floats, so an amount of base units may be text.
        known = {**Faults.__annotations__, **OneTimeFaults.__annotations__}
        strange = [unknown(str(name), known, "fault") for name in body if name not in known]
        if strange:
            raise SettingError("; ".join(strange))
        now = {name: value for name, value in body.items() if name in _ONE_TIME}
        once = msgspec.structs.replace(OneTimeFaults(), **checked(OneTimeFaults, now, "fault"))
        lasting = {name: value for name, value in body.items() if name not in _ONE_TIME}
        base = Faults() if once.mend else self.current
        changed = msgspec.structs.replace(base, **checked(Faults, lasting, "fault"))
        self.check(changed.bridge_credits)
        for token_id in changed.bridge_delists:
            if all(token_id != one.token_id for one in self._tokens.tokens):
                raise self._not_carried(token_id)
        if once.deposit is not None:
            self.check_deposit(once.deposit)
        for check in self._checks:
            check(once)
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
            raise self._not_carried(token)

    def _not_carried(self, token: str) -> msgspec.ValidationError:
        known = ", ".join(one.token_id for one in self._tokens.tokens)
        return msgspec.ValidationError(f"the bridge does not carry {token[:80]}; it carries {known}")

    def before_once(self, check: Callable[[OneTimeFaults], None]) -> None:
        """Ask ``check`` before anything changes; a ValueError of it refuses the whole order."""
        self._checks.append(check)

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
