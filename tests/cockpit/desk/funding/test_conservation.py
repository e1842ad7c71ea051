"""Whatever happens in whatever order: opening + deposits + fills - withdrawals = closing, to the base unit."""

import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from cockpit.desk.quote_book.commitment import commit
from cockpit.desk.quote_book.errors import NotCoveredError
from tests.support.funding.funding_harness import CONFIG, FundingBench, FundingRun, both
from tests.support.funding.withdrawal_venue import TERMINAL
from tests.support.sandbox.signing import Signer as Taker
from tests.support.sandbox.signing import token_diff
from tests.support.waiting import until
from venue.protocol.assets import Token
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.sandbox.server import Venue
from venue.signing.signer import SignedQuote

MINUTE = 60 * 10**9
STEPS = 14


class Story:
    """A seeded sequence of deposits, fills, withdrawals and restarts on one venue, and what must be true of it."""

    def __init__(self, seed: int, bench: FundingBench) -> None:
        self.rng = random.Random(seed)
        self.bench = bench
        self.taker = Taker("taker.near", 99)
        self.log: list[str] = []
        self.expected = {asset: bench.held(asset) for asset in (BTC, EURE)}
        self.numbers = itertools.count()
        self.last_amount = {BTC: 50_000, EURE: 5 * 10**18}
        self.life: FundingRun
        ledger = bench.venue.ledger
        ledger.register_key(self.taker.account, self.taker.public_key)
        for asset in (BTC, EURE):
            ledger.mint(self.taker.account, asset.token_id, 10**24)

    async def run(self) -> None:
        self.life = await self.bench.life()
        for _ in range(STEPS):
            step = self.rng.choice(
                (
                    self.deposit,
                    self.fill,
                    self.fill,
                    self.withdraw,
                    self.withdraw,
                    self.wait,
                    self.restart,
                    self.check,
                )
            )
            self.log.append(step.__name__)
            await step()
            self.bounded()
        await self.end()

    def amount(self, asset: Token) -> int:
        """Mostly new, at times just what was used before, so that one movement may look like another."""
        if self.rng.random() < 0.7:
            least = 20_000 if asset is BTC else 2 * 10**18
            self.last_amount[asset] = (least + self.rng.randrange(least)) // 1_000 * 1_000 + 999
        return self.last_amount[asset]

    async def deposit(self) -> None:
        asset = self.rng.choice((BTC, EURE))
        amount = self.amount(asset)
        await self.bench.deposit(asset, amount)
        self.expected[asset] += amount

    async def fill(self) -> None:
        """Sign a quote; three of four are settled at once."""
        given, taken = self.rng.choice(((BTC, EURE), (EURE, BTC)))
        trading = self.life.trading
        assert trading.executor.salt is not None
        assert trading.inventory.ledger.balance is not None
        number = next(self.numbers)
        # Never an amount of a withdrawal: a fill that looked like two others to the last unit would be one of them.
        amount_out, amount_in = (self.amount(asset) // 1_000 * 1_000 + number for asset in (given, taken))
        deadline_ns = self.life.env.wall_ns() + 2 * MINUTE
        trading.signer.ceiling = trading.signer.base_ceiling = 10**30
        trading.heartbeat.beat()
        signed = trading.signer.sign_quote(
            asset_in=taken.token_id,
            amount_in=amount_in,
            asset_out=given.token_id,
            amount_out=amount_out,
            deadline_ns=deadline_ns,
            salt=trading.executor.salt,
        )
        balance = trading.inventory.ledger.balance[given.token_id]
        commitment = commit(
            quote_hash=signed.quote_hash,
            quote_id=f"q-{number}",
            command_id=f"c-{number}",
            decision_id=f"d-{number}",
            nonce=signed.nonce,
            side="buy" if taken is BTC else "sell",
            asset_in=taken.token_id,
            asset_out=given.token_id,
            amount_in=amount_in,
            amount_out=amount_out,
            edge=1,
            sent_ns=deadline_ns,
            deadline_ns=deadline_ns,
            released_after_ns=deadline_ns,
        )
        try:
            trading.book.reservations.reserve(commitment, balance)
        except NotCoveredError:
            return
        trading.book.sent(commitment, number)
        if self.rng.random() < 0.75:
            self._take(signed, deadline_ns, given, amount_out, taken, amount_in)

    def _take(self, signed: SignedQuote, deadline_ns: int, given: Token, out: int, taken: Token, into: int) -> None:
        names = {BTC: "btc", EURE: "eure"}
        salt = self.life.trading.executor.salt
        assert salt is not None
        nonce = self.taker.nonce(deadline_ns, salt)
        diff = token_diff(**{names[given]: out, names[taken]: -into})
        mine = msgspec.to_builtins(signed.data)
        theirs = self.taker.sign(diff, deadline_ns=deadline_ns, nonce=nonce)
        self.bench.venue.ledger.execute_intents([mine, theirs])
        self.expected[given] -= out
        self.expected[taken] += into

    async def withdraw(self) -> None:
        asset = self.rng.choice((BTC, EURE))
        fault = self.rng.choice(("none", "none", "refund", "reject", "swallow", "drop", "late", "forget"))
        self.log.append(fault)
        faults: dict[str, dict[str, object]] = {
            "none": {},
            "refund": {"ft_transfer_fails": 1},
            "reject": {"withdrawal_rejects": 1},
            "swallow": {
                "near_send": both(mode="swallow", times=1),
                "publish": {"mode": "swallow", "times": 1},
            },
            "drop": {"near_send": both(mode="drop", times=2), "publish": {"mode": "drop", "times": 2}},
            "late": {
                "near_send": both(mode="late", times=1, delay_s=0.5),
                "publish": {"mode": "late", "times": 1, "delay_s": 0.5},
            },
            "forget": {"near_tx_unknown_s": {"near_a": 1, "near_b": 1}, "relay_not_found_s": 1},
        }
        await self.bench.faults(**faults[fault])
        amount = self.amount(asset)
        route = "intent" if self.rng.random() < 0.5 else "transaction"
        result = await self.life.order(
            amount, f"k-{next(self.numbers)}", asset=asset, route="intent" if route == "intent" else "transaction"
        )
        self.log.append(f"{route} {asset.symbol} {amount} {result.accepted} {result.reason[:60]}")

    async def wait(self) -> None:
        """Wait until something has changed, or nothing is open."""
        before = self.life.states()
        await until(lambda: self.life.states() != before or not any(one.followed for one in self.life.all), 20)

    async def restart(self) -> None:
        if self.rng.random() < 0.5:
            await self.life.writer.flush()
        await self.life.crash()
        self.life = await self.bench.life()

    async def check(self) -> None:
        """The balances add up once the venue has caught up with what was requested."""
        await self.life.until_explained()
        ledger = self.life.trading.inventory.ledger
        assert ledger.opening is not None
        assert ledger.opening + ledger.filled + ledger.deposited - ledger.withdrawn == ledger.balance

    def bounded(self) -> None:
        """Never more committed and leaving than held."""
        inventory, reservations = self.life.trading.inventory, self.life.trading.book.reservations
        assert inventory.ledger.balance is not None
        for asset, balance in DEFAULT_TOKENS.by_token(inventory.ledger.balance):
            assert reservations.reserved(asset.token_id) <= balance

    async def end(self) -> None:
        await self.bench.faults(mend=True)
        await until(lambda: all(one.state in TERMINAL for one in self.life.all), 30, str(self.life.states()))
        await self.check()
        withdrawn = {BTC: 0, EURE: 0}
        for asset in withdrawn:
            listed = self.bench.withdrawals_listed(asset)
            withdrawn[asset] = sum(int(row["amount"]) for row in listed if row["status"] == "COMPLETED")
            paid = {str(payment["tx_hash"]) for payment in self.bench.payments(asset)}
            completed = [one for one in self.life.all if one.state == "completed" and one.order.asset is asset]
            assert {one.destination_hash for one in completed} == paid
            assert len(completed) == len(paid)
            assert withdrawn[asset] == sum(one.order.amount for one in completed)
            assert self.bench.held(asset) == self.expected[asset] - withdrawn[asset]


@contextmanager
def blamed(story: Story, seed: int) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        ledger = story.life.trading.inventory.ledger
        lines = [f"{one.state} {one.order.amount} {one.steps}" for one in story.life.all]
        flags = [
            f"out {w.out_booked} back {w.back_booked} at {w.left_at} inherited {w.inherited}" for w in story.life.all
        ]
        error.add_note(f"seed {seed}: {story.log}\n{lines}\n{flags}\n{story.life.trading.withdrawals.movements()}")
        error.add_note(f"{ledger.unexplained} of {ledger.opening} at {ledger.opening_height}; {ledger.balance}")
        raise


async def run_story(short_dir: Path, seed: int) -> None:
    venue = Venue(msgspec.structs.replace(CONFIG, seed=seed + 1, fee_pips=0))
    await venue.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        bench = FundingBench(venue, client, short_dir)
        story = Story(seed, bench)
        try:
            with blamed(story, seed):
                await story.run()
        finally:
            await bench.end()
            await venue.stop()


@pytest.mark.parametrize("seed", range(4))
async def test_every_unit_is_accounted_for(short_dir: Path, seed: int) -> None:
    await run_story(short_dir, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
async def test_every_unit_is_accounted_for_in_many_stories(short_dir: Path, seed: int) -> None:
    await run_story(short_dir, seed)
