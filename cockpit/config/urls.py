"""Checks URLs: scheme, host, and whether the host is this machine."""

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_PLAIN = re.compile(r"[!-~]+")


def is_loopback(url: str) -> bool:
    """Return whether the URL's host is in 127.0.0.0/8, ::1 or localhost; False for anything malformed."""
    parts = _split(url)
    return parts is not None and _is_loopback_host(parts.hostname or "")


def url_problem(url: str, schemes: Collection[str]) -> str | None:
    """Return why the URL cannot be used, without quoting it; None if it can."""
    parts = _split(url)
    if parts is None or parts.scheme not in schemes or not parts.hostname:
        return f"expected a URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)} and names a host"
    if "@" in parts.netloc or "\\" in url or "#" in url:
        return "expected a URL with no user, no password, no backslash and no fragment"
    if parts.scheme in ("http", "ws") and not _is_loopback_host(parts.hostname):
        return f"expected an encrypted URL: {parts.scheme}:// is allowed for loopback only"
    return None


def _split(url: str) -> SplitResult | None:
    if not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _is_loopback_host(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _LOOPBACK)
