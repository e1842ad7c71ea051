"""A request takes as many steps with twenty markets as with two; what runs beside it grows by the same for each."""

import os
from pathlib import Path

from bench.bench_desk import UNBOUND
from bench.market_table import markets_toml
from cockpit.desk.metrics.exposition import negotiated
from cockpit.model.commands import CommandRequest
from tests.support.counted_lines import Lines
from tests.support.desk.desk_harness import ACCOUNT, HELD, DeskHarness, World
from tests.support.desk.metrics import OPEN_METRICS, exposition

OPS = CommandRequest(actor="test")
BASES = 1, 5, 10
"""Tokens of BTC against two of EUR, so that there are 2, 10 and 20 markets, or more where more are built in."""
SPARE = 300


async def work_with(bases: int) -> tuple[int, dict[str, int]]:
    """Return how many markets there are, and the lines of Python by what the desk does."""
    world = World()
    file = Path(world.directory.name) / "markets.toml"
    file.write_text(markets_toml(bases, 2), "utf-8")
    os.chmod(file, 0o600)
    world.settings = {**UNBOUND, "STRATEGY_MAX_NOTIONAL_EURE": "500", "COCKPIT_MARKETS_FILE": str(file)}
    for asset, amount in HELD.items():
        world.ledger.mint(ACCOUNT, asset, 10_000 * amount)
    desk = DeskHarness(world)
    await desk.start()
    for part in ("strategy-engine", "trade-executor"):
        assert desk.control.arm(part, OPS).accepted
    # The first of each fills caches.
    assert await desk.ask("first", "buy", amount_in=20_000)
    desk.shot()
    encoder, _ = negotiated(OPEN_METRICS)
    scrapes = exposition(desk)
    list(scrapes.slices(encoder))
    await desk.pass_ms(0)
    found = {}
    with Lines() as lines:
        assert await desk.ask("second", "buy", amount_in=20_000)
    found["request"] = lines.count
    with Lines() as lines:
        desk.reply(world.signed[-1], None)
    found["answer"] = lines.count
    with Lines() as lines:
        await desk.pass_ms(0)
    found["tick"] = lines.count
    with Lines() as lines:
        desk.shot()
    found["snapshot"] = lines.count
    with Lines() as lines:
        list(scrapes.slices(encoder))
    found["scrape"] = lines.count
    with Lines() as lines:
        await desk.trading.inventory.sync("poll")
    found["reading"] = lines.count
    await desk.end(clean=False)
    return len(desk.trading.tokens.markets), found


async def test_a_request_takes_no_more_steps_and_the_rest_no_more_than_its_share_for_each_market() -> None:
    (few, least), (some, middle), (many, most) = [await work_with(bases) for bases in BASES]
    assert few < some < many == 20
    for name in ("request", "answer"):
        assert most[name] <= least[name] + 15, name
    for name, lines in most.items():
        each = max(0, middle[name] - least[name]) / (some - few)
        assert lines - middle[name] <= 1.2 * each * (many - some) + SPARE, name
