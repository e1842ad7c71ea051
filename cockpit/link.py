"""The cockpit's side of the desk's control API: a stream of snapshots and typed commands over one Unix socket."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from cockpit.commands import Part, Result
from cockpit.snapshot import Snapshot

if TYPE_CHECKING:
    import httpx

Verb = Literal["arm", "disarm", "refresh"]

MAX_SNAPSHOT_BYTES = 16 * 2**20
BACKOFF_S: tuple[float, ...] = (0.1, 0.1, 0.2, 0.2, 0.5, 0.5, 1.0, 2.0)


class LinkLost(msgspec.Struct, frozen=True):
    """The stream is down; the link goes on trying."""

    reason: str


class Unknown(msgspec.Struct, frozen=True):
    """No answer to a command. Unless ``sent`` is False, the desk may have done it."""

    command: str
    reason: str
    sent: bool = True


Outcome = Result | Unknown
"""What is known of a command: a Result (accepted or refused), or that nothing is known."""


class DeskInfo(msgspec.Struct, frozen=True):
    """Who answers on the socket."""

    ok: bool
    run_id: str
    mode: str
    account: str
    pid: int


class DeskLink:
    """Talks to the desk listening at ``socket_path``. ``timeout_s`` bounds the wait for a command's answer."""

    def __init__(
        self,
        socket_path: Path,
        *,
        actor: str,
        new_id: Callable[[], str],
        timeout_s: float = 5.0,
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        self.socket_path = socket_path
        self._actor = actor
        self._new_id = new_id
        self._timeout_s = timeout_s
        self._backoff_s = tuple(backoff_s)
        self._client: httpx.AsyncClient | None = None
        self._decoder = msgspec.json.Decoder(Snapshot)

    async def snapshots(self) -> AsyncIterator[Snapshot | LinkLost]:
        """Every snapshot the desk streams, for ever; a LinkLost each time an attempt to attach fails or ends."""
        from websockets.asyncio.client import unix_connect
        from websockets.exceptions import WebSocketException

        failures = 0
        while True:
            try:
                async with unix_connect(
                    str(self.socket_path),
                    "ws://desk/stream",
                    compression=None,
                    proxy=None,
                    max_size=MAX_SNAPSHOT_BYTES,
                    max_queue=2,
                    open_timeout=self._timeout_s,
                    close_timeout=1,
                ) as stream:
                    async for message in stream:
                        yield self._decoder.decode(message)
                        failures = 0
                reason = "the desk closed the stream"
            except (OSError, WebSocketException, msgspec.MsgspecError) as error:
                reason = self._why(error)
            yield LinkLost(reason)
            await asyncio.sleep(self._backoff_s[min(failures, len(self._backoff_s) - 1)])
            failures += 1

    async def send(self, part: Part, verb: Verb, body: Mapping[str, object] | None = None) -> Outcome:
        """Ask ``part`` to arm, disarm or refresh."""
        return await self._command("POST", f"/{part}/{verb}", f"{verb} {part}", body)

    async def limits(self, changes: Mapping[str, object]) -> Outcome:
        """Ask for new limits: any subset of the fields of cockpit.commands.Limits."""
        return await self._command("PUT", "/strategy-engine/limits", "limits", changes)

    async def shutdown(self) -> Outcome:
        """Ask the desk to disarm and end."""
        return await self._command("POST", "/shutdown", "shutdown", None)

    async def health(self) -> DeskInfo | LinkLost:
        """Who answers on the socket, or why nobody does."""
        import httpx

        try:
            answer = await self._http().get("/healthz")
            return msgspec.json.decode(answer.content, type=DeskInfo)
        except (httpx.HTTPError, OSError, msgspec.MsgspecError) as error:
            return LinkLost(self._why(error))

    async def close(self) -> None:
        """Let go of the sockets."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _command(self, method: str, path: str, name: str, body: Mapping[str, object] | None) -> Outcome:
        import httpx

        content = msgspec.json.encode({**(body or {}), "command_id": self._new_id(), "actor": self._actor})
        try:
            answer = await self._http().request(
                method, path, content=content, headers={"content-type": "application/json"}
            )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Unknown(name, self._why(error), sent=False)
        except httpx.TimeoutException:
            return Unknown(name, f"no answer within {self._timeout_s:g} s")
        except (httpx.HTTPError, OSError) as error:
            return Unknown(name, f"the connection broke before the answer: {self._why(error)}")
        try:
            return msgspec.json.decode(answer.content, type=Result)
        except msgspec.MsgspecError:
            text = " ".join(answer.text.split())[:200]
            if 400 <= answer.status_code < 500:
                return Result(command_id="", command=name, accepted=False, reason=text or "refused", at_ns=0)
            return Unknown(name, f"an answer that cannot be read (status {answer.status_code}): {text}")

    def _http(self) -> "httpx.AsyncClient":
        if self._client is None:
            import httpx

            # A kept connection that the desk has just closed would turn a plain command into an unknown one.
            self._client = httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(
                    uds=str(self.socket_path), limits=httpx.Limits(max_keepalive_connections=0)
                ),
                base_url="http://desk",
                timeout=self._timeout_s,
                trust_env=False,
            )
        return self._client

    def _why(self, error: Exception) -> str:
        if isinstance(error, FileNotFoundError):
            return f"no desk listens at {self.socket_path}"
        if isinstance(error, ConnectionRefusedError):
            return f"the desk at {self.socket_path} is gone"
        if isinstance(error, msgspec.MsgspecError):
            return f"the desk says something this cockpit cannot read: {error}"
        if isinstance(error, TimeoutError):
            return f"the desk at {self.socket_path} does not answer"
        return str(error) or type(error).__name__
