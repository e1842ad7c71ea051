"""A hard stop counts each of its quotes once, exactly when they are few and by rounds when they are many."""

import asyncio

from cockpit.desk.quote_book.burning.targets import MOST_AT_ONCE, TargetCount, Targets, paced
from cockpit.desk.quote_book.quote import Quote
from tests.support.desk.builders import commitment


def quotes(count: int) -> list[Quote]:
    return [Quote(commitment(str(number)), number, "accepted") for number in range(count)]


async def test_few_are_counted_as_they_are() -> None:
    targets, (first, second, third) = Targets(), quotes(3)
    for one in (first, second, third, first):
        targets.add(one)
    assert targets.count() == TargetCount(left=3)
    second.used_height, third.salt_invalid = 7, True
    assert targets.count() == TargetCount(2, 1, 1, third.commitment.released_after_ns)
    third.used_height = 8
    assert targets.count() == TargetCount(3, 2)
    first.state = "settled"
    assert targets.count() == TargetCount(2, 2)
    assert (dict(targets.ended), len(targets)) == ({"settled": 1}, 2)
    # One that is over is not added again.
    targets.add(first)
    assert len(targets) == 2


async def test_many_are_counted_by_rounds_and_forgotten_when_they_are_over() -> None:
    targets, many = Targets(), quotes(MOST_AT_ONCE + 10)
    for one in many:
        targets.add(one)
    await targets.recount()
    many[0].state = "burned"
    assert targets.count().left == len(many)
    await targets.recount()
    assert targets.count().left == len(many) - 1
    for one in many:
        one.state = "expired" if one is not many[0] else "burned"
    await targets.recount()
    assert (targets.count(), len(targets)) == (TargetCount(), 0)
    assert dict(targets.ended) == {"burned": 1, "expired": len(many) - 1}


async def test_what_else_waits_goes_on_between_slices() -> None:
    others: list[int] = []
    seen: list[int] = []

    async def other() -> None:
        while True:
            others.append(len(seen))
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    async for number in paced(range(7), 3):
        seen.append(number)  # noqa: PERF401
    task.cancel()
    assert seen == list(range(7))
    assert sorted(set(others)) == [3, 6]
