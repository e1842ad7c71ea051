"""Any order of arming, limits, trading states, faults, time and restarts: a whole desk against the sandbox's ledger.

Never a signature when a risk check fails; never more committed than the balance; never a fill booked twice or missed;
ARMED shown only when armed. What is right is known from outside the desk: the frames that left it, the ledger, and the
commands that were answered.
"""

from collections import Counter
from collections.abc import Coroutine
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from cockpit.desk.api.command_handler import CommandHandler
from cockpit.desk.quote_book.refusals import GONE
from cockpit.model.commands import ARMABLE, Armable, CommandRequest
from cockpit.model.events import ExecuteTrade, TradeResult
from cockpit.model.snapshot import Trading
from tests.support.amounts import btc_eure
from tests.support.desk.desk_harness import ACCOUNT, EXCHANGES, HELD, DeskHarness, Signed, World
from tests.support.still_loop import StillLoop
from venue.protocol.amounts import NOTHING
from venue.protocol.tokens import BTC, EURE
from venue.protocol.units import NS_PER_S

HOUR_NS = 3_600 * NS_PER_S
DAY_NS = 24 * HOUR_NS
OPS = CommandRequest(actor="ops")
T = TypeVar("T")
picks = st.integers(0, 10**6)
sides = st.sampled_from(["buy", "sell"])
FAULTS = ("frozen", "lie", "nodes", "relay", "disk")
nexts = st.one_of(
    st.tuples(st.just("choose"), st.sampled_from(["REDUCING", "HALTED"])),
    st.tuples(st.just("disarm"), st.sampled_from(ARMABLE)),
    st.tuples(st.just("change_limits"), st.deferred(lambda: st.sampled_from(patches))),
    *[st.tuples(st.just("break_and_wait"), st.just(fault)) for fault in FAULTS],
    st.tuples(st.just("restart"), st.booleans()),
)
REFUSALS = (GONE, "insufficient balance or overflow", "invalid salt")
fates = st.sampled_from(["", "", "", "accepted", "accepted", "settled", "settled", "kept", "kept", *REFUSALS])
"""What becomes of a quote; ``kept``: the relay says that it was too late, keeps the signature and has it settled."""
asks = st.tuples(sides, st.booleans(), st.integers(1, 30) | st.integers(20, 60), fates)
patches: list[dict[str, object]] = [
    {"max_notional_eure": 3},
    {"max_notional_eure": 5},
    {"max_promised_eure": 6},
    {"max_promised_eure": 1_000},
    {"max_signed_eure": 8},
    {"max_signed_eure": 10_000},
    {"max_asset_share": "0.55"},
    {"max_asset_share": "0.9"},
    {"max_quotes_per_second": 2},
    {"max_quotes_per_second": 50},
    {"max_fills_per_hour": 3},
    {"max_fills_per_hour": 60},
    {"max_loss_per_day_eure": "0.2"},
    {"max_loss_per_day_eure": 5},
    {"min_edge_bps": 30, "max_promised_eure": 1},
]


class DeskMachine(RuleBasedStateMachine):
    """The desk beside what is known outside it."""

    signatures = 0
    nodes_lied = False
    """Whether a reading may have been false: one at a start then differs from what the run before it left."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = StillLoop()
        self.world = self.new_world()
        self.asked = 0
        self.armed: dict[Armable, bool] = dict.fromkeys(ARMABLE, False)
        self.chosen: Trading = "ACTIVE"
        self.lifted_ns = 0
        self.signed_at: list[int] = []
        self.back_ns = 0
        self.booked: list[tuple[int, Signed]] = []
        self.desk = self._new_desk()
        self.climb()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def new_world(self) -> World:
        return World()

    def new_harness(self) -> DeskHarness:
        return DeskHarness(self.world)

    def _new_desk(self) -> DeskHarness:
        desk = self.new_harness()
        self.do(desk.start())
        self.armed = dict.fromkeys(ARMABLE, False)
        self.signed_at = []
        self.back_ns = 0
        return desk

    @property
    def control(self) -> CommandHandler:
        return self.desk.control

    def _pick(self, pick: int, among: list[Signed]) -> Signed | None:
        return among[pick % len(among)] if among else None

    # What an operator does.

    @rule(part=st.sampled_from(ARMABLE))
    def arm(self, part: Armable) -> None:
        if self.control.arm(part, OPS).accepted:
            self.armed[part] = True

    @rule()
    def climb(self) -> None:
        for part in ARMABLE:
            self.arm(part)

    @rule(part=st.sampled_from(ARMABLE))
    def disarm(self, part: Armable) -> None:
        assert self.control.disarm(part, OPS).accepted
        self.armed[part] = self.armed["trade-executor"] = False
        shot = self.desk.shot()
        assert not shot.executor_armed, "disarming the strategy disarms the executor"
        assert not (part == "strategy-engine" and shot.strategy_armed)
        if part == "trade-executor":
            self.armed["strategy-engine"] = shot.strategy_armed

    @rule(patch=st.sampled_from(patches))
    def change_limits(self, patch: dict[str, object]) -> None:
        before = self.desk.trading.limits.current
        result = self.do(self.control.limits(patch, OPS))
        current = self.desk.trading.limits.current
        if not result.accepted:
            assert current == before
            return
        assert {name: str(getattr(current, name)) for name in patch} == {name: str(patch[name]) for name in patch}

    @rule(state=st.sampled_from(["ACTIVE", "ACTIVE", "REDUCING", "HALTED"]))
    def choose(self, state: Trading) -> None:
        halted_for_loss = "fills lost" in self.desk.shot().trading_why
        assert self.control.trading({"state": state, "reason": "because"}, OPS).accepted
        self.chosen = state
        if halted_for_loss and state != "HALTED":
            self.lifted_ns = self.world.wall()
        # What a person ordered is durable before anything else happens here: a lost order is another test's matter.
        self.do(self.desk.write())

    # What the venue does.

    @rule(asked=st.lists(asks, min_size=1, max_size=5))
    def trade(self, asked: list[tuple[str, bool, int, str]]) -> None:
        """Requests one after the other, each followed at once by the outcome of its quote."""
        for side, exact_in, notional, fate in asked:
            made = self._ask(side, exact_in, notional)
            if made is None:
                continue
            if fate == "settled":
                self._settle(made, claimed=notional % 2 == 0)
            elif fate == "kept":
                self._answer(made, GONE)
                if notional % 3:
                    self._settle(made, claimed=notional % 2 == 0)
            elif fate:
                self._answer(made, None if fate == "accepted" else fate)

    @rule(asked=st.lists(asks, min_size=1, max_size=5), ms=st.sampled_from([1_000, 5_000]))
    def trade_a_while(self, asked: list[tuple[str, bool, int, str]], ms: int) -> None:
        self.trade(asked)
        self.time_passes(ms)
        self.trade(asked)

    @rule(episodes=st.lists(st.tuples(nexts, st.lists(asks, min_size=2, max_size=4)), min_size=1, max_size=4))
    def trade_around(self, episodes: list[tuple[tuple[str, Any], list[tuple[str, bool, int, str]]]]) -> None:
        """What forbids a quote comes between requests that would be quoted: most orders of single steps miss it."""
        for (name, value), asked in episodes:
            self.mend_everything()
            self.trade(asked)
            getattr(self, name)(value)
            self.trade(asked)

    @rule(halted=st.booleans(), asked=st.lists(asks, min_size=2, max_size=4), restarts=st.booleans())
    def trade_while_restricted(self, halted: bool, asked: list[tuple[str, bool, int, str]], restarts: bool) -> None:
        self.trade_around([(("choose", "HALTED" if halted else "REDUCING"), asked)])
        if restarts:
            self.restart(halted)

    def _ask(self, side: str, exact_in: bool, notional: int) -> Signed | None:
        refusals = self.why_not()
        shot = self.desk.shot()
        self.asked += 1
        eure, btc = self.amounts(notional)
        amount = (btc if side == "buy" else eure) if exact_in else (eure if side == "buy" else btc)
        given = (amount, None) if exact_in else (None, amount)
        if not self.do(self.desk.ask(f"q-{self.asked}", side, amount_in=given[0], amount_out=given[1])):
            return None
        made = self.world.signed[-1]
        assert not refusals, f"signed although {refusals}"
        assert (shot.strategy_armed, shot.executor_armed, shot.rung) == (True, True, "LIVE")
        self._within_the_limits(made)
        DeskMachine.signatures += 1
        event("signed")
        self.signed_at.append(self.world.wall())
        # A quote whose record is lost with the desk cannot be known to the next one; that time is another test's.
        self.do(self.desk.write())
        return made

    def amounts(self, notional: int) -> tuple[int, int]:
        """Return how much EURe and BTC a request of so many tenths of a euro asks for, base units."""
        return notional * 10**17, int(notional * 10**7 / self.world.mid)

    def why_not(self) -> list[str]:
        """Every reason not to sign that can be seen from outside."""
        now, limits = self.world.wall(), self.desk.trading.limits.current
        why = [f"{part} is disarmed" for part in ARMABLE if not self.armed[part]]
        prices = [tick.mid for tick in self.desk.trading.reference._ticks.values()]
        ages = [now - tick.at_ns for tick in self.desk.trading.reference._ticks.values()]
        if len(prices) < len(EXCHANGES) or min(ages) > limits.max_reference_age_ms * 10**6:
            why.append("no price is fresh")
        elif (max(prices) - min(prices)) / min(prices) > Decimal("0.02"):
            why.append("an exchange lies")
        if ages and min(ages) > now - self.back_ns:
            why.append("every price is of before the desk was away")
        read_ns = self.desk.read_ns
        if read_ns is not None and read_ns < self.back_ns:
            why.append("the balances are of before the desk was away")
        if read_ns is None or now - read_ns > limits.max_inventory_age_ms * 10**6:
            why.append("the balances are old")
        if not self.desk.writer.writable:
            why.append("the history is not written")
        if not self.desk.connected:
            why.append("the relay is not there")
        if self.chosen == "HALTED":
            why.append("a person halted it")
        if sum(now - at < NS_PER_S for at in self.signed_at) >= limits.max_quotes_per_second:
            why.append("too many quotes within the second")
        if sum(now - at < HOUR_NS for at, _ in self.booked) >= limits.max_fills_per_hour:
            why.append("too many fills within the hour")
        mid = self.desk.trading.reference.trusted_mid
        if mid is not None and self.loss(mid) > limits.max_loss_per_day_eure * 10**18:
            why.append("the day's fills lost too much")
        return why

    def loss(self, mid: Decimal) -> Fraction:
        """Return what the day's fills lost since an operator last lifted a halt, base units of EURe."""
        day_ns = self.world.wall() // DAY_NS * DAY_NS
        lost = Fraction(0)
        for at, one in self.booked:
            # The clock stands still between a fill and a lift after it.
            if at < day_ns or at <= self.lifted_ns:
                continue
            base, quote = (
                (one.amount_in, -one.amount_out) if one.asset_in == BTC.token_id else (-one.amount_out, one.amount_in)
            )
            lost -= base * Fraction(mid) * 10**10 + quote
        return lost

    def _within_the_limits(self, made: Signed) -> None:
        limits, mid = self.desk.trading.limits.current, Fraction(self.desk.trading.reference.mid or 0) * 10**10
        btc_out = made.asset_out == BTC.token_id
        notional = made.amount_in if btc_out else made.amount_out
        assert notional <= limits.max_notional_eure * 10**18
        worth = Fraction(0)
        for one in self.world.open_quotes():
            worth += one.amount_out * mid if one.asset_out == BTC.token_id else one.amount_out
        assert worth <= limits.max_promised_eure * 10**18
        signed = sum(
            one.amount_out * mid if one.asset_out == BTC.token_id else one.amount_out
            for one in self.world.could_settle()
        )
        assert signed <= limits.max_signed_eure * 10**18
        assert made.deadline_ns - self.world.wall() <= limits.max_deadline_ms * 10**6
        given_value = made.amount_out * mid if btc_out else Fraction(made.amount_out)
        taken_value = Fraction(made.amount_in) if btc_out else made.amount_in * mid
        assert taken_value >= given_value * (1 + Fraction(limits.min_edge_bps) / 10_000) * (1 - Fraction(1, 10**6))
        if self.chosen == "REDUCING":
            held = {asset: self.world.ledger.balance(ACCOUNT, asset) for asset in HELD}
            btc, eure = held[BTC.token_id] * mid, held[EURE.token_id]
            # A quote may settle at the instant of a reading, and after it: the clock stands still.
            seen = self.desk.trading.inventory.ledger.balance == btc_eure(held[BTC.token_id], held[EURE.token_id])
            if seen and self.desk.read_ns == self.world.wall():
                assert (btc > eure) is btc_out, "reducing goes toward the target"

    @rule(pick=picks, claimed=st.booleans())
    def settle(self, pick: int, claimed: bool) -> None:
        made = self._pick(pick, self.world.could_settle())
        if made is not None:
            self._settle(made, claimed)

    def _settle(self, made: Signed, claimed: bool) -> None:
        tx_hash = self.world.settle(made)
        if tx_hash is not None:
            event("settled")
            if claimed and self.desk.connected:
                self.desk.claim(made, tx_hash)

    @rule(pick=picks, error=st.sampled_from([None, *REFUSALS]))
    def answer(self, pick: int, error: str | None) -> None:
        known = {made.quote_hash for made in self.desk.events if isinstance(made, ExecuteTrade)}
        made = self._pick(
            pick, [one for one in self.world.open_quotes() if not one.answered and one.quote_hash in known]
        )
        if made is not None:
            self._answer(made, error)

    def _answer(self, made: Signed, error: str | None) -> None:
        if self.desk.connected:
            made.answered, made.refused = True, error is not None
            self.desk.reply(made, error)

    @rule(percent=st.integers(-12, 12))
    def move_the_mid(self, percent: int) -> None:
        self.world.mid = max(Decimal(20_000), min(Decimal(120_000), self.world.mid * (100 + percent) / 100))
        self.do(self.desk.pass_ms(50))

    # What goes wrong, and comes back.

    @rule(fault=st.sampled_from(FAULTS))
    def break_something(self, fault: str) -> None:
        world, desk = self.world, self.desk
        if fault == "frozen":
            world.frozen = True
        elif fault == "lie" and not world.frozen:
            world.lie = Decimal("1.05")
            self.do(desk.pass_ms(50))
        elif fault == "nodes":
            world.nodes_down = True
        elif fault == "relay" and desk.connected:
            desk.disconnect()
            for one in world.open_quotes():
                one.answered = True
        elif fault == "disk":
            desk.history.full = True
            self.control.arm("strategy-engine", OPS)  # Something to write, so that it is noticed.
            self.armed["strategy-engine"] = desk.trading.arming.strategy
            self.do(desk.write())

    def break_and_wait(self, fault: str) -> None:
        """Longer than any price or balance may be old, and shorter than some grace times."""
        self.break_something(fault)
        self.time_passes(7_000 if fault == "frozen" else 22_000 if fault == "nodes" else 250)

    @rule()
    def mend_everything(self) -> None:
        world, desk = self.world, self.desk
        world.frozen, world.nodes_down, world.lie, desk.history.full = False, False, Decimal(1), False
        if not desk.connected:
            desk.connect()
        self.do(desk.write())
        self.do(desk.pass_ms(50))
        self.read()
        self.choose("ACTIVE")
        self.climb()

    @rule(invalidate=st.booleans())
    def rotate_the_salt(self, invalidate: bool) -> None:
        new = (len(self.world.signed) * 1_000 + self.asked + 1 + self.world.ledger.height % 997).to_bytes(4, "big")
        try:
            self.world.ledger.rotate_salt(new, invalidate_old=invalidate)
        except ValueError:
            return

    @rule()
    def read(self) -> None:
        self.do(self.desk.read())

    @rule()
    def write(self) -> None:
        self.do(self.desk.write())

    @rule(ms=st.sampled_from([1, 100, 999, 1_000, 5_000, 12_000, 30_000]))
    def time_passes(self, ms: int) -> None:
        self.do(self.desk.pass_ms(ms))
        shot = self.desk.shot()
        if not self.desk.writer.writable:
            assert not shot.executor_armed, "what cannot be recorded is not traded"
        if "fills lost" in shot.trading_why:
            assert shot.rung == "SAFE", "a loss beyond the limit disarms"

    @rule(hours=st.sampled_from([1, 25]))
    def a_long_time_passes(self, hours: int) -> None:
        self.world.wall.now_ns += hours * HOUR_NS
        self.world.monotonic.now_ns += hours * HOUR_NS
        self.do(self.desk.pass_ms(1_000))

    @rule(ms=st.sampled_from([900, 1_100, 4_000, 12_000]), asked=st.lists(asks, min_size=1, max_size=2))
    def is_away(self, ms: int, asked: list[tuple[str, bool, int, str]]) -> None:
        """The process is stopped: what waited in the relay's socket is read before the desk's first tick."""
        self.desk.be_away(ms)
        if ms > 1_000:
            self.back_ns = self.world.wall()
        signed = len(self.world.signed)
        self.trade(asked)
        assert ms <= 1_000 or len(self.world.signed) == signed
        self.do(self.desk.pass_ms(0))
        if ms > 10_000:
            assert not self.desk.shot().executor_armed, "too long an absence disarms"
        self.trade(asked)

    @rule(clean=st.booleans())
    def restart(self, clean: bool) -> None:
        if self.desk.history.full:
            self.desk.history.full = False
            self.do(self.desk.write())
        self._note_booked()
        self.do(self.desk.end(clean=clean))
        if not clean:
            kept = self._settled_on_record()
            self.booked = [(at, one) for at, one in self.booked if one.quote_hash in kept]
        self.do(self._moment())
        self.desk = self._new_desk()
        shot = self.desk.shot()
        assert (shot.strategy_armed, shot.executor_armed, shot.rung) == (False, False, "SAFE")
        if self.chosen == "HALTED":
            assert shot.trading == "HALTED", "a halt outlives the desk"

    async def _moment(self) -> None:
        self.world.wall.pass_ms(1)
        self.world.monotonic.pass_ms(1)

    def _settled_on_record(self) -> Counter[str]:
        import sqlite3

        reader = sqlite3.connect(f"{self.world.directory.name}/history.sqlite")
        try:
            rows = reader.execute("SELECT quote_hash FROM trade_execution_results WHERE outcome = 'settled'").fetchall()
        finally:
            reader.close()
        return Counter(name for (name,) in rows)

    def _note_booked(self) -> None:
        """Fills that this run has booked, each with the time of its booking."""
        known = {one.quote_hash for _, one in self.booked}
        by_hash = {one.quote_hash: one for one in self.world.signed}
        for made in self.desk.events:
            if isinstance(made, TradeResult) and made.outcome == "settled" and made.quote_hash not in known:
                self.booked.append((made.at_ns, by_hash[made.quote_hash]))

    # What must always be.

    @invariant()
    def armed_is_shown_only_when_armed(self) -> None:
        shot = self.desk.shot()
        if shot.strategy_armed:
            assert self.armed["strategy-engine"]
        if shot.executor_armed:
            assert self.armed["trade-executor"]
        self.armed = {"strategy-engine": shot.strategy_armed, "trade-executor": shot.executor_armed}

    @invariant()
    def never_more_is_promised_than_held(self) -> None:
        held = {one.quote_hash for one in self.desk.trading.book.reservations.signed()}
        assert {one.quote_hash for one in self.world.could_settle()} <= held, "what could settle is signed"
        held = {one.quote_hash for one in self.desk.trading.book.reservations}
        assert {one.quote_hash for one in self.world.open_quotes()} <= held, "what may still settle is reserved"
        if any(one.refused and one.settled for one in self.world.signed):
            return
        committed: Counter[str] = Counter()
        for one in self.world.open_quotes():
            committed[one.asset_out] += one.amount_out
        for asset, amount in committed.items():
            assert amount <= self.world.ledger.balance(ACCOUNT, asset)

    @invariant()
    def every_fill_that_is_booked_was_one_and_is_booked_once(self) -> None:
        self._note_booked()
        booked = [one.quote_hash for _, one in self.booked]
        settled = {one.quote_hash for one in self.world.signed if one.settled}
        assert set(booked) <= settled
        runs: Counter[str] = Counter(
            made.quote_hash for made in self.desk.events if isinstance(made, TradeResult) and made.outcome == "settled"
        )
        assert all(count == 1 for count in runs.values())
        assert self.desk.trading.trading_state.fills_in_hour == sum(
            self.world.wall() - at < HOUR_NS for at, _ in self.booked
        )

    def teardown(self) -> None:
        try:
            self.mend_everything()
            for _ in range(5):
                self.do(self.desk.pass_ms(6_000))
            self.do(self.desk.read())
            self.do(self.desk.write())
            settled = Counter(one.quote_hash for one in self.world.signed if one.settled)
            recorded = self._settled_on_record()
            assert recorded == settled, (
                f"every fill is on record once: missing {settled - recorded}, too often {recorded - settled}; "
                f"unexplained {self.desk.trading.inventory.ledger.unexplained}"
            )
            inventory = self.desk.trading.inventory
            assert inventory.ledger.unexplained == NOTHING
            assert self.nodes_lied or inventory.ledger.unexplained_opening == NOTHING
            held = btc_eure(*(self.world.ledger.balance(ACCOUNT, asset.token_id) for asset in (BTC, EURE)))
            assert inventory.ledger.balance == held
            assert self.desk.trading.book.reservations.signed_count() == 0
        finally:
            self.do(self.desk.end(clean=True))
            self.loop.close()
            self.world.directory.cleanup()


def play(examples: int, steps: int) -> None:
    DeskMachine.signatures = 0
    run_state_machine_as_test(
        DeskMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
    assert DeskMachine.signatures > examples // 4, "hardly anything was signed, so nothing was tested"


def test_no_order_of_events_makes_the_desk_sign_against_a_check() -> None:
    play(12, 16)


@pytest.mark.slow
def test_no_order_of_events_makes_it_sign_in_a_long_search() -> None:
    play(1_000, 40)
