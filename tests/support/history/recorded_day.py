"""Two runs of a day as a desk records them, made event by event: fills, mids, markouts, money moved."""

from collections.abc import Callable
from decimal import Decimal

from cockpit.accounting.markouts import in_bps, markout
from cockpit.desk.inventory.bookings import booking
from cockpit.desk.inventory.reconciliation import movement
from cockpit.desk.quote_book.quote import Quote
from cockpit.model.events import (
    AnyEvent,
    ExecuteTrade,
    IntentInventory,
    LiquidityAction,
    MarketPrice,
    Side,
    TradeDecision,
    TradeResult,
)
from tests.support.desk.builders import commitment
from venue.protocol.amounts import TokenAmounts
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_S

Note = Callable[[AnyEvent], None]


class RecordedDay:
    """Appends to ``events`` what a desk would record; ``balance`` follows fills and moves. ``take`` hears of it too."""

    def __init__(self, start_ns: int, take: Note = lambda event: None) -> None:
        self.events: list[AnyEvent] = []
        self.take = take
        self.now_ns = start_ns
        self.balance = TokenAmounts({BTC.token_id: 10**8, EURE.token_id: 50_000 * 10**18})
        self.height = 1
        self.mid: Decimal | None = None
        self.quotes: list[Quote] = []

    def _record(self, event: AnyEvent) -> None:
        self.events.append(event)
        self.take(event)

    def price(self, mid: Decimal, at_ns: int | None = None) -> None:
        self.mid = mid
        at_ns = self.now_ns if at_ns is None else at_ns
        self._record(MarketPrice(at_ns=at_ns, source="composite", bid=mid, ask=mid, mid=mid))

    def read_balances(self) -> None:
        self.height += 1
        for token in (BTC, EURE):
            units = self.balance[token.token_id]
            self._record(
                IntentInventory(
                    at_ns=self.now_ns,
                    asset=token.token_id,
                    balance=units,
                    reserved=0,
                    spendable=units,
                    block_height=self.height,
                    cause="poll",
                )
            )

    def quote(self, name: str, *, buys: bool, btc: int, eure: int, edge: int) -> Quote:
        """A quote that is sent."""
        side: Side = "buy" if buys else "sell"
        amount_in, amount_out = (btc, eure) if buys else (eure, btc)
        one = commitment(name, side=side, amount_in=amount_in, amount_out=amount_out, sent_ns=self.now_ns, edge=edge)
        self._record(
            TradeDecision(
                at_ns=self.now_ns,
                decision_id=one.decision_id,
                quote_id=one.quote_id,
                actionable=True,
                reason="quote",
                side=side,
                mid=self.mid,
                price=self.mid,
                skew_bps=Decimal(0),
                amount_in=amount_in,
                amount_out=amount_out,
                notional=eure,
                edge=edge,
                deadline_ns=one.deadline_ns,
                checks=(),
            )
        )
        self._record(
            ExecuteTrade(
                at_ns=self.now_ns,
                command_id=one.command_id,
                decision_id=one.decision_id,
                quote_id=one.quote_id,
                quote_hash=one.quote_hash,
                nonce=one.nonce,
                deadline_ns=one.deadline_ns,
                asset_in=one.asset_in,
                asset_out=one.asset_out,
                amount_in=one.amount_in,
                amount_out=one.amount_out,
                reaction_ns=300_000,
            )
        )
        return Quote(one, 1, "settling")

    def settle(self, quote: Quote) -> None:
        """The relay reports it settled, and the balances show it."""
        quote.state, quote.reported_ns, quote.settled_ns = "settled", self.now_ns, self.now_ns
        one = quote.commitment
        self.balance += movement(one).amounts
        self.quotes.append(quote)
        self._record(
            TradeResult(
                at_ns=self.now_ns,
                command_id=one.command_id,
                quote_id=one.quote_id,
                quote_hash=one.quote_hash,
                outcome="settled",
                detail="",
                intent_hash=None,
                tx_hash=None,
                settled_ns=self.now_ns,
            )
        )

    def mark(self, quote: Quote, horizon_s: int) -> Decimal | None:
        """The horizon passes now: its mid is recorded, and the markout returned; None without a mid."""
        assert quote.reported_ns is not None
        if self.mid is None:
            return None
        self.price(self.mid, quote.reported_ns + horizon_s * NS_PER_S)
        moved = DEFAULT_TOKENS.worth(movement(quote.commitment).amounts)
        tokens, side = DEFAULT_TOKENS, quote.commitment.side
        return in_bps(markout(tokens.base, tokens.quote, side, abs(moved.base), abs(moved.quote), self.mid))

    def deposit(self, key: str, btc: int) -> None:
        """A reading shows a deposit."""
        self.balance += TokenAmounts({BTC.token_id: btc})
        self._record(booking(key, "BOOKED", self.now_ns, asset=BTC.token_id, amount=btc))
        self.read_balances()

    def withdraw(self, key: str, btc: int) -> None:
        """A withdrawal leaves."""
        self.balance -= TokenAmounts({BTC.token_id: btc})
        self.height += 1
        self._record(
            LiquidityAction(
                at_ns=self.now_ns,
                action_id=key,
                kind="withdrawal",
                asset=BTC.token_id,
                amount=btc,
                chain="btc:mainnet",
                tx_hash=None,
                status="burned",
                detail="",
                block_height=self.height,
            )
        )
        self.read_balances()

    def open(self) -> None:
        """The first reading of a run."""
        self._record(booking("opening", "OPENED", self.now_ns))
        self.read_balances()
