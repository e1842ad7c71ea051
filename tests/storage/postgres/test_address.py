import pytest

from storage.postgres.address import parse_address


@pytest.mark.parametrize(
    ("url", "needs_tls"),
    [
        ("postgresql://desk:secret@db.example.com/history", True),
        ("postgresql://desk:sslmode@db.example.com/history", True),
        ("postgresql://sslmode:x@sslmode.example.com/sslmode", True),
        ("postgresql://desk:x@db.example.com/history?application_name=sslmode", True),
        ("postgresql://desk:x@db.example.com/history?sslmode=", True),
        ("postgresql://desk:x@db.example.com/history?sslmode=verify-full", False),
        ("postgresql://desk:x@127.0.0.1/history", False),
    ],
)
def test_only_the_sslmode_of_the_query_switches_the_need_of_tls_off(url: str, needs_tls: bool) -> None:
    assert parse_address(url).needs_tls is needs_tls
