"""The mids of many moments at once: the same ones whichever way they are read."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cockpit.reports.marked_fills import while_a_desk_ran
from storage.reader import RunRow
from storage.reporting import mids
from storage.reporting.mids import STALE_NS, mids_at

MOMENTS = st.integers(0, 40)
QUARTER_NS = STALE_NS // 4


class Prices:
    """A reader of these prices, a quarter of a minute apart; answers both queries by looking at each of them."""

    def __init__(self, recorded: dict[int, str]) -> None:
        self.recorded = recorded
        self.asked: list[str] = []

    def rows(self, sql: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        self.asked.append(sql)
        if sql == mids._BETWEEN:
            first, last, most = values
            yield from [(at, mid) for at, mid in sorted(self.recorded.items()) if first <= at <= last][:most]
            return
        for at_ns in map(int, values[0].strip("[]").split(",")):
            before = [at for at in self.recorded if at <= at_ns]
            yield at_ns, f"{max(before)} {self.recorded[max(before)]}" if before else None

    def close(self) -> None:
        """Nothing is open."""


@given(recorded=st.sets(MOMENTS), times=st.sets(MOMENTS))
def test_one_pass_finds_the_same_mids_as_a_look_up_of_each(recorded: set[int], times: set[int]) -> None:
    prices = Prices({at * QUARTER_NS: f"{50_000 + at}.25" for at in recorded})
    asked = [at * QUARTER_NS for at in times]
    expected = {
        at: max(before)
        for at in asked
        if (before := [one for one in prices.recorded if one <= at]) and at - max(before) <= STALE_NS
    }
    found = mids_at(prices, asked)
    assert {at: mid.at_ns for at, mid in found.items()} == expected
    assert all(f"{mid.mid}" == prices.recorded[mid.at_ns] for mid in found.values())


def test_few_times_among_many_prices_are_looked_up_and_many_among_few_are_not() -> None:
    many = Prices({at * QUARTER_NS: "50000" for at in range(1_000)})
    assert len(mids_at(many, [500 * QUARTER_NS])) == 1
    assert mids._MIDS in many.asked
    few = Prices({0: "50000"})
    assert len(mids_at(few, range(100))) == 100
    assert mids._MIDS not in few.asked


@given(runs=st.lists(st.tuples(MOMENTS, MOMENTS), max_size=6), times=st.sets(MOMENTS))
def test_a_moment_counts_once_if_any_run_covers_it(runs: list[tuple[int, int]], times: set[int]) -> None:
    rows = [
        RunRow(
            run_id="run", mode="SANDBOX", account="maker.near", started_ns=started, last_write_ns=ended, ended_ns=None
        )
        for started, ended in runs
    ]
    expected = sorted(at for at in times if any(started <= at <= ended for started, ended in runs))
    assert while_a_desk_ran(sorted(times), rows) == expected
