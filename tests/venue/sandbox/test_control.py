"""The control endpoint describes itself: every route, with a call that works."""

import json

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from docs.make.pictures import DOCS
from tests.support.sandbox.rig import Launch
from venue.sandbox.base.fault_values import OneTimeFaults
from venue.sandbox.base.faults import Faults
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue
from venue.sandbox.serving.control_paths import CONTROL_PATHS


def test_every_route_is_described_and_every_described_one_is_there() -> None:
    app = Venue(VenueConfig()).apps()["control"]
    assert isinstance(app, Starlette)
    routes = [route for route in app.routes if isinstance(route, Route)]
    assert len(routes) == len(app.routes)
    served = {f"{method} {route.path}" for route in routes for method in (route.methods or set()) - {"HEAD"}}
    assert served == set(CONTROL_PATHS)


async def test_it_tells_every_path_and_fault(launch: Launch) -> None:
    rig = await launch()
    found = (await rig.http.get(rig.env["SANDBOX_CONTROL_URL"] + "/")).json()
    assert found["paths"] == {name: path.meaning for name, path in CONTROL_PATHS.items()}
    assert found["examples"].keys() == found["paths"].keys()
    assert set(found["faults"]) == set(Faults.__struct_fields__)
    assert set(found["once"]) == set(OneTimeFaults.__struct_fields__)
    assert set(found["values"]) == {*found["faults"], *found["once"]}
    assert found["values"]["relay_late_ms"] == "0 to 600,000 ms"


@pytest.mark.parametrize("line", CONTROL_PATHS)
async def test_every_example_works_and_nonsense_does_not(launch: Launch, line: str) -> None:
    rig = await launch()
    (method, path), described = line.split(), CONTROL_PATHS[line]
    if method == "GET":
        assert (await rig.http.get(rig.env["SANDBOX_CONTROL_URL"] + path + described.query)).status_code == 200
        return
    assert (await rig.control(path, json.loads(described.body))).status_code == 200
    refused = await rig.control(path, {"no such member": 1})
    assert refused.status_code == 400
    assert refused.json()["error"]
    assert refused.json()["example"] == json.loads(described.body)


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"NaN", b'{"forward_s": NaN}', b" " * 1_100_000, b"\xff"])
async def test_a_body_that_cannot_be_read_is_refused_and_the_venue_goes_on(launch: Launch, body: bytes) -> None:
    rig = await launch()
    answer = await rig.http.post(rig.env["SANDBOX_CONTROL_URL"] + "/time", content=body)
    assert answer.status_code == 400
    assert answer.json()["example"] == {"forward_s": 60}
    assert (await rig.state())["failures"] == 0


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/stat", 404), ("GET", "/time", 405)])
async def test_a_call_that_there_is_not_is_told_those_that_there_are(
    launch: Launch, method: str, path: str, status: int
) -> None:
    rig = await launch()
    answer = await rig.http.request(method, rig.env["SANDBOX_CONTROL_URL"] + path)
    assert answer.status_code == status
    assert [line for line in CONTROL_PATHS if line not in answer.json()["error"]] == []


def test_the_page_shows_a_call_of_every_path() -> None:
    page = (DOCS / "sandbox.md").read_text("utf-8")
    for line, described in CONTROL_PATHS.items():
        method, path = line.split()
        call = f'"$SANDBOX_CONTROL_URL{path}{described.query}"'
        shown = call if method == "GET" else f"{call} -d '{described.body}'"
        assert f"curl {shown}" in page, line
