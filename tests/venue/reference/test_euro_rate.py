"""What an EURe is worth: one coin of one service, bounded, dated, and over a real socket."""

from decimal import Decimal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.environment import Environment
from tests.support.desk.builders import NOW
from tests.support.venue.http_server import Reply, Request, http_server
from venue.protocol.units import NS_PER_S
from venue.reference.euro_rate import AHEAD_NS, LEAST, MAX_BYTES, MOST, EuroRate, EuroRateFeed, read_rate
from venue.transport.errors import UnreachableError

NOW_S = NOW // NS_PER_S


def said(eur: object = "0.9993", at_s: object = NOW_S - 30, coin: str = "monerium-eur-money") -> bytes:
    return f'{{"{coin}": {{"eur": {eur}, "last_updated_at": {at_s}}}}}'.encode()


def test_the_price_is_exact_and_as_old_as_the_service_says() -> None:
    assert read_rate(said(), NOW, "x") == EuroRate(Decimal("0.9993"), NOW - 30 * NS_PER_S)


def test_a_time_a_little_ahead_of_this_machine_is_now() -> None:
    assert read_rate(said(at_s=NOW_S + 30), NOW, "x").at_ns == NOW


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"nonsense",
        b'{"a": {"usd": 1.1, "last_updated_at": 5}}',
        b'{"a": {"eur": 1.0}}',
        said("null"),
        said("true"),
        said("1e999999999"),
        said("0.4999"),
        said("2.0001"),
        said("-1"),
        said("1." + "0" * 30 + "1"),
        said(at_s=0),
        said(at_s=-5),
        said(at_s=1.5),
        said(at_s=NOW_S + AHEAD_NS // NS_PER_S + 1),
        said(at_s=10**30),
        said()[:-1] + b', "other": {"eur": 1, "last_updated_at": 5}}',
    ],
)
def test_what_cannot_be_believed_is_no_price(body: bytes) -> None:
    with pytest.raises(UnreachableError):
        read_rate(body, NOW, "x")


@given(st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_any_bytes_are_a_price_within_bounds_or_refused(body: bytes) -> None:
    try:
        found = read_rate(body, NOW, "x")
    except UnreachableError:
        return
    assert LEAST <= found.rate <= MOST
    assert 0 < found.at_ns <= NOW


async def test_the_newest_price_stands_while_the_service_fails() -> None:
    replies = [
        Reply(body=said("0.999", NOW_S - 60)),
        Reply(status=503),
        Reply(body=b"x" * (MAX_BYTES + 1)),
        Reply(body=said("0.998", NOW_S - 90)),
        Reply(body=said("0.997", NOW_S - 10)),
    ]
    found: list[tuple[Decimal | None, str]] = []

    def answer(request: Request) -> Reply:
        assert (request.method, "authorization" in request.headers) == ("GET", False)
        return replies.pop(0)

    async with http_server(answer) as server, httpx.AsyncClient(trust_env=False) as client:
        feed = EuroRateFeed(server.url, client, Environment(wall_ns=lambda: NOW))
        while replies:
            await feed.read()
            found.append((None if feed.newest is None else feed.newest.rate, feed.problem))
    rates = [rate for rate, _ in found]
    assert rates == [Decimal("0.999")] * 4 + [Decimal("0.997")], "an older price replaces nothing"
    assert [bool(problem) for _, problem in found] == [False, True, True, False, False]
    assert "HTTP 503" in found[1][1]
