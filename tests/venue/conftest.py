from collections.abc import AsyncIterator

import httpx
import pytest


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Use one client per test, without the machine's proxies."""
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def closed_url(unused_tcp_port: int) -> str:
    """Give a URL where nothing listens."""
    return f"http://127.0.0.1:{unused_tcp_port}"
