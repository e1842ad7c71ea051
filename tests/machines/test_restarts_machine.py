"""Fills are booked once over any number of restarts, at any step, with any part of the record lost."""

import asyncio
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from cockpit.desk.funding.deposits import CERTAIN_NS
from cockpit.desk.inventory.movements import Movement, total
from cockpit.desk.inventory.reconciliation import movement
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.model.events import LiquidityAction
from storage.history import PreviousRun
from tests.support.amounts import btc_eure
from tests.support.desk.builders import Clock
from tests.support.desk.chain import Chain
from tests.support.desk.restart_harness import DeskRun, MemoryHistory, results
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.tokens import BTC
from venue.relay.messages import QuoteStatus

picks = st.integers(0, 10**6)


class Restarts(RuleBasedStateMachine):
    """One chain, one history, and runs of a desk that end at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.chain = Chain(self.clock)
        self.chain.head.balances = btc_eure(10**9, 10**15)
        self.history = MemoryHistory()
        self.listed: list[Movement] = []
        self.sent: list[Commitment] = []
        self.settled: list[Commitment] = []
        self.burned: list[Commitment] = []
        self.strange = NOTHING
        """What came from strangers, or was taken, in sum."""
        self.accepted = NOTHING
        self.transfers = 0
        self.bridge_answers = True
        self.runs = 0
        self.run = self._start(None)
        asyncio.run(self.run.inventory.sync("opening"))
        self.run.flush()

    def _start(self, previous: PreviousRun | None) -> DeskRun:
        self.runs += 1
        run = DeskRun(self.clock, self.chain, self.history, self.runs)
        run.listed = self.listed if self.bridge_answers else None
        asyncio.run(run.start(previous))
        return run

    def _open(self) -> list[Commitment]:
        over = {one.quote_hash for one in (*self.settled, *self.burned)}
        return [one for one in self.sent if one.quote_hash not in over and one.deadline_ns >= self.clock()]

    @precondition(lambda self: self.run.inventory.ledger.balance is not None)
    @rule(life_ms=st.integers(1_000, 30_000))
    def send(self, life_ms: int) -> None:
        number = len(self.sent)
        self.sent.append(
            self.run.send(str(number), amount_in=3**number + 7, amount_out=100 + 2**number, life_ms=life_ms)
        )

    @rule(pick=picks, claimed=st.booleans())
    def settle(self, pick: int, claimed: bool) -> None:
        open_quotes = self._open()
        if not open_quotes:
            return
        made = open_quotes[pick % len(open_quotes)]
        self.chain.settle(made)
        self.settled.append(made)
        if claimed:
            self.run.book.on_status(QuoteStatus(made.quote_hash, "intent", "tx"))

    @rule(pick=picks, settled=st.booleans(), claimed=st.booleans())
    def refuse(self, pick: int, settled: bool, claimed: bool) -> None:
        """The relay keeps a signature that it says it did not take; a taker may settle it all the same."""
        open_quotes = self._open()
        if not open_quotes:
            return
        self.run.refuse(open_quotes[pick % len(open_quotes)])
        if settled:
            self.settle(pick, claimed)

    @rule(pick=picks, executed=st.booleans())
    def burn(self, pick: int, executed: bool) -> None:
        """A hard stop of this run: what it is about to publish is on record first.

        What strangers sent before was read: beside it, which of several used nonces settled cannot be told for certain.
        """
        self.read("", 0)
        open_quotes = [one for one in self._open() if self.run.book.contains(one.quote_hash)]
        if not open_quotes:
            return
        made = open_quotes[pick % len(open_quotes)]
        self.run.book.burn(made.quote_hash)
        self.run.flush()
        if executed:
            self.chain.advance(nonce=made.nonce)
            self.burned.append(made)

    @rule()
    def ask_burned_nonces(self) -> None:
        for quote in self.run.book.burning():
            if quote.commitment.nonce in self.chain.seen.used:
                self.run.book.nonce_used(quote.commitment.quote_hash, self.chain.seen.height)

    @precondition(lambda self: len(self.listed) < 4)
    @rule(amount=st.integers(1, 50), beside=st.integers(-3, 3))
    def deposit(self, amount: int, beside: int) -> None:
        """A deposit, and in the same block, without a reading between, a gift or a theft.

        A theft is read until it is on record: before that, no amount tells what it took from what a fill gave.
        """
        made = Movement(f"deposit:{len(self.listed)}", btc_eure(amount * 10**6 + len(self.listed), 0))
        self.chain.advance(made.amounts[BTC.token_id])
        if beside and not self.run.book.burning():
            self._transfer(btc_eure(self._strange_units(beside), 0))
        self.listed.append(made)
        self.run.volatile.append(
            LiquidityAction(
                at_ns=self.clock(),
                action_id=made.key,
                kind="deposit",
                asset=None,
                amount=made.amounts[BTC.token_id],
                chain=None,
                tx_hash=None,
                status="CREDITED",
                detail="",
            )
        )
        if beside < 0:
            for _ in range(3):
                self.read("", 0)

    def _strange_units(self, amount: int) -> int:
        # No sum of transfers is one of fills or deposits.
        self.transfers += 1
        return amount * 10**5 + 10**3 * self.transfers

    def _transfer(self, amounts: TokenAmounts) -> None:
        self.chain.advance(moved=amounts)
        self.strange += amounts

    @precondition(lambda self: self.transfers < 6 and not self.run.book.burning())
    @rule(amount=st.integers(1, 3))
    def gift(self, amount: int) -> None:
        """A stranger sends something; no reading tells it apart from what else happens."""
        self._transfer(btc_eure(self._strange_units(amount), 0))

    @precondition(lambda self: self.run.inventory.ledger.balance is not None)
    @rule(amount=st.integers(1, 3), gone=st.booleans())
    def unexplained_transfer(self, amount: int, gone: bool) -> None:
        """A transfer comes or goes that no movement explains; it is read twice and on record.

        A theft while nonces of that token's quotes are used by burnings looks like their fills: no amount tells.
        """
        self.read("", 0)
        self.transfers += 1
        gone = gone and not self.run.book.burning()
        self._transfer(btc_eure(0, (-1 if gone else 1) * (amount * 10**12 + self.transfers)))
        for _ in range(3):
            self.read("", 0)
        self.run.flush()

    @rule()
    def accept(self) -> None:
        """An operator accepts what is unexplained, and the answer is on record."""
        inventory = self.run.inventory
        named = inventory.ledger.unexplained
        if inventory.accept(named) == "":
            self.accepted += named
            self.run.flush()

    @rule(down=st.sampled_from(["", "balances", "nonces", "block"]), behind=st.integers(0, 2))
    def read(self, down: str, behind: int) -> None:
        self.chain.down = {down} - {""}
        self.chain.behind = behind
        self.clock.pass_ms(1)
        asyncio.run(self.run.inventory.sync("poll"))
        self.chain.down, self.chain.behind = set(), 0

    @rule()
    def bridge_fails_or_comes_back(self) -> None:
        self.bridge_answers = not self.bridge_answers
        self.run.listed = self.listed if self.bridge_answers else None

    @rule(ms=st.integers(1, 20_000))
    def time_passes(self, ms: int) -> None:
        self.clock.pass_ms(ms)
        self.chain.advance()
        self.run.tick()

    @rule(part=st.floats(0, 1))
    def write(self, part: float) -> None:
        self.run.flush(int(len(self.run.volatile) * part))

    @rule(clean=st.booleans())
    def restart(self, clean: bool) -> None:
        self.clock.pass_ms(1)
        self.run = self._start(self.run.end(clean=clean))

    @invariant()
    def what_may_still_settle_is_signed(self) -> None:
        held = {one.quote_hash for one in self.run.book.reservations.signed()}
        assert {one.quote_hash for one in self._open()} <= held

    @invariant()
    def no_fill_is_on_record_twice_or_without_a_settlement(self) -> None:
        booked = Counter(results(self.history, "settled"))
        assert set(booked) <= {one.quote_hash for one in self.settled}
        assert all(count == 1 for count in booked.values())
        burned = set(results(self.history, "burned"))
        assert burned <= {one.quote_hash for one in self.burned}

    def teardown(self) -> None:
        self.run.listed = self.listed
        self.clock.pass_ms(100_000)
        asyncio.run(self.run.inventory.sync("poll"))
        self.clock.pass_ms(CERTAIN_NS // 10**6)
        for _ in range(6):
            self.clock.pass_ms(1_000)
            self.chain.advance()
            self.run.tick()
            asyncio.run(self.run.inventory.sync("poll"))
        self.run.tick()
        self.run.flush()
        inventory = self.run.inventory
        assert sorted(results(self.history, "settled")) == sorted(one.quote_hash for one in self.settled)
        assert inventory.ledger.unexplained == self.strange - self.accepted, "lost, netted, or accepted by itself"
        assert self.run.book.reservations.signed_count() == 0
        assert inventory.ledger.balance == self.chain.head.balances
        assert inventory.ledger.opening is not None
        moved = [movement(one) for one in self.settled]
        assert self.chain.head.balances == btc_eure(10**9, 10**15) + total(self.listed) + total(moved) + self.strange
        assert self.history.accounted() <= self.runs


Restarts.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None, derandomize=True)
TestRestarts = Restarts.TestCase


@pytest.mark.slow
def test_many_more_restarts() -> None:
    run_state_machine_as_test(
        Restarts, settings=settings(max_examples=600, stateful_step_count=40, deadline=None, derandomize=True)
    )
