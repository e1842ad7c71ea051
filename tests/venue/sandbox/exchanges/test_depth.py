"""Order books: whole, sorted, and the same to a reader of updates as to one of snapshots."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venue.sandbox.exchanges.market_rig import MarketRig
from venue.sandbox.exchanges.markets.depth import GONE, Ladder, Level, changes
from venue.sandbox.exchanges.markets.prices import Book

SIDES = st.dictionaries(st.integers(1, 40).map(Decimal), st.integers(1, 5).map(Decimal), min_size=1, max_size=12).map(
    lambda rows: [Level(price, size) for price, size in rows.items()]
)


@given(old=SIDES, new=SIDES, falling=st.booleans(), beyond=st.booleans())
def test_changes_turn_one_side_into_the_other(old: list[Level], new: list[Level], falling: bool, beyond: bool) -> None:
    old.sort(reverse=falling)
    new.sort(reverse=falling)
    held = dict(old)
    for price, size in changes(old, new, rising=not falling, beyond=beyond):
        if size == GONE:
            del held[price]
        else:
            held[price] = size
    rows = sorted(held.items(), reverse=falling)
    assert [Level(*row) for row in rows][: len(new)] == new
    assert not beyond or len(rows) == len(new)


@settings(max_examples=40)
@given(bid=st.integers(1, 2_000_000), spread=st.integers(1, 500), tick=st.integers(0, 10**6), levels=st.integers(1, 60))
def test_a_book_begins_with_the_best_prices_and_goes_on_in_order(bid: int, spread: int, tick: int, levels: int) -> None:
    step = Decimal("0.1")
    book = Book(bid=bid * step, ask=(bid + spread) * step, at_ns=0, tick=tick, sequence=1)
    ladder = Ladder(1, "kraken", step=step, grid=Decimal(1))
    depth = ladder.depth(book, levels)
    bids, asks = [level.price for level in depth.bids], [level.price for level in depth.asks]
    assert (bids[0], asks[0]) == (book.bid, book.ask)
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert len(asks) == levels
    assert all(level.price > 0 and level.size > 0 for level in (*depth.bids, *depth.asks))
    assert Ladder(1, "kraken", step=step, grid=Decimal(1)).depth(book, levels) == depth, "the seed decides"


def test_most_of_a_book_stands_from_tick_to_tick() -> None:
    rig = MarketRig()
    market = rig.market()
    depth = market.depth(market.book(), 500)
    changed, seen = 0, set(depth.asks)
    for _ in range(40):
        rig.wait(0.25)
        now = market.depth(market.book(), 500)
        changed += len(set(now.asks) - set(depth.asks))
        depth = now
        seen |= set(now.asks)
    assert 0 < changed < 40 * 50
    assert len(seen) > 500
