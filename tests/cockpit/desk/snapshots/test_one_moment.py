"""A snapshot made in slices is of one moment, whatever happens between them."""

import asyncio
import gc
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import cast

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.bench_desk import UNBOUND
from cockpit.desk.api.snapshot_stream import MadeSnapshot
from cockpit.desk.snapshots.rows_of_moment import MOST_LATE, ROWS_PER_SLICE, RowsOfMoment, make_in_slices
from cockpit.desk.snapshots.shown_rows import SHOWN
from cockpit.model.commands import ARMABLE, CommandRequest
from cockpit.model.snapshot import Snapshot
from tests.support.counted_lines import Lines
from tests.support.desk.desk_harness import ACCOUNT, HELD, PENDING, DeskHarness, World
from venue.bridges.poa.withdrawals import BridgeWithdrawal
from venue.protocol.tokens import BTC

CHANGES = st.sampled_from(("ask", "reply", "refuse", "settle", "read", "disarm", "command", "tick", "deposit"))
"""``deposit``: bitcoin from nobody known."""

LINES_OF_A_SLICE = 2_500
"""Lines of Python: the longest has 1,500 of 13,000 in all."""

MADE_ELSEWHERE = BridgeWithdrawal(
    status="COMPLETED",
    tx_hash=None,
    transfer_tx_hash="paid",
    chain=BTC.chain,
    near_token_id=BTC.near_token,
    decimals=BTC.decimals,
    amount=1_000,
    account_id="maker.near",
    address="an address",
    created_ns=1,
    fee=None,
    withdraw_amount=None,
)


class Changing:
    """An armed desk to which things happen between the slices of a snapshot."""

    def __init__(self) -> None:
        world = World()
        world.settings = dict(UNBOUND)
        for asset, amount in HELD.items():
            world.ledger.mint(ACCOUNT, asset, 1_000 * amount)
        self.desk = DeskHarness(world)
        self._numbers = iter(range(10**6))

    async def start(self) -> None:
        await self.desk.start()
        for part in ARMABLE:
            self.desk.trading.arming.arm(part, "test", ())
        for _ in range(ROWS_PER_SLICE + 2):
            await self.change("ask")
            await self.change("reply")

    async def change(self, what: str) -> None:
        desk, number = self.desk, next(self._numbers)
        waiting = [one for one in desk.world.signed if not one.settled]
        if what == "ask":
            await desk.ask(f"asked-{number}", "buy", amount_in=10_000 + number)
        elif what in ("reply", "refuse") and waiting:
            desk.reply(waiting[-1], None if what == "reply" else "quote not found or already finished")
        elif what == "settle" and waiting:
            tx_hash = desk.world.settle(waiting[0])
            if tx_hash is not None:
                desk.claim(waiting[0], tx_hash)
                desk.world.ledger.advance_block()
        elif what == "read":
            await desk.trading.inventory.sync("poll")
        elif what == "disarm":
            desk.control.disarm("trade-executor", CommandRequest(actor="ops", command_id=f"c-{number}"))
        elif what == "command":
            desk.control.trading({"state": "ACTIVE"}, CommandRequest(actor="ops", command_id=f"c-{number}"))
        elif what == "tick":
            trading, now = desk.trading, desk.world.wall()
            trading.markouts.tick(now, trading.book.reported(), trading.reference)
            list(trading.option_meter.tick(now + number, trading.reference.trusted_mid, Decimal(20)))
        elif what == "deposit":
            desk.world.ledger.mint("maker.near", BTC.token_id, 1 + number)


def of_moment(shot: Snapshot) -> tuple[Snapshot, object]:
    """What must be of one moment: all but counters and sentences of the checks, of which each has its verdict."""
    verdicts = [(row.ident, row.passed) for row in shot.interlocks], [(one.part, one.state) for one in shot.health]
    return msgspec.structs.replace(shot, seq=0, interlocks=(), health=()), verdicts


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(CHANGES, max_size=8), min_size=3, max_size=12))
def test_a_snapshot_is_what_one_made_at_once_would_be(changes: list[list[str]]) -> None:
    """Time stands still here, so that the two must be equal in all: rows, sums, balances and arming."""

    async def case() -> None:
        changing = Changing()
        await changing.start()
        desk, left = changing.desk, iter(changes)
        slices, made = desk.snapshots._slices(), None
        while made is None:
            try:
                next(slices)
            except StopIteration as done:
                made = cast(MadeSnapshot, done.value)
            else:
                for what in next(left, ()):
                    await changing.change(what)
        at_once = desk.snapshots.made()
        assert of_moment(made.snapshot) == of_moment(at_once.snapshot)
        assert made.json() == msgspec.json.encode(made.snapshot), "the lists that were encoded before"
        await desk.end(clean=False)

    asyncio.run(case())


async def test_whoever_asks_while_one_is_made_gets_that_one_and_none_of_before() -> None:
    desk = DeskHarness(World())
    await desk.start()
    first = asyncio.create_task(desk.snapshots.made_in_slices())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not first.done()
    desk.control.trading({"state": "HALTED", "reason": "to see"}, CommandRequest(actor="ops"))
    second = await desk.snapshots.made_in_slices()
    assert (await first) is second
    assert second.snapshot.trading == "HALTED"
    assert second.snapshot.journal[0].command == "set trading"
    assert (await desk.snapshots.made_in_slices()).snapshot.seq == second.snapshot.seq + 1
    await desk.end(clean=False)


async def test_one_that_is_cancelled_takes_it_from_nobody() -> None:
    desk = DeskHarness(World())
    await desk.start()
    one, other = (asyncio.create_task(desk.snapshots.made_in_slices()) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    assert (await other).snapshot.account == "maker.near"
    await desk.end(clean=False)


def rows_of(items: Sequence[tuple[str, int]], made: list[str]) -> RowsOfMoment[tuple[str, int], str]:
    def row(item: tuple[str, int]) -> str:
        made.append(item[0])
        return f"{item[0]} {item[1]}"

    return RowsOfMoment(lambda: items, row, lambda item: item)


def slices_of(steps: Iterator[None], made: list[str]) -> Iterator[int]:
    """Return how many rows each slice made."""
    before = 0
    for _ in steps:
        yield len(made) - before
        before = len(made)


def test_no_slice_makes_many_rows_and_few_are_left_for_the_moment() -> None:
    items, made = [(f"q{number}", 0) for number in range(60)], list[str]()
    rows = rows_of(items, made)
    for number, count in enumerate(slices_of(make_in_slices([rows]), made)):
        assert count <= ROWS_PER_SLICE
        if number < 20:
            # Two new ones a slice: a thousand requests a second.
            items[:] = [(f"new{number}", 0), (f"newer{number}", 0), *items[:-2]]
    before = len(made)
    shown, encoded = rows.now()
    assert len(made) - before <= MOST_LATE
    assert shown == tuple(f"{name} {version}" for name, version in items)
    assert msgspec.json.decode(encoded) == list(shown)


def test_what_changes_without_an_end_is_made_at_the_moment() -> None:
    items, made = [(f"q{number}", 0) for number in range(60)], list[str]()
    rows, slices = rows_of(items, made), 0
    for _ in make_in_slices([rows]):
        slices += 1
        items[:] = [(name, version + 1) for name, version in items]
    assert slices < 100
    assert rows.now()[0] == tuple(f"{name} {version}" for name, version in items)


async def test_no_slice_is_long_with_full_lists() -> None:
    changing = Changing()
    await changing.start()
    desk, longest = changing.desk, 0
    for _ in range(SHOWN):
        await changing.change("ask")
        await changing.change("reply")
        await changing.change("command")
    desk.trading.deposits.deposits = (PENDING,) * 5_000
    desk.trading.deposits.withdrawals = tuple(
        msgspec.structs.replace(MADE_ELSEWHERE, tx_hash=f"n{number}") for number in range(5_000)
    )
    desk.trading.reference.chart.extend((number, Decimal(50_000)) for number in range(300))
    # The second: the first fills caches.
    shot = desk.snapshots.made().snapshot
    lists = shot.decisions, shot.deposits, shot.withdrawals
    assert [len(rows) for rows in lists] == [SHOWN] * len(lists), "whatever the bridge lists"
    slices, over = desk.snapshots._slices(), False
    while not over:
        with Lines() as lines:
            over = next(slices, 0) == 0
        longest = max(longest, lines.count)
    assert longest < LINES_OF_A_SLICE
    await desk.end(clean=False)


async def test_no_snapshot_leaves_its_rows_to_the_collector() -> None:
    changing = Changing()
    await changing.start()
    await changing.desk.snapshots.made_in_slices()
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            await changing.desk.snapshots.made_in_slices()
        # One row alone is dozens of objects; what the event loop leaves is a few.
        assert gc.collect() < 100
    finally:
        gc.enable()
        await changing.desk.end(clean=False)
