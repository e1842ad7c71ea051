"""The venue's alarms as SHIELD and the status page serve them, raised and ended through the control endpoint."""

from typing import Any

import httpx
import pytest

from tests.support.sandbox.rig import Launch, Rig

SHIELD, PAGE = "NEAR_INTENTS_SHIELD_URL", "NEAR_INTENTS_STATUS_PAGE_URL"


async def get(rig: Rig, name: str) -> httpx.Response:
    return await rig.http.get(rig.env[name])


async def status(rig: Rig) -> Any:
    return (await get(rig, SHIELD)).json()


async def posts(rig: Rig) -> Any:
    return (await get(rig, PAGE)).json()["posts"]


async def raised(rig: Rig, **order: Any) -> list[str]:
    answer = await rig.control("/alarms", order)
    found: list[str] = answer.raise_for_status().json()["raised"]
    return found


async def test_an_incident_is_listed_until_it_is_resolved(launch: Launch) -> None:
    rig = await launch()
    assert await status(rig) == {"activeIncidentCount": 0, "activeIncidents": [], "recentlyResolved": []}
    first, second = await raised(rig, incident={"scopeType": "chain", "scopeValue": "btc", "times": 2})
    (third,) = await raised(
        rig, incident={"scopeType": "bridge", "scopeValue": "poa", "direction": "deposit", "publicDescription": "late"}
    )
    listed = await status(rig)
    assert listed["activeIncidentCount"] == 3
    assert [entry["id"] for entry in listed["activeIncidents"]] == [first, second, third]
    entry = listed["activeIncidents"][2]
    assert set(entry) == {
        "id",
        "scopeType",
        "scopeValue",
        "status",
        "createdAt",
        "updatedAt",
        "direction",
        "publicDescription",
    }
    assert entry["createdAt"].endswith("Z")
    await raised(rig, resolve=first)
    listed = await status(rig)
    assert listed["activeIncidentCount"] == 2
    assert [(entry["id"], entry["status"]) for entry in listed["recentlyResolved"]] == [(first, "resolved")]
    await raised(rig, resolve="all")
    assert (await status(rig))["activeIncidents"] == []


async def test_a_post_has_its_times_in_milliseconds(launch: Launch) -> None:
    rig = await launch()
    post = {"post_type": "maintenance", "title": "Upgrade", "starts_in_s": 60, "ends_in_s": 120}
    (ident,) = await raised(rig, post=post)
    (found,) = await posts(rig)
    assert (found["id"], found["post_type"], found["title"]) == (ident, "maintenance", "Upgrade")
    assert found["ends_at"] - found["starts_at"] == 60_000
    assert abs(found["starts_at"] - rig.deadline_ms(60_000)) < 10_000
    await raised(rig, resolve=ident, post={"post_type": "incident", "title": "Delays", "starts_in_s": None})
    (found,) = await posts(rig)
    assert (found["title"], found["starts_at"], found["ends_at"]) == ("Delays", None, None)


@pytest.mark.parametrize(
    "order",
    [
        {"incident": {"scopeType": "chain"}},
        {"incident": {"scopeType": "chain", "scopeValue": "btc", "times": 5_001}},
        {"post": {"title": "x"}},
        {"resolve": "nothing"},
        {"raise": {}},
        [],
    ],
)
async def test_a_malformed_order_changes_nothing(launch: Launch, order: Any) -> None:
    rig = await launch()
    assert (await rig.control("/alarms", order)).status_code == 400
    assert (await rig.http.get(rig.env["SANDBOX_CONTROL_URL"] + "/alarms")).json() == {"incidents": [], "posts": []}


async def test_the_sources_fail_and_lie_by_the_table_of_faults(launch: Launch) -> None:
    rig = await launch()
    await rig.control("/faults", {"shield": "garbage", "status_page": "500"})
    assert "<html>" in (await get(rig, SHIELD)).text
    assert (await get(rig, PAGE)).status_code == 500
    await rig.control("/faults", {"mend": True, "shield_count": 7})
    assert (await status(rig))["activeIncidentCount"] == 7
    assert await posts(rig) == []
