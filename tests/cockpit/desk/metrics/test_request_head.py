"""Whatever a scraper sends, its request is read or refused; only this machine is answered under its own name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.metrics.request_head import HeadRefusal, RequestHead, read_head


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f"GET {text} HTTP/1.1\r\n{text}".encode()))
def test_nothing_breaks_it(head: bytes) -> None:
    assert isinstance(read_head(head), RequestHead | HeadRefusal)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /metrics HTTP/2", 400),
        ("GET /metrics", 400),
        ("GET /metrics HTTP/1.1\r\nno colon", 400),
        ("GET /metrics HTTP/1.1\r\n folded: x", 400),
        ("GET / HTTP/1.1", 404),
        ("GET http://[/metrics HTTP/1.1", 404),
        ("POST /metrics HTTP/1.1", 405),
        ("GET /metrics HTTP/1.1\r\nHost: evil.example.org", 403),
        ("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1.evil.example.org:9464", 403),
        ("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1@evil.example.org", 403),
        ("GET /metrics HTTP/1.1\r\nHost: 192.168.1.4:9464", 403),
    ],
)
def test_what_is_not_answered_says_why(head: str, status: int) -> None:
    found = read_head(head.encode())
    assert isinstance(found, HeadRefusal)
    assert found.status.startswith(f"{status} ")
    assert found.text.endswith("\n")


@pytest.mark.parametrize("host", ["127.0.0.1:9464", "localhost:9464", "[::1]:9464", "localhost", None])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scrape_of_this_machine_is_answered(method: str, host: str | None) -> None:
    lines = [f"{method} /metrics?x=1 HTTP/1.1", "Accept: text/plain;version=0.0.4"]
    lines += [] if host is None else [f"hOsT: {host}"]
    assert read_head("\r\n".join(lines).encode()) == RequestHead("text/plain;version=0.0.4", method == "GET")
