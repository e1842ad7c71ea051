"""Whatever is sent to the control API: it is answered, within bounds; it arms nothing, and stopping always stops."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.desk.api.app import Api
from cockpit.desk.api.json_http import MAX_BODY, MAX_DEPTH
from cockpit.desk.api.snapshot_stream import SnapshotStream
from cockpit.desk.risk.operators import Operators
from cockpit.model.commands import ARMABLE, CommandRequest
from cockpit.model.environment import Environment
from tests.support.cockpit.samples import health
from tests.support.desk.command_desk import Desk, made
from tests.support.venue.hostile import hostile

LONGEST_TEXT = 2_000
"""Characters of a journalled reason: it is shown on one line."""
WHO: dict[str, object] = {"command_id": "id-1", "actor": "ops"}
COMMANDS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("POST", "/strategy-engine/disarm", WHO),
    ("POST", "/trade-executor/disarm", WHO),
    ("POST", "/trade-executor/hard-stop", WHO),
    ("POST", "/shutdown", WHO),
    ("PUT", "/strategy-engine/limits", {**WHO, "max_notional_eure": 5, "max_fills_per_hour": 60}),
    ("PUT", "/strategy-engine/trading", {**WHO, "state": "REDUCING", "reason": "because"}),
    ("POST", "/inventory-sync/refresh", WHO),
)
STOPPING = {path for _, path, _ in COMMANDS[:4]}
calls = st.sampled_from(COMMANDS).flatmap(lambda one: st.tuples(st.just(one[:2]), hostile(one[2])))


async def _post(method: str, path: str, body: bytes) -> None:
    desk = Desk()
    for part in ARMABLE:
        assert desk.control.arm(part, CommandRequest(actor="ops")).accepted
    before = desk.limits.current
    api = Api(
        desk.control,
        SnapshotStream(Operators(Environment())),
        made=made,
        health=health,
        part_state=lambda part, shot: {"part": part},
        identity={},
    )
    transport = httpx.ASGITransport(api.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        answer = await client.request(method, path, content=body)
    assert answer.status_code in (200, 400, 409)
    assert len(answer.content) < 2 * MAX_BODY
    for action in desk.journal:
        assert len(action.reason) <= LONGEST_TEXT
        assert action.reason.isprintable()
    if path in STOPPING:
        assert answer.status_code == 200
        assert not desk.arming.executor
    if answer.status_code != 200:
        assert desk.limits.current == before
    assert desk.limits.current.problems() == ()


QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(calls)
def test_any_body_is_answered_and_stopping_stops(call: tuple[tuple[str, str], bytes]) -> None:
    (method, path), body = call
    asyncio.run(_post(method, path, body))


@pytest.mark.slow
@settings(QUICK, max_examples=5_000)
@given(calls)
def test_thousands_of_bodies_are_answered_and_stopping_stops(call: tuple[tuple[str, str], bytes]) -> None:
    (method, path), body = call
    asyncio.run(_post(method, path, body))


def _depths() -> Iterator[bytes]:
    for depth in (MAX_DEPTH, MAX_DEPTH + 1, *range(850, 1_010, 5)):
        yield b'{"max_notional_eure":' + b"[" * depth + b"]" * depth + b"}"
        yield b'{"x":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize("path", ["/strategy-engine/limits", "/strategy-engine/trading"])
async def test_no_depth_of_a_body_falls_between_reading_and_writing(path: str) -> None:
    for body in _depths():
        await _post("PUT", path, body)
