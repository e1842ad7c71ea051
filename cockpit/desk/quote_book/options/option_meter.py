"""What all signed quotes together are worth to those who hold them, at the mid and the volatility of now.

The value is a model's: what would be lost on average if every quote were settled at its deadline, whenever that pays.
The loss of a jump is none: it counts what settling at once would gain after it. Quotes are taken by the sums of
``Strikes``: a bucket's quotes count as of its mean price and mean deadline, which is off by at most a quarter of its
width, 0.33 bps of their notional, and that only near the mid and shortly before the deadline.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from cockpit.accounting.option_value import option_value
from cockpit.desk.market.pricing import deviation
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.desk.quote_book.strikes import StrikeSum
from cockpit.model.events import OptionValue
from cockpit.model.recorder import Recorder
from venue.protocol.assets import PRICING, Market
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_MS, NS_PER_S

EVERY_NS = NS_PER_S
"""Between the starts of two measurements."""
SUMS_PER_SLICE = 200
"""Sums valued without a pause, some tenths of a millisecond: a request that arrives meanwhile waits no longer."""
SLICES_PER_TICK = 10
"""Slices of one tick: a measurement of more sums takes several ticks, whatever strangers make the desk sign."""
JUMP_PART = 100
"""The jump is one part of so many, one percent."""
_MINUTE_NS = 60 * NS_PER_S
_MICRO = 10**6
_PER_BPS = 10**6
_MICRO_IN_ONE = 10_000 * _PER_BPS


class OptionSum(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base units of the quote underlying. ``value`` is ``intrinsic``, what settling all of them now would gain, and
    what their time left is worth. ``fall`` and ``rise``: what settling would gain after a jump of the mid by 1 %.
    """

    value: int = 0
    intrinsic: int = 0
    fall: int = 0
    rise: int = 0

    @property
    def jump(self) -> int:
        """The larger loss of the two jumps."""
        return max(self.fall, self.rise)

    def __add__(self, other: "OptionSum") -> "OptionSum":
        return OptionSum(
            value=self.value + other.value,
            intrinsic=self.intrinsic + other.intrinsic,
            fall=self.fall + other.fall,
            rise=self.rise + other.rise,
        )


class OptionReading(msgspec.Struct, frozen=True, kw_only=True):
    """The meter at one moment, UTC ns: live quotes, those that the relay refused and that could still settle, and those
    that are being settled, which are worth what that gains and no more."""

    at_ns: int
    mid: Decimal
    sigma_bps: Decimal
    live: OptionSum
    refused: OptionSum
    settling: OptionSum = OptionSum()

    @property
    def signed(self) -> OptionSum:
        return self.live + self.refused + self.settling


class OptionMeter:
    """Measures once a second, or as often as it comes to an end, and records a measurement a minute while a quote is
    signed. ``reading``: the last measurement, None while the mid is unknown."""

    def __init__(self, tokens: TokenTable, reservations: Reservations, recorder: Recorder) -> None:
        self._markets = {
            pair: (market, side)
            for market in tokens.markets
            for pair, side in (
                ((market.base.token_id, market.quote.token_id), "buy"),
                ((market.quote.token_id, market.base.token_id), "sell"),
            )
        }
        self._reservations = reservations
        self._record = recorder.record
        self._minute: int | None = None
        self._started_ns: int | None = None
        self._running: Iterator[None] | None = None
        self._written = self._written_before = 0
        self.reading: OptionReading | None = None

    @property
    def value(self) -> int | None:
        """What all signed quotes are worth now, those of after the last measurement at what they were at signing.

        None while it is unknown; quotes signed during a measurement may count twice.
        """
        if self.reading is None:
            return None
        return self.reading.signed.value + self._written - self._written_before

    def wrote(self, value: int) -> None:
        """Note that a quote was signed whose option is worth so much."""
        self._written += value

    def tick(self, now_ns: int, mid: Decimal | None, sigma_bps: Decimal) -> Iterator[None]:
        """Go on measuring, or begin when it is time; yield after each slice of this tick. Times are UTC ns."""
        if mid is None:
            self._running = self._started_ns = self.reading = None
            return
        if self._running is None:
            if self._started_ns is not None and abs(now_ns - self._started_ns) < EVERY_NS:
                return
            self._started_ns = now_ns
            self._running = self._measure(now_ns, mid, sigma_bps)
        for _ in range(SLICES_PER_TICK):
            try:
                next(self._running)
            except StopIteration:
                self._running = None
                return
            yield

    def _measure(self, now_ns: int, mid: Decimal, sigma_bps: Decimal) -> Iterator[None]:
        written = self._written
        valuations = {
            pair: _Valuation(market, side, mid, sigma_bps, now_ns) for pair, (market, side) in self._markets.items()
        }
        sums = []
        for strikes in self._reservations.strikes:
            value = intrinsic = fall = rise = 0
            for number, (key, strike) in enumerate(strikes, start=1):
                valuation = valuations.get(key[:2])
                # A bucket may have been emptied since the others were valued.
                if valuation is not None and strike.count:
                    one = valuation.of(strike)
                    value, intrinsic, fall, rise = value + one[0], intrinsic + one[1], fall + one[2], rise + one[3]
                if number % SUMS_PER_SLICE == 0:
                    yield
            sums.append(OptionSum(value=value, intrinsic=intrinsic, fall=fall, rise=rise))
        live, refused, settling = sums
        # Who settles has chosen: neither time nor a jump adds to what it gains.
        gained = settling.intrinsic
        settling = OptionSum(value=gained, intrinsic=gained, fall=gained, rise=gained)
        self.reading = OptionReading(
            at_ns=now_ns, mid=mid, sigma_bps=sigma_bps, live=live, refused=refused, settling=settling
        )
        self._written_before = written
        self._note(self.reading)

    def _note(self, reading: OptionReading) -> None:
        minute, quotes = reading.at_ns // _MINUTE_NS, self._reservations.signed_count()
        if minute == self._minute:
            return
        began, self._minute = self._minute is None, minute
        if began or not quotes:
            return
        signed = reading.signed
        self._record(
            OptionValue(
                at_ns=reading.at_ns,
                mid=reading.mid,
                sigma_bps=reading.sigma_bps,
                quotes=quotes,
                value=signed.value,
                intrinsic=signed.intrinsic,
                fall=signed.fall,
                rise=signed.rise,
                refused_value=reading.refused.value,
            )
        )


class QuoteOption(msgspec.Struct, frozen=True, gc=False):
    """What one quote is worth to its holder, bps of its value at the mid to 0.01."""

    value_bps: Decimal
    intrinsic_bps: Decimal


class QuoteOptions:
    """What single quotes are worth at the mid and the volatility of a reading, and at a time, UTC ns."""

    def __init__(self, tokens: TokenTable, reading: OptionReading, now_ns: int) -> None:
        self._tokens = tokens
        self._reading = reading
        self._now_ns = now_ns
        self._made: dict[tuple[str, str], _Valuation] = {}

    def of(self, commitment: Commitment, *, settling: bool) -> QuoteOption | None:
        """Return it; of a quote that is being settled what that gains. None for one of a market that is no more."""
        market = self._tokens.market(commitment.asset_in, commitment.asset_out)
        if market is None:
            return None
        pair = commitment.asset_in, commitment.asset_out
        valuation = self._made.get(pair)
        if valuation is None:
            reading = self._reading
            valuation = self._made[pair] = _Valuation(
                market, commitment.side, reading.mid, reading.sigma_bps, self._now_ns
            )
        strike = StrikeSum(1, commitment.amount_in, commitment.amount_out, commitment.deadline_ns)
        value, intrinsic, _, _ = valuation.of(strike)
        worth = valuation.worth(strike)
        if worth <= 0:
            return None
        shown = [
            Decimal(-(-amount * _MICRO // worth)).scaleb(-2, PRICING)
            for amount in (intrinsic if settling else value, intrinsic)
        ]
        return QuoteOption(*shown)


class _Valuation:
    """What quotes of one market and side are worth at one moment."""

    __slots__ = ("_base_units", "_buys", "_denominator", "_now_ns", "_quote_scale", "_sigma_micro")

    def __init__(self, market: Market, side: str, mid: Decimal, sigma_bps: Decimal, now_ns: int) -> None:
        numerator, self._denominator = market.worth_ratio(mid)
        self._base_units = market.base.scale * numerator
        self._quote_scale = market.quote.scale
        self._buys = side == "buy"
        self._sigma_micro = int(PRICING.scaleb(sigma_bps, 6))
        self._now_ns = now_ns

    def worth(self, strike: StrikeSum) -> int:
        """Return what the base is worth at the mid, base units of the quote underlying."""
        base = strike.amount_in if self._buys else strike.amount_out
        return base * self._base_units // self._denominator

    def of(self, strike: StrikeSum) -> tuple[int, int, int, int]:
        """Return value, intrinsic value, and what settling gains after a fall and after a rise by 1 %."""
        quote = strike.amount_out if self._buys else strike.amount_in
        worth, paid = self.worth(strike), quote * self._quote_scale
        distance = worth - paid if self._buys else paid - worth
        left_ms = (strike.deadlines_ns // strike.count - self._now_ns) // NS_PER_MS
        moves = worth * deviation(self._sigma_micro, left_ms) // _MICRO_IN_ONE
        jump = worth // JUMP_PART
        nearer, farther = max(0, jump - distance), max(0, -jump - distance)
        fall, rise = (nearer, farther) if self._buys else (farther, nearer)
        return option_value(distance, moves), max(0, -distance), fall, rise
