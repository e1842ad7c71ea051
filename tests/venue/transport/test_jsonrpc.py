import json
from typing import Any

import httpx
import pytest

from tests.support.venue.http_server import Handler, Reply, http_server, rpc, rpc_error
from venue.transport.errors import RefusedError, UnreachableError
from venue.transport.jsonrpc import MAX_ANSWER_BYTES, JsonRpc, plain

TOKEN = "tok-3f9a77c1b2d4"


async def _ask(client: httpx.AsyncClient, handler: Handler, timeout_s: float = 5.0) -> Any:
    async with http_server(handler) as server:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        endpoint = JsonRpc(f"{server.url}/rpc", client, timeout_s=timeout_s, headers=headers)
        return json.loads(await endpoint.call("anything", [{"a": 1}]))


async def test_the_request_is_json_rpc_with_a_text_id_and_the_given_headers(client: httpx.AsyncClient) -> None:
    async with http_server(rpc("OK")) as server:
        endpoint = JsonRpc(f"{server.url}/rpc", client, timeout_s=5, headers={"Authorization": f"Bearer {TOKEN}"})
        await endpoint.call("quote", [{"a": 1}])
        (request,) = server.requests
    assert request.method == "POST"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.json["jsonrpc"] == "2.0"
    assert request.json["method"] == "quote"
    assert request.json["params"] == [{"a": 1}]
    assert isinstance(request.json["id"], str)


@pytest.mark.parametrize("as_type", [str, int])
async def test_an_id_may_come_back_as_text_or_number(client: httpx.AsyncClient, as_type: type) -> None:
    def handler(request: Any) -> Reply:
        return Reply(body=json.dumps({"id": as_type(request.json["id"]), "result": [1, 2]}).encode())

    assert await _ask(client, handler) == [1, 2]


async def test_an_answer_without_id_is_accepted(client: httpx.AsyncClient) -> None:
    assert await _ask(client, lambda _: Reply(body=b'{"result":7,"error":null}')) == 7


async def test_another_requests_answer_is_refused(client: httpx.AsyncClient) -> None:
    with pytest.raises(UnreachableError, match="another request"):
        await _ask(client, rpc(1, id="somebody-elses"))


@pytest.mark.parametrize("error", ["no such token", {"code": -1, "message": "no such token"}])
async def test_a_refusal_has_its_text_in_every_form(client: httpx.AsyncClient, error: Any) -> None:
    with pytest.raises(RefusedError, match="no such token"):
        await _ask(client, rpc_error(error))


async def test_a_refusal_with_http_400_is_still_the_venues_answer(client: httpx.AsyncClient) -> None:
    with pytest.raises(RefusedError, match="bad params"):
        await _ask(client, rpc_error("bad params", status=400))


async def test_an_error_object_gives_its_name_cause_and_data(client: httpx.AsyncClient) -> None:
    error = {"name": "HANDLER_ERROR", "cause": {"name": "UNKNOWN_ACCOUNT"}, "message": "Server error", "data": "nobody"}
    with pytest.raises(RefusedError) as caught:
        await _ask(client, rpc_error(error))
    assert (caught.value.name, caught.value.cause) == ("HANDLER_ERROR", "UNKNOWN_ACCOUNT")
    assert str(caught.value) == "Server error: UNKNOWN_ACCOUNT: nobody"


async def test_an_error_whose_data_is_an_object_shows_it(client: httpx.AsyncClient) -> None:
    with pytest.raises(RefusedError, match=r'Server error: \{"InvalidTxError":"Expired"\}'):
        await _ask(client, rpc_error({"message": "Server error", "data": {"InvalidTxError": "Expired"}}))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, b'{"id":"1","error":"overloaded"}'),
        Reply(503, b"<html>"),
        Reply(429, b'{"id":"1","error":"slow down"}'),
        Reply(403, b"<html>forbidden"),
        Reply(302, b""),
        Reply(200, b"<html>hello"),
        Reply(200, b""),
        Reply(200, b'{"id":"1"}'),
        Reply(200, b'{"id":"1","resu'),
        Reply(200, b'{"id":{},"result":1}'),
        Reply(200, b'[{"result":1}]'),
        Reply(200, b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
        Reply(raw=b""),
        Reply(raw=b"SSH-2.0-hello\r\n"),
        Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"),
    ],
)
async def test_without_a_readable_answer_the_outcome_is_unknown(client: httpx.AsyncClient, reply: Reply) -> None:
    with pytest.raises(UnreachableError):
        await _ask(client, lambda _: reply)


async def test_a_silent_service_is_unreachable_after_the_time_out(client: httpx.AsyncClient) -> None:
    with pytest.raises(UnreachableError, match=r"did not answer within 0\.2 s"):
        await _ask(client, lambda _: Reply(hang=True), timeout_s=0.2)


async def test_a_refused_connection_is_unreachable(client: httpx.AsyncClient, closed_url: str) -> None:
    endpoint = JsonRpc(closed_url, client, timeout_s=5)
    with pytest.raises(UnreachableError, match="cannot be reached"):
        await endpoint.call("x", [])
    assert (endpoint.calls, endpoint.failures) == (1, 1)
    assert "cannot be reached" in endpoint.last_error


async def test_an_endless_answer_is_cut(client: httpx.AsyncClient) -> None:
    with pytest.raises(UnreachableError, match="exceeds"):
        await _ask(client, lambda _: Reply(body=b" " * (MAX_ANSWER_BYTES + 1)))


async def test_no_error_repeats_a_token_or_an_access_key_of_the_url(client: httpx.AsyncClient) -> None:
    key = "9f0e1d2c3b4a59687766"
    echo = rpc_error(f"token {TOKEN} / Bearer {TOKEN} is unknown at /v3/{key}?k={key}")
    async with http_server(echo) as server:
        url = f"{server.url}/v3/{key}?apiKey={key}"
        endpoint = JsonRpc(url, client, timeout_s=5, headers={"Authorization": f"Bearer {TOKEN}"})
        with pytest.raises(RefusedError) as caught:
            await endpoint.call("x", [])
        server.handler = lambda _: Reply(500)
        with pytest.raises(UnreachableError) as unreachable:
            await endpoint.call("x", [])
    for text in (str(caught.value), str(unreachable.value), endpoint.last_error):
        assert TOKEN not in text
        assert key not in text
    assert "is unknown" in str(caught.value)


def test_a_text_of_the_venue_cannot_control_a_terminal() -> None:
    assert plain("a\x1b[2J\nb\u202ec") == "a [2J b c"
    assert len(plain("x" * 5_000)) == 300
