"""Events as frozen structs: one per topic, each the row of one history table.

Times are UTC nanoseconds since the epoch, amounts are base units (``int``), prices are Decimal EUR per BTC.
This module imports nothing of the program, so that every part can use it.
"""

from decimal import Decimal
from typing import Literal

import msgspec

Outcome = Literal[
    "accepted", "refused", "unknown", "ready_to_settle", "settle_failed", "settled", "expired", "burning", "burned"
]
Side = Literal["buy", "sell"]
"""What the desk does with the base asset."""
RequestKind = Literal["", "top_level", "router_leg", "dry"]
"""What kind of request a quote answers; empty in rows of older versions, which did not tell."""


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="topic"):
    """A fact with the time at which the desk learned of it."""

    at_ns: int


class SwapDemand(Event, frozen=True, gc=False, kw_only=True, tag="norm.swap_demand"):
    """A well-formed request for the active pair; exactly one of the two amounts is set.

    ``dry``: a price check, nobody means to trade; it is no demand. ``router_leg``: a leg of a router's route, whose
    auction lasts about 51 ms. ``asked_ns``: when the relay asked, by its own clock, UTC ns; None where it was not
    stated or not plausible. ``source``, ``quote_type`` and ``trusted_partner_id`` are the relay's own word on who asks
    and why. ``slippage_bps``: how far the taker lets the price move. Rows of older versions have the defaults.
    """

    quote_id: str
    asset_in: str
    asset_out: str
    amount_in: int | None
    amount_out: int | None
    min_deadline_ms: int
    partner_id: str | None
    traceparent: str | None
    dry: bool = False
    router_leg: bool = False
    asked_ns: int | None = None
    min_wait_ms: int | None = None
    max_wait_ms: int | None = None
    protocol_fee_included: bool | None = None
    source: str | None = None
    quote_type: str | None = None
    trusted_partner_id: str | None = None
    slippage_bps: int | None = None

    @property
    def partner(self) -> str:
        """Who asks: by the relay's own word where there is one, else by the taker's; empty when nobody is named."""
        return self.trusted_partner_id or self.partner_id or ""

    @property
    def kind(self) -> RequestKind:
        """``dry`` for a price check, whoever asks."""
        return "dry" if self.dry else "router_leg" if self.router_leg else "top_level"


class MarketSettlements(Event, frozen=True, gc=False, kw_only=True, tag="norm.market_settlements"):
    """How many settlements of other makers' quotes the relay reported since ``since_ns``, UTC ns.

    The relay reports settlements of all pairs without naming the pair, so this is the flow of the whole venue.
    """

    since_ns: int
    others: int


class MarketPrice(Event, frozen=True, gc=False, kw_only=True, tag="ref.market_price"):
    """A tick of one exchange, or of the composite (``source`` = ``composite``, bid = ask = mid)."""

    source: str
    bid: Decimal
    ask: Decimal
    mid: Decimal


class IntentInventory(Event, frozen=True, gc=False, kw_only=True, tag="state.intent_inventory"):
    """One asset's balance on the Verifier at a block, with the committed and available amounts of that moment.

    ``cause``: why it was read; ``unexplained`` if known movements do not add up to it, whatever the cause.
    ``over_before_ns``: every quote whose deadline is before it, UTC ns, is over and its end was recorded earlier; None
    in rows of older versions.
    """

    asset: str
    balance: int
    reserved: int
    spendable: int
    block_height: int
    cause: Literal["opening", "poll", "settlement", "refresh", "unexplained"]
    over_before_ns: int | None = None


class OptionValue(Event, frozen=True, gc=False, kw_only=True, tag="state.option_value"):
    """What all signed quotes together were worth to those who held them, base units of EURe; once a minute.

    ``quotes`` were signed and could still settle. ``value`` is by a model, at this mid and this σ; ``intrinsic`` what
    settling them at once would have gained, ``fall`` and ``rise`` the same after a jump of the mid by 1 %.
    ``refused_value``: how much of the value was that of quotes that the relay refused.
    """

    mid: Decimal
    sigma_bps: Decimal
    quotes: int
    value: int
    intrinsic: int
    fall: int
    rise: int
    refused_value: int


class LiquidityAction(Event, frozen=True, gc=False, kw_only=True, tag="ops.liquidity_action"):
    """A step of a deposit or withdrawal, or a freeze.

    ``block_height``: by this block of NEAR a withdrawal's amount had left, None while it is not known, for every other
    action, and in rows of older versions.
    """

    action_id: str
    kind: str
    asset: str | None
    amount: int | None
    chain: str | None
    tx_hash: str | None
    status: str
    detail: str
    block_height: int | None = None


class WithdrawalPrepared(Event, frozen=True, gc=False, kw_only=True, tag="ops.withdrawal_prepared"):
    """A withdrawal signed and not yet sent: all that a restart needs to send the same bytes again or to track them.

    ``amount`` leaves the Verifier, ``fee`` is the bridge's part of it, both base units. ``hash`` is the NEAR
    transaction's or the intent's, ``signed`` what is sent: base64 of the signed transaction, or the signed intent's
    JSON. ``nonce`` is the access key's or the intent's. After ``expires_ns`` (UTC, by block time) the bytes can no
    longer execute. By the Omni bridge: ``gas_fee`` is the most that the payment may cost, a part of ``fee``,
    ``native_fee`` what is paid beside it in yoctoNEAR, ``external_id`` the message's own id.
    """

    withdrawal_id: str
    idempotency_key: str
    actor: str
    route: Literal["transaction", "intent"]
    asset: str
    amount: int
    fee: int
    destination: str
    chain: str
    hash: str
    signed: str
    nonce: str
    expires_ns: int
    bridge: Literal["poa", "omni"] = "poa"
    gas_fee: int = 0
    native_fee: int = 0
    external_id: str = ""


class Check(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One risk check of a decision: its name, whether it passed, and its numbers."""

    name: str
    passed: bool
    detail: str


class TradeDecision(Event, frozen=True, gc=False, kw_only=True, tag="decision.trade_decision"):
    """The strategy's decision on one request, and every risk check with its numbers.

    ``reason`` is the name of the first check that failed, or ``quote``. Amounts are None where no price could be made.
    ``edge`` is the gain against the mid in base units of EURe. ``view`` is JSON of what else the strategy knew
    (balances, commitments, ages, what was armed) and ``rules_id`` names the limits and parameters in force: with the
    request they are all inputs of the decision. Both are empty in rows of older versions.
    """

    decision_id: str
    quote_id: str
    actionable: bool
    reason: str
    side: Side
    mid: Decimal | None
    price: Decimal | None
    skew_bps: Decimal | None
    amount_in: int | None
    amount_out: int | None
    notional: int | None
    edge: int | None
    deadline_ns: int
    checks: tuple[Check, ...]
    rules_id: str = ""
    view: str = ""


class DecisionRules(Event, frozen=True, gc=False, kw_only=True, tag="decision.rules"):
    """Limits and pricing parameters in force from here on, each as JSON; written on a change."""

    rules_id: str
    limits: str
    params: str


class ExecuteTrade(Event, frozen=True, gc=False, kw_only=True, tag="cmd.execute_trade"):
    """A quote was signed and written to the relay: from here until its deadline its amount is committed.

    ``written``: what the option in it was worth to its holder then, base units of the quote underlying; None in rows of
    older versions.
    """

    command_id: str
    decision_id: str
    quote_id: str
    quote_hash: str
    nonce: str
    deadline_ns: int
    asset_in: str
    asset_out: str
    amount_in: int
    amount_out: int
    reaction_ns: int
    request_kind: RequestKind = ""
    written: int | None = None


class TradeResult(Event, frozen=True, gc=False, kw_only=True, tag="exec.trade_result"):
    """A step in the life of a sent quote: the relay's answer, settlement, expiry, or the burning of its nonce.

    ``burning``: an empty intent with its nonce is about to be published; ``burned``: it was, and the quote is void.
    ``settled_ns`` of a settled one: when the relay reported it, UTC, at most its deadline; 0 when nothing tells. None
    for every other outcome, and in rows of older versions.
    """

    command_id: str
    quote_id: str
    quote_hash: str
    outcome: Outcome
    detail: str
    intent_hash: str | None
    tx_hash: str | None
    request_kind: RequestKind = ""
    settled_ns: int | None = None


class OperatorAction(Event, frozen=True, gc=False, kw_only=True, tag="ops.operator_action"):
    """A command and its outcome: who sent it, accepted or refused, and why.

    ``arguments`` is JSON of the command's arguments; it never holds a secret.
    """

    command_id: str
    actor: str
    command: str
    arguments: str
    accepted: bool
    reason: str


AnyEvent = (
    SwapDemand
    | MarketSettlements
    | MarketPrice
    | IntentInventory
    | OptionValue
    | LiquidityAction
    | WithdrawalPrepared
    | DecisionRules
    | TradeDecision
    | ExecuteTrade
    | TradeResult
    | OperatorAction
)
