"""What the venue no longer lets the account do closes LIVE or one route, with its reason, over real sockets."""

import asyncio
import json
import sys
from typing import Any

import pytest

from cockpit.desk.interlocks.checklist import NAMES, NO_GRACE_MS, VENUE_GRACE_MS
from cockpit.desk.interlocks.venue_measures import ENDS_NOW_MS
from cockpit.model.commands import WithdrawalOrder
from cockpit.model.snapshot import InterlockRow, Snapshot
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess, accepted, refused
from tests.support.processes.processes import bare_environment
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.sandbox.signing import BTC_ADDRESS
from venue.protocol.tokens import BTC, EURE, NBTC
from venue.verifier import PAUSED

OFTEN = {"VENUE_CHECK_MS": "200"}
DAY_S = 86_400.0
ORDER = WithdrawalOrder(asset_id=BTC.token_id, amount="100000", destination_address=BTC_ADDRESS, idempotency_key="one")


def row(shot: Snapshot, ident: str) -> InterlockRow:
    return next(one for one in shot.interlocks if one.ident == ident)


async def red(desk: DeskProcess, ident: str, within_s: float = 20) -> InterlockRow:
    """Wait until the interlock fails."""
    return row(await desk.until(lambda shot: not row(shot, ident).passed, within_s, f"{ident} is red"), ident)


async def check(desk: DeskProcess, *options: str) -> tuple[int, str]:
    """Exit code and output of ``cockpit check``."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cockpit", "check", "--env-file", str(desk.env_file), *options),
        env=bare_environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def line(desk: DeskProcess, ident: str) -> tuple[int, dict[str, Any]]:
    code, output = await check(desk, "--json", "--within", "0")
    return code, next(one for one in json.loads(output)["lines"] if one["ident"] == ident)


@pytest.mark.parametrize(
    ("faults", "ident", "text"),
    [
        ({"account_locked": True}, "locked", "the Verifier locked the account"),
        ({"paused": ["intents"]}, "paused", "paused: intents"),
        ({"paused": ["ft_withdraw"]}, "paused", "paused: ft_withdraw"),
        ({"verifier_lacks": ["pa_all_paused"], "paused": ["ALL"]}, "paused", "paused: intents"),
    ],
)
async def test_a_locked_account_and_a_paused_contract_close_live_at_once(
    launch: Launch, control: Control, faults: dict[str, object], ident: str, text: str
) -> None:
    desk = await launch(**OFTEN)
    await desk.arm()
    await control.faults(**faults)
    shot = await desk.until(lambda shot: not shot.executor_armed, 20, "disarmed")
    assert shot.executor_why == f"disarmed by desk: {NAMES[ident]}: {text}"
    assert shot.strategy_armed
    code, found = await line(desk, ident)
    assert (code, found["verdict"], found["measured"]) == (1, "red", text)
    assert found["remedy"]
    assert text in refused(await desk.link.send("trade-executor", "arm"))

    await control.mend()
    await desk.arm("trade-executor")


@pytest.mark.parametrize(
    ("faults", "ident", "text"),
    [
        ({"relay_rpc": "401"}, "api_key", "the API key is not accepted by the RPC (HTTP 401)"),
        ({"relay_rpc": "403"}, "api_key", "the API key is not accepted by the RPC (HTTP 403)"),
        ({"bridge_delists": [EURE.token_id]}, "listed", "the bridge no longer lists EURe"),
        ({"bridge_delists": [NBTC.token_id]}, "listed", "the bridge no longer lists nBTC"),
    ],
)
async def test_a_refused_key_and_a_delisted_token_are_red_and_have_a_grace(
    launch: Launch, control: Control, faults: dict[str, object], ident: str, text: str
) -> None:
    desk = await launch(**OFTEN)
    await desk.arm()
    await control.faults(**faults)
    found = await red(desk, ident)
    assert found.measured == text
    assert found.remedy
    assert VENUE_GRACE_MS - 20_000 < (found.grace_left_ms or 0) <= VENUE_GRACE_MS
    assert text in refused(await desk.link.send("trade-executor", "arm"))
    await control.mend()
    shot = await desk.until(lambda shot: row(shot, ident).passed)
    assert shot.executor_armed


async def test_a_quote_refused_by_a_paused_contract_closes_live_before_any_view_is_read(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch()
    await desk.arm()
    # The list of pauses stays silent: only the relay's answer to the quote tells.
    await control.faults(verifier_lacks=["pa_all_paused", "simulate_intents"], paused=["intents"])
    await taker.ask_in_vain(BTC.token_id, amount_in=50_000)
    shot = await desk.until(lambda shot: not shot.executor_armed, 20, "disarmed")
    assert shot.executor_why == f"disarmed by desk: {NAMES['paused']}: a quote was refused: {PAUSED}"


async def test_a_withdrawal_that_meets_a_paused_contract_closes_live(launch: Launch, control: Control) -> None:
    desk = await launch(WITHDRAWAL_COOLING_MS="0")
    await desk.arm()
    late = {"mode": "late", "delay_s": 5, "times": 100}
    await control.faults(near_send={"near_a": late, "near_b": late})
    accepted(await desk.link.freeze(False))
    accepted(await desk.link.withdraw(ORDER))
    # Paused between the order's checks and its transaction; no view tells.
    await control.faults(verifier_lacks=["pa_all_paused", "simulate_intents"], paused=["ft_withdraw"])
    shot = await desk.until(lambda shot: not shot.executor_armed, 60, "disarmed")
    assert shot.executor_why == f"disarmed by desk: {NAMES['paused']}: a withdrawal was refused: {PAUSED}"
    shot = await desk.until(lambda shot: any(one.ours and one.state == "failed" for one in shot.withdrawals), 60)
    assert PAUSED in shot.withdrawals[0].detail


async def test_what_cannot_be_read_is_unknown_and_closes_live(launch: Launch, control: Control) -> None:
    desk = await launch(**OFTEN, INVENTORY_MAX_AGE_MS="600000")
    await desk.arm()
    await control.faults(near_a="500", near_b="garbage", relay_rpc="500")
    found = await red(desk, "locked", 30)
    assert found.measured.startswith("unknown for ")
    assert "HTTP 500" in found.measured
    shot = await desk.until(lambda shot: not shot.executor_armed, 20, "disarmed")
    assert not row(shot, "paused").passed
    found = await red(desk, "api_key")
    assert found.measured.startswith("unknown for ")


async def test_views_that_the_contract_lacks_are_unknown_and_close_nothing(launch: Launch, control: Control) -> None:
    await control.faults(
        verifier_lacks=["pa_all_paused", "is_account_locked", "is_auth_by_predecessor_id_enabled", "simulate_intents"]
    )
    desk = await launch(**OFTEN)
    await desk.arm()
    shot = await desk.snapshot()
    for ident in ("locked", "paused", "transaction_route"):
        found = row(shot, ident)
        assert (found.passed, found.warning) == (True, True)
        assert found.measured.startswith("unknown")


async def test_disabled_predecessor_authentication_closes_the_transaction_route_only(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch(**OFTEN, WITHDRAWAL_COOLING_MS="0")
    await desk.arm()
    await control.faults(no_predecessor=True)
    shot = await desk.until(lambda shot: row(shot, "transaction_route").warning)
    assert row(shot, "transaction_route").passed
    assert await taker.ask(BTC.token_id, amount_in=50_000), "LIVE stays open"
    code, found = await line(desk, "transaction_route")
    assert (code, found["verdict"]) == (0, "warning")
    assert "by intent open" in found["measured"]

    accepted(await desk.link.freeze(False))
    assert "predecessor authentication of the account is disabled" in refused(await desk.link.withdraw(ORDER))
    assert desk.rows("SELECT 1 FROM prepared_withdrawals") == []


async def test_the_intent_route_stays_open_without_predecessor_authentication(launch: Launch, control: Control) -> None:
    await control.faults(no_predecessor=True)
    desk = await launch(**OFTEN, WITHDRAWAL_COOLING_MS="0", WITHDRAWAL_ROUTE="intent")
    await desk.ready()
    accepted(await desk.link.freeze(False))
    accepted(await desk.link.withdraw(ORDER))
    await desk.until(
        lambda shot: any(one.ours and one.state in ("burned", "bridging", "completed") for one in shot.withdrawals), 60
    )


async def test_a_locked_account_sends_no_withdrawal(launch: Launch, control: Control) -> None:
    desk = await launch(WITHDRAWAL_COOLING_MS="0")
    await desk.ready()
    await control.faults(account_locked=True)
    accepted(await desk.link.freeze(False))
    # The desk asks the Verifier anew for each order, not only on its interval of a minute.
    assert "the Verifier locked the account" in refused(await desk.link.withdraw(ORDER))


async def test_an_api_key_that_ends_within_a_week_warns_and_is_never_printed(launch: Launch, control: Control) -> None:
    token = await control.token(3 * DAY_S)
    desk = await launch(NEAR_INTENTS_API_KEY=token)
    await desk.arm()
    code, found = await line(desk, "api_key_end")
    assert (code, found["verdict"]) == (0, "warning")
    assert found["measured"].startswith("ends on 2")
    assert found["measured"].endswith("UTC, in 2 days") or found["measured"].endswith("UTC, in 3 days")
    code, output = await check(desk)
    assert code == 0
    assert "with a warning" in output
    for shown in (output, str(await desk.snapshot()), desk.process.output()):
        assert token not in shown
        assert token.split(".")[1] not in shown


async def test_an_api_key_that_ends_much_later_is_green(launch: Launch, control: Control) -> None:
    desk = await launch(NEAR_INTENTS_API_KEY=await control.token(30 * DAY_S))
    shot = await desk.ready()
    assert (row(shot, "api_key_end").passed, row(shot, "api_key_end").warning) == (True, False)
    assert row(shot, "api_key").measured == "accepted"


async def test_an_api_key_about_to_end_closes_live(launch: Launch, control: Control) -> None:
    desk = await launch(NEAR_INTENTS_API_KEY=await control.token(ENDS_NOW_MS / 1000 + 25))
    await desk.arm()
    found = await red(desk, "api_key_end", 60)
    assert found.grace_left_ms in (NO_GRACE_MS, None)
    shot = await desk.until(lambda shot: not shot.executor_armed, 20, "disarmed")
    assert shot.executor_why.startswith(f"disarmed by desk: {NAMES['api_key_end']}: ends on ")


async def test_an_api_key_that_has_ended_is_red_everywhere(launch: Launch, control: Control) -> None:
    desk = await launch(**OFTEN, NEAR_INTENTS_API_KEY=await control.token(-60))
    found = await red(desk, "api_key")
    await desk.until(lambda shot: "HTTP 401" in row(shot, "api_key").measured)
    shot = await desk.snapshot()
    assert row(shot, "api_key_end").measured.startswith("ended on ")
    assert not row(shot, "relay").passed
    assert found.remedy
