"""The relay's streams as a desk uses them: missed settlements, other pairs on request, a relay that knows neither."""

import json
import re
from pathlib import Path
from typing import Any

from cockpit.model.commands import Part
from tests.e2e.conftest import Launch
from tests.support.processes.command import run
from tests.support.processes.desk_process import DeskProcess, accepted, refused
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC
from venue.relay.streams import PLAIN_FORM

INGEST: Part = "near-intents-ingest"
SETTLED = "SELECT quote_hash, tx_hash FROM trade_execution_results WHERE outcome = 'settled'"


async def relay_state(control: Control) -> dict[str, Any]:
    found: dict[str, Any] = (await control.state())["relay"]
    return found


async def delivered(control: Control, desk: DeskProcess) -> bool:
    """Whether every status that the relay kept for the desk has been acknowledged."""
    waiting: dict[str, int] = (await relay_state(control))["waiting"]
    return not waiting.get((desk.state_dir / "relay-instance").read_text().strip())


async def counters(desk: DeskProcess) -> dict[str, int]:
    return dict((await desk.health(INGEST)).counters)


async def test_a_settlement_reported_while_the_desk_was_dead_is_delivered_and_booked_once(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch(QUOTE_DEADLINE_MS="60000", QUOTE_MAX_DEADLINE_MS="60000")
    await desk.arm()
    (quote,) = await taker.ask(BTC.token_id, amount_in=50_000, min_deadline_ms=30_000)
    await until(lambda: desk.count("SELECT COUNT(*) FROM execute_trade_commands") == 1)
    assert (desk.state_dir / "relay-instance").read_text().startswith("cockpit-")
    await until(lambda: delivered(control, desk))
    desk.process.kill()
    settled_before = (await control.state())["settlements"]["settled"]
    assert (await taker.take(quote))["status"] == "OK"

    async def settled() -> bool:
        return bool((await control.state())["settlements"]["settled"] > settled_before)

    await until(settled)
    assert not await delivered(control, desk)
    await desk.start()
    await desk.until(lambda shot: shot.counts.settled == 1 and shot.counts.statuses == 1)
    await until(lambda: delivered(control, desk))
    await until(lambda: [row[0] for row in desk.rows(SETTLED)] == [quote["quote_hash"]])
    # Its own second end and start bring nothing again.
    assert desk.process.stop() == 0
    await desk.start()
    shot = await desk.until(lambda shot: shot.relay == "ok" and shot.inventory.rows[0].unexplained == 0)
    assert (shot.counts.statuses, shot.counts.settled) == (0, 0)
    assert (await counters(desk)).get("others_settled", 0) == 0


async def test_other_pairs_are_filtered_and_counted_on_request(
    launch: Launch, control: Control, tmp_path: Path
) -> None:
    desk = await launch()
    shot = await desk.until(lambda shot: shot.relay == "ok" and shot.counts.others_filtered)
    assert shot.counts.others_counted is None
    assert "other pairs filtered, not counted" in (await desk.health(INGEST)).detail
    for seconds in (2, 1):  # The second is not answered with the count of the first.
        done = run("other-pairs", "--seconds", str(seconds), "--socket", str(desk.socket_path), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f"the relay sends every request for {seconds} s" in done.stdout
        assert re.search(rf"^other pairs: 0 in [{seconds}-9]s$", done.stdout, re.MULTILINE)
    entries = [row for row in (await desk.snapshot()).journal if row.command == "count-other-pairs"]
    assert [entry.accepted for entry in entries] == [True, True]
    assert [json.loads(arguments) for arguments in desk_arguments(desk)] == [{"seconds": 2}, {"seconds": 1}]


def desk_arguments(desk: DeskProcess) -> list[str]:
    """The recorded arguments of each count, oldest first."""
    counts = "SELECT arguments FROM operator_actions WHERE command = 'count-other-pairs' ORDER BY id"
    return [str(arguments) for (arguments,) in desk.rows(counts)]


async def test_a_relay_without_filters_and_guaranteed_delivery_is_used_and_that_is_shown(
    launch: Launch, control: Control, taker: Taker
) -> None:
    await control.faults(relay_plain=True)
    desk = await launch()
    await desk.arm()
    detail = (await desk.health(INGEST)).detail
    assert PLAIN_FORM["quote"] in detail
    assert PLAIN_FORM["quote_status"] in detail
    shot = await desk.snapshot()
    assert not shot.counts.others_filtered
    reason = refused(await desk.link.count_other_pairs(60))
    assert "every request already" in reason
    await taker.deal(BTC.token_id, amount_in=50_000)
    await desk.until(lambda shot: shot.counts.settled == 1)


async def test_the_settings_turn_filter_and_guaranteed_delivery_off(launch: Launch, control: Control) -> None:
    waiting = (await relay_state(control))["waiting"]
    desk = await launch(
        RELAY_FILTER_REQUESTS="false", RELAY_GUARANTEED_DELIVERY="false", RELAY_INSTANCE_ID="never-used"
    )
    shot = await desk.until(lambda shot: shot.relay == "ok")
    assert not shot.counts.others_filtered
    assert (await desk.health(INGEST)).detail == "both streams acknowledged"
    assert (await relay_state(control))["waiting"] == waiting
    assert not (desk.state_dir / "relay-instance").exists()


async def test_a_desk_declines_when_the_setting_says_so(launch: Launch, control: Control, taker: Taker) -> None:
    desk = await launch(RELAY_SEND_DECLINES="true", STRATEGY_MAX_NOTIONAL_EURE="5")
    await desk.arm()
    assert await taker.ask(BTC.token_id, amount_in=10_000_000, max_wait_ms=500) == []
    await until(lambda: declined(control))
    assert (await counters(desk))["declines"] == 1
    accepted(await desk.link.send("trade-executor", "disarm"))
    before = (await relay_state(control))["declined"]
    assert await taker.ask(BTC.token_id, amount_in=10_000_000, max_wait_ms=500) == []
    assert (await relay_state(control))["declined"] == before


async def declined(control: Control) -> bool:
    return bool((await relay_state(control)).get("declined", 0))
