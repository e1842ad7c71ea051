"""Where a PostgreSQL history is, as an operator knows it, and never with its password."""

import ipaddress
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec


class DatabaseAddress(msgspec.Struct, frozen=True, kw_only=True):
    """``names_sslmode``: the URL itself says how the connection is encrypted."""

    host: str
    port: int
    database: str
    user: str
    names_sslmode: bool = False

    @property
    def needs_tls(self) -> bool:
        return not self.local and not self.names_sslmode

    @property
    def local(self) -> bool:
        """Whether traffic to it stays on this machine."""
        if self.host.startswith("/") or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"PostgreSQL {self.database} at {self.host}:{self.port}"


def holds_password(url: str) -> bool:
    """Whether the URL holds a password: then it does not belong where other users of the machine can read it."""
    try:
        parts = urlsplit(url)
        return bool(parts.password) or "password" in parse_qs(parts.query)
    except ValueError:
        return False


def parse_address(url: str) -> DatabaseAddress:
    """Parse a postgresql:// URL. Raises ValueError, whose text holds nothing of the URL."""
    try:
        parts = urlsplit(url)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        host = query.get("host") or unquote(parts.hostname or "")
        port = int(query["port"]) if "port" in query else parts.port or 5432
    except ValueError:
        raise ValueError("expected postgresql://user:password@host:port/database") from None
    database, user = unquote(parts.path[1:]), unquote(parts.username or query.get("user", ""))
    if parts.scheme not in ("postgresql", "postgres") or not host or not database or not user:
        raise ValueError("expected postgresql://user:password@host:port/database")
    if "," in host:
        raise ValueError("expected one host: a desk writes to one server")
    return DatabaseAddress(host=host, port=port, database=database, user=user, names_sslmode="sslmode" in query)
