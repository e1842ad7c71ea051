"""The search for quotes that a change may be of, beside tens of thousands of them."""

import gc

from cockpit.desk.inventory.suspects import suspects
from tests.support.amounts import btc_eure
from tests.support.desk.builders import commitment

QUOTES = 5_000


def test_a_search_makes_nothing_that_the_garbage_collector_counts_for_each_quote() -> None:
    quotes = [commitment(f"q-{number}", amount_in=1_000 + number, amount_out=7) for number in range(QUOTES)]
    steps = suspects(
        [btc_eure(1, -5)], quotes, claimed=frozenset(), most=32, after_ns=0, to_ask=lambda one: one.amount_in > 0
    )
    gc.collect()
    gc.disable()
    try:
        before = gc.get_count()[0]
        most = max(gc.get_count()[0] - before for _ in steps)
    finally:
        gc.enable()
    assert most < QUOTES / 10, "a pass over what the search makes would stand in a request's way"
