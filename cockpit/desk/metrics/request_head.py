"""The head of a scraper's request: what is read of it, and how it is refused. Pure."""

from typing import NamedTuple
from urllib.parse import urlsplit

from cockpit.config.urls import is_loopback
from cockpit.desk.metrics import messages

END = b"\r\n\r\n"
LONGEST_HEAD = 8_192
"""Bytes."""


class RequestHead(NamedTuple):
    """``accept``: the header that names the form; ``body``: whether the answer has one."""

    accept: str
    body: bool


class HeadRefusal(NamedTuple):
    """An answer in place of the metrics."""

    status: str
    text: str


BAD_REQUEST = HeadRefusal("400 Bad Request", messages.UNREADABLE)
TOO_LONG = HeadRefusal("431 Request Header Fields Too Large", messages.TOO_LONG)


def read_head(head: bytes) -> RequestHead | HeadRefusal:
    """Read a head of HTTP/1.x, up to its empty line. Its host must be this machine.

    A page of any web site could have the operator's browser ask for the metrics, under a name of its own that it lets
    point to this machine.
    """
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1.") or not first.isprintable():
        return BAD_REQUEST
    method, target, _ = parts
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            return BAD_REQUEST
        headers.setdefault(name.lower(), value.strip())
    host = headers.get("host")
    if host is not None and not is_loopback(f"http://{host}"):
        return HeadRefusal("403 Forbidden", messages.NOT_LOCAL)
    if method not in ("GET", "HEAD"):
        return HeadRefusal("405 Method Not Allowed", messages.NOT_ALLOWED)
    if _path(target) != "/metrics":
        return HeadRefusal("404 Not Found", messages.NOT_FOUND)
    return RequestHead(headers.get("accept", ""), method == "GET")


def _path(target: str) -> str:
    try:
        return urlsplit(target).path
    except ValueError:
        return ""
