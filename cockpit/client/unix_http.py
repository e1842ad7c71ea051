"""HTTP over the desk's Unix socket: no TLS, no proxy, and nothing of the environment."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


def unix_client(socket_path: Path, timeout_s: float) -> "httpx.AsyncClient":
    """Make a client of the desk that listens at ``socket_path``.

    Stopping goes this way. A transport reads SSL_CERT_FILE and its like unless both are switched off here; switching
    them off for the client does not reach it.
    """
    import httpx

    transport = httpx.AsyncHTTPTransport(
        uds=str(socket_path),
        verify=False,
        trust_env=False,
        # A kept-alive connection that the desk has just closed would make a command's outcome unknown.
        limits=httpx.Limits(max_keepalive_connections=0),
    )
    return httpx.AsyncClient(transport=transport, base_url="http://desk", timeout=timeout_s, trust_env=False)
