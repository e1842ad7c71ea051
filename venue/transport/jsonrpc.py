"""JSON-RPC over HTTP as the venue speaks it.

The venue's services are lenient about the protocol: an ``id`` may come back as text or number, an ``error`` as a
bare text or an object. A client accepts both.
"""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

import httpx
import msgspec

from venue.transport.errors import RefusedError, UnreachableError, VenueError
from venue.transport.messages import COMPRESSED, UNREADABLE

MAX_ANSWER_BYTES = 4 * 1024 * 1024
_PLAIN = {"Accept-Encoding": "identity"}
_MAX_TEXT = 300
_MIN_SECRET_LEN = 12

T = TypeVar("T")


class _Answer(msgspec.Struct):
    id: str | int | None = None
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_ANSWER = msgspec.json.Decoder(_Answer)
_ANYTHING: msgspec.json.Decoder[object] = msgspec.json.Decoder(object)


def plain(text: str, limit: int = _MAX_TEXT) -> str:
    """Return the text on one line, without control characters (it may reach a terminal), cut to ``limit``."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * limit]).split())
    cut = len(line) > limit or len(text) > 4 * limit
    return line[: limit - 1] + "…" if cut else line


def host_of(url: str) -> str:
    """Return host and port of a URL, all that an error may name: path and query may hold an access key."""
    return urlsplit(url).netloc.rpartition("@")[2] or "an endpoint without a host"


def unreadable(who: str, detail: str) -> UnreachableError:
    """Build the error for an answer that cannot be used, without control characters."""
    return UnreachableError(plain(f"{who} {UNREADABLE}: {detail}"))


def decode(decoder: msgspec.json.Decoder[T], raw: bytes | msgspec.Raw, who: str) -> T:
    """Return the typed value of a JSON text; UnreachableError, naming ``who``, when it has another shape."""
    try:
        return decoder.decode(raw)
    except (ValueError, RecursionError) as error:
        raise unreadable(who, str(error)) from None


async def fetch(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    timeout_s: float,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> tuple[int, bytes]:
    """Return HTTP status and body; UnreachableError after ``timeout_s`` seconds over all, or past ``max_bytes``.

    A compressed body is refused: a few hundred bytes of one can become gigabytes before they are counted.
    """
    host = host_of(url)
    body = bytearray()
    try:
        async with (
            asyncio.timeout(timeout_s),
            client.stream(
                method, url, content=content, headers={**(headers or {}), **_PLAIN}, follow_redirects=False
            ) as response,
        ):
            if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
                raise unreadable(host, COMPRESSED)
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > max_bytes:
                    raise unreadable(host, f"it exceeds {max_bytes} bytes")
    except (TimeoutError, httpx.TimeoutException):
        raise UnreachableError(f"{host} did not answer within {timeout_s:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnreachableError(f"{host} cannot be reached ({type(error).__name__})") from None
    return response.status_code, bytes(body)


class JsonRpc:
    """One JSON-RPC endpoint over an injected client (closed by its owner), with counts for its health."""

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        *,
        timeout_s: float,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.host = host_of(url)
        self.calls = 0
        self.failures = 0
        self.last_error = ""
        self._url = url
        self._client = client
        self._timeout_s = timeout_s
        self._headers = {**(headers or {}), "Content-Type": "application/json"}
        self._secrets = _secrets(url, headers or {})
        self._ids = itertools.count(1)

    async def call(self, method: str, params: Mapping[str, object] | Sequence[object]) -> bytes:
        """Return the raw JSON of ``result``; RefusedError or UnreachableError."""
        request_id = str(next(self._ids))
        request = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        self.calls += 1
        try:
            status, body = await fetch(
                self._client,
                "POST",
                self._url,
                timeout_s=self._timeout_s,
                content=msgspec.json.encode(request),
                headers=self._headers,
            )
        except UnreachableError as error:
            self.count_failure(error)
            raise
        try:
            return self._read(request_id, status, body)
        except VenueError as error:
            error.http_status = status
            if isinstance(error, UnreachableError):
                self.count_failure(error)
            raise

    def count_failure(self, error: VenueError) -> None:
        self.failures += 1
        self.last_error = str(error)

    def _read(self, request_id: str, status: int, body: bytes) -> bytes:
        if status == 429 or status >= 500:
            raise UnreachableError(f"{self.host} answered HTTP {status}")
        try:
            answer = decode(_ANSWER, body, self.host)
        except UnreachableError:
            if status == 200:
                raise
            raise UnreachableError(f"{self.host} answered HTTP {status}") from None
        if answer.error is not msgspec.UNSET and bytes(answer.error) != b"null":
            raise self._refusal(bytes(answer.error))
        if status != 200:
            raise UnreachableError(f"{self.host} answered HTTP {status}")
        if answer.id is not None and str(answer.id) != request_id:
            raise unreadable(self.host, "it has another request's id")
        if answer.result is msgspec.UNSET:
            raise unreadable(self.host, "it has neither a result nor an error")
        return bytes(answer.result)

    def _refusal(self, raw: bytes) -> RefusedError:
        error = decode(_ANYTHING, raw, self.host)
        if not isinstance(error, dict):
            return RefusedError(self._clean(error if isinstance(error, str) else raw.decode()))
        cause = error.get("cause")
        cause_name = cause.get("name") if isinstance(cause, dict) else None
        data = error.get("data")
        detail = msgspec.json.encode(data).decode() if data is not None and not isinstance(data, str) else data
        texts = [value for value in (error.get("message"), cause_name, detail) if isinstance(value, str) and value]
        text = ": ".join(dict.fromkeys(texts)) or raw.decode()
        return RefusedError(
            self._clean(text),
            name=plain(str(error.get("name") or "")),
            cause=plain(str(cause_name or "")),
            data=data,
        )

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[hidden]")
        return plain(text)


def _secrets(url: str, headers: Mapping[str, str]) -> tuple[str, ...]:
    # An error must not repeat header values, nor long parts of the URL: they may be access keys.
    split = urlsplit(url)
    in_url = [split.username, split.password, *split.path.split("/"), *(value for _, value in parse_qsl(split.query))]
    found = {part for part in in_url if part and len(part) >= _MIN_SECRET_LEN}
    for value in headers.values():
        found.update({value, value.rpartition(" ")[2]})
    return tuple(sorted((secret for secret in found if secret), key=len, reverse=True))
