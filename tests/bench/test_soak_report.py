"""What a soak makes of the times of its requests and of the desk's work."""

from decimal import Decimal

import msgspec

from bench.load import LoadResult
from bench.soak_report import Memory, differences, line, stretch
from bench.work_log import BEHIND, STARVED, Work
from cockpit.model.snapshot import Snapshot
from tests.support.cockpit.samples import snapshot
from venue.protocol.tokens import DEFAULT_TOKENS

MEMORY = Memory(rss=90.0, cpu=20.0, cockpit_rss=70.0, live=6_000)


def load(times: list[tuple[float, float]]) -> LoadResult:
    return LoadResult(
        sent=len(times),
        others=0,
        latencies_us=[(answered - sent) * 1e6 for sent, answered in times if answered],
        late_us=[0.0],
        seconds=60.0,
        samples=[],
        strange=0,
        sent_at=[sent for sent, _ in times],
        answered_at=[answered for _, answered in times],
        beside_us=[500.0],
        unsent=3,
        cut=1,
    )


def test_slow_requests_are_named_with_what_they_waited_for() -> None:
    ticked = Work("tick", 20.0, 20.03, 0.03)
    times = [(10.0, 10.001), (11.0, 11.006), (20.001, 20.031), (30.0, 0.0), (34.0, 34.006)]
    one = stretch(1.0, ["deposit"], load(times), [ticked], MEMORY)
    assert [(slow.at_s, slow.cause) for slow in one.slow] == [(1.0, STARVED), (10.001, "tick"), (24.0, STARVED)]
    assert (one.lost, one.over, one.echo.max) == (1, (3, 1), 0.5)
    assert line(one).endswith("deposit, 1 in flight lost, 3 not sent")


def test_requests_that_wait_for_many_others_are_behind_them() -> None:
    times = [(10.0 + n / 1_000, 10.1 + n / 1_000) for n in range(20)]
    causes = [slow.cause for slow in stretch(1.0, [], load(times), [], MEMORY).slow]
    assert causes == [STARVED] * 8 + [BEHIND] * 12


def test_only_balances_explained_to_the_base_unit_pass() -> None:
    shot = snapshot()
    held = {
        token.token_id: str(token.to_units(row.balance))
        for token in DEFAULT_TOKENS.tokens
        for row in shot.inventory.rows
        if row.symbol == token.symbol and row.balance is not None
    }
    explained = _explained(shot)
    assert differences(explained, held) == []
    token = DEFAULT_TOKENS.tokens[0].token_id
    assert len(differences(explained, {**held, token: str(int(held[token]) + 1)})) == 1


def _explained(shot: Snapshot) -> Snapshot:
    rows = [
        msgspec.structs.replace(
            row,
            opening=row.balance,
            unexplained=Decimal(0),
            **dict.fromkeys(("deposited", "filled", "withdrawn", "accepted"), Decimal(0)),
        )
        for row in shot.inventory.rows
    ]
    return msgspec.structs.replace(shot, inventory=msgspec.structs.replace(shot.inventory, rows=tuple(rows)))
