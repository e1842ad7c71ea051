"""A desk that prices the option in its quotes: σ over a restart, what quotes are worth, and parameters that change."""

import sqlite3
import time
from contextlib import closing
from decimal import Decimal

from cockpit.model.pricing.pricing_set import PricingPreview
from tests.e2e.conftest import Launch
from tests.support.processes.command import run
from tests.support.processes.desk_process import DeskProcess, accepted
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC
from venue.protocol.units import NS_PER_S

OPTION = {
    "STRATEGY_PRICING": "option",
    "STRATEGY_HALF_SPREAD_BPS": "6",
    "STRATEGY_MAX_SKEW_BPS": "40",
    "QUOTE_DEADLINE_MS": "1000",
}
INSERT = (
    "INSERT INTO market_price_events (run_id, at_ns, source, bid, ask, mid) VALUES ('lived', ?, 'composite', ?, ?, ?)"
)
LAST = "SELECT reason, view FROM trade_decisions ORDER BY id DESC LIMIT 1"


def lived_through(desk: DeskProcess, mid: Decimal, bps: int) -> None:
    """Have the desk's history hold ten minutes in which the mid moved by so many bps in every five seconds."""
    end_ns = time.time_ns()
    moved = mid + mid * bps / 10_000
    rows = [(end_ns - ago * 5 * NS_PER_S, str(moved if ago % 2 else mid)) for ago in range(120, 0, -1)]
    with closing(sqlite3.connect(desk.state_dir / "history.sqlite", timeout=10)) as db, db:
        db.execute("DELETE FROM market_price_events WHERE source = 'composite'")
        db.executemany(
            INSERT,
            [(at_ns, price, price, price) for at_ns, price in rows],
        )


async def test_a_desk_prices_options_from_its_start_on_shows_them_and_takes_new_parameters(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch(**OPTION)
    shot = await desk.ready()
    assert shot.market.sigma_bps is None
    assert shot.market.mid is not None
    assert desk.process.stop() == 0
    lived_through(desk, shot.market.mid.quantize(Decimal("0.01")), 2)
    await desk.start()
    await desk.arm()
    known = (await desk.snapshot()).market.sigma_bps
    assert known is not None
    assert known > 5, "2 bps in five seconds are 6.9 in a minute"

    [quote] = await taker.ask(BTC.token_id, amount_in=100_000, min_deadline_ms=60_000)
    shown = await desk.until(
        lambda shot: shot.options is not None and shot.options.jump > 0, what="the option is shown"
    )
    assert shown.options is not None
    assert 0 < shown.options.intrinsic + shown.options.time_value == shown.options.value
    # A fall of 1 % costs a percent of its worth less the distance of the quote, and the market may have moved since.
    eure = Decimal(quote["amount_out"]).scaleb(-18)
    assert eure * Decimal("0.004") < shown.options.jump < eure * Decimal("0.0125")
    await until(lambda: '"sigma_bps":' in desk.rows(LAST)[0][1])

    near = {"half_spread_bps": "2", "max_skew_bps": "0", "max_premium_bps": "0.01"}
    preview = await desk.link.preview_pricing(near)
    assert isinstance(preview, PricingPreview)
    assert preview.before.quoted == preview.requests > 0
    assert preview.after.refused == (("premium", preview.requests),)
    assert (await desk.snapshot()).pricing.max_premium_bps != Decimal("0.01"), "looking changes nothing"
    (desk.state_dir / "presets.toml").write_text("[near]\nquote_deadline_slack_ms = 2000\nmin_edge_bps = 1\n")
    (desk.state_dir / "presets.toml").chmod(0o600)
    accepted(await desk.link.pricing({"preset": "near", **near}))
    now = await desk.snapshot()
    assert now.pricing.max_premium_bps == Decimal("0.01")
    assert (now.lives.quote_deadline_slack_ms, now.limits.min_edge_bps) == (2_000, Decimal(1))
    await taker.ask_in_vain(BTC.token_id, amount_in=100_000)
    await until(lambda: desk.rows(LAST)[0][0] == "premium")
    assert desk.process.stop() == 0
    replayed = run("replay", "--history", str(desk.state_dir / "history.sqlite"), cwd=desk.state_dir)
    assert replayed.returncode == 0, replayed.stdout
    await desk.start()
    again = await desk.snapshot()
    assert (again.pricing, again.lives, again.limits) == (shot.pricing, shot.lives, shot.limits), (
        "a start takes its own"
    )
