"""The client of the desk's control API: a stream of snapshots and typed commands over one Unix socket."""

import asyncio
import getpass
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from cockpit.client.operator_reports import reporting
from cockpit.client.unix_http import unix_client
from cockpit.model.commands import (
    MAX_ACTOR,
    NOTE,
    UNATTENDED,
    OperatorReport,
    Part,
    Result,
    WithdrawalOrder,
    WithdrawalReview,
)
from cockpit.model.errors import NOT_READABLE
from cockpit.model.pricing.pricing_set import PricingPreview, PricingTerms
from cockpit.model.snapshot import Snapshot, Trading

if TYPE_CHECKING:
    import httpx

Verb = Literal["arm", "disarm", "refresh"]

MAX_SNAPSHOT_BYTES = 16 * 2**20
BACKOFF_S: tuple[float, ...] = (0.1, 0.1, 0.2, 0.2, 0.5, 0.5, 1.0, 2.0)


READ_ONLY = "this cockpit is read-only"
NO_DESK = "no desk is running at"
MAY_NOT_CONNECT = "this user may not connect to the desk: ask as the user who runs it"
CLOSED = "the desk closed the stream"


class ConnectionLost(msgspec.Struct, frozen=True):
    """The stream is down; the client keeps reconnecting. ``no_desk``: none listens on the socket."""

    reason: str
    no_desk: bool = False


class UnknownOutcome(msgspec.Struct, frozen=True):
    """No answer to a command. If ``sent``, the desk may have done it; its journal then holds ``command_id``."""

    command: str
    reason: str
    sent: bool = True
    command_id: str = ""


Outcome = Result | UnknownOutcome
"""What became of a command: accepted or refused, or unknown."""

Reviewed = WithdrawalReview | Result | UnknownOutcome
"""A review; a Result with the reason if the order is invalid; or no answer."""


Previewed = PricingPreview | Result | UnknownOutcome
"""A preview of a change of the pricing; a Result with the reason if it would be refused; or no answer."""


class DeskInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The desk that answers on the socket."""

    ok: bool
    run_id: str
    mode: str
    account: str
    pid: int


class DeskClient:
    """Connects to the desk at ``socket_path``. ``timeout_s`` bounds the wait for a command's answer.

    ``slow_timeout_s`` bounds it for commands for which the desk asks other services. A ``read_only`` client sends no
    command; give it the desk's read-only socket, which refuses commands too. Commands take a ``command_id``, so that
    they can be shown and repeated without being done twice; an empty one is replaced by a new id. The commands of an
    ``unattended`` client are no sign of an operator.
    """

    def __init__(
        self,
        socket_path: Path,
        *,
        actor: str,
        new_id: Callable[[], str],
        timeout_s: float = 5.0,
        slow_timeout_s: float = 30.0,
        backoff_s: Sequence[float] = BACKOFF_S,
        read_only: bool = False,
        unattended: bool = False,
    ) -> None:
        self.socket_path = socket_path
        self.read_only = read_only
        self._headers = {"content-type": "application/json"} | ({UNATTENDED: "1"} if unattended else {})
        self.actor = actor
        self.new_id = new_id
        self._timeout_s = timeout_s
        self._slow_timeout_s = slow_timeout_s
        self._backoff_s = tuple(backoff_s)
        self.sent_ids: deque[str] = deque(maxlen=1_000)
        """Ids of the commands sent by this client, the newest last."""
        self._client: httpx.AsyncClient | None = None
        self._decoder = msgspec.json.Decoder(Snapshot)

    async def snapshots(
        self, report: Callable[[], OperatorReport] | None = None
    ) -> AsyncIterator[Snapshot | ConnectionLost]:
        """Yield every snapshot for ever, and a ConnectionLost each time a connection fails or ends.

        ``report`` says once a second what the desk is told about the operator; a ``read_only`` client tells nothing.
        """
        from websockets.asyncio.client import unix_connect
        from websockets.exceptions import WebSocketException

        failures = 0
        while True:
            try:
                async with (
                    unix_connect(
                        str(self.socket_path),
                        "ws://desk/stream",
                        compression=None,
                        proxy=None,
                        max_size=MAX_SNAPSHOT_BYTES,
                        max_queue=2,
                        open_timeout=self._timeout_s,
                        close_timeout=1,
                    ) as stream,
                    reporting(stream, None if self.read_only or report is None else partial(self._named, report)),
                ):
                    async for message in stream:
                        yield self._decoder.decode(message)
                        failures = 0
                lost = ConnectionLost(CLOSED)
            except (OSError, WebSocketException, *NOT_READABLE) as error:
                lost = ConnectionLost(self._reason(error), no_desk=nobody_listens(self.socket_path, error))
            yield lost
            await asyncio.sleep(self._backoff_s[min(failures, len(self._backoff_s) - 1)])
            failures += 1

    def _named(self, report: Callable[[], OperatorReport]) -> OperatorReport:
        return msgspec.structs.replace(report(), actor=self.actor[:MAX_ACTOR])

    async def send(
        self, part: Part, verb: Verb, body: Mapping[str, object] | None = None, *, command_id: str = ""
    ) -> Outcome:
        return await self._command("POST", f"/{part}/{verb}", f"{verb} {part}", body, command_id)

    async def limits(self, changes: Mapping[str, object], *, command_id: str = "") -> Outcome:
        """Set limits: any subset of the fields of ``Limits``."""
        return await self._command("PUT", "/strategy-engine/limits", "limits", changes, command_id)

    async def pricing(self, changes: Mapping[str, object], *, command_id: str = "") -> Outcome:
        """Set values of the pricing: any of ``PRICING_NAMES``, and the name of a preset."""
        return await self._command("PUT", "/strategy-engine/pricing", "set pricing", changes, command_id)

    async def pricing_terms(self) -> PricingTerms | ConnectionLost:
        """Return the pricing in force and the presets, or why they are not known."""
        import httpx

        try:
            answer = await self._http().get("/strategy-engine/pricing", timeout=self._timeout_s)
            return msgspec.json.decode(answer.content, type=PricingTerms)
        except (httpx.HTTPError, OSError, *NOT_READABLE) as error:
            return ConnectionLost(self._reason(error))

    async def preview_pricing(self, changes: Mapping[str, object]) -> Previewed:
        """Return what a change of the pricing would have made of the last hour's requests; nothing is changed."""
        name, path = "preview pricing", "/strategy-engine/pricing/preview"
        answer = await self._ask("POST", path, name, changes, "", self._slow_timeout_s)
        if isinstance(answer, UnknownOutcome) or answer.status_code != 200:
            return _result(name, answer)
        try:
            return msgspec.json.decode(answer.content, type=PricingPreview)
        except NOT_READABLE as error:
            return UnknownOutcome(name, f"cannot read the preview: {error}")

    async def trading(self, state: Trading, reason: str, *, command_id: str = "") -> Outcome:
        body = {"state": state, "reason": reason}
        return await self._command("PUT", "/strategy-engine/trading", "set trading", body, command_id)

    async def review(self, order: WithdrawalOrder) -> Reviewed:
        """Review the withdrawal as of now. The first review of an address starts its cooling-off."""
        answer = await self._money("withdrawal-estimate", _fields(order))
        if isinstance(answer, UnknownOutcome) or answer.status_code != 200:
            return _result("withdrawal-estimate", answer)
        try:
            return msgspec.json.decode(answer.content, type=WithdrawalReview)
        except NOT_READABLE as error:
            return UnknownOutcome("withdrawal-estimate", f"cannot read the review: {error}")

    async def withdraw(self, order: WithdrawalOrder) -> Outcome:
        """Order the withdrawal. A repeated ``idempotency_key`` never makes a second one."""
        return _result("withdraw", await self._money("withdraw", _fields(order)))

    async def freeze(self, frozen: bool, *, command_id: str = "") -> Outcome:
        return _result("freeze-withdrawals", await self._money("freeze-withdrawals", {"frozen": frozen}, command_id))

    async def track(self, order: WithdrawalOrder, near_hash: str, *, command_id: str = "") -> Outcome:
        """Track a withdrawal made elsewhere by its NEAR transaction."""
        body = {**_fields(order), "withdrawal_hash": near_hash}
        return _result("track-withdrawal", await self._money("track-withdrawal", body, command_id))

    async def untrack(self, near_hash: str, *, command_id: str = "") -> Outcome:
        """Stop following a withdrawal made elsewhere."""
        body = {"withdrawal_hash": near_hash}
        return _result("untrack-withdrawal", await self._money("untrack-withdrawal", body, command_id))

    async def notify_deposit(self, asset_id: str, tx_hash: str, *, command_id: str = "") -> Outcome:
        """Report a deposit to the bridge by its transaction on its own chain."""
        body = {"asset_id": asset_id, "tx_hash": tx_hash}
        return _result("notify-deposit", await self._money("notify-deposit", body, command_id))

    async def register_key(self, *, command_id: str = "") -> Outcome:
        return _result("register-key", await self._money("register-key", {}, command_id))

    async def accept_remainder(self, amounts: Mapping[str, str], reason: str) -> Outcome:
        """Accept a whole unexplained difference: ``amounts`` are base units in digits, by symbol."""
        body = {"amounts": dict(amounts), "reason": reason}
        return await self._command("POST", "/inventory-sync/accept-remainder", "accept-remainder", body)

    async def count_other_pairs(self, seconds: int) -> Outcome:
        """Have the relay send every request for so long, so that those for other pairs can be counted."""
        body = {"seconds": seconds}
        return await self._command("POST", "/near-intents-ingest/count-other-pairs", "count-other-pairs", body)

    async def acknowledge_alerts(self) -> Outcome:
        """Say that somebody has seen the alerts, so that none of them escalates."""
        return await self._command("POST", "/alerts/acknowledge", "acknowledge-alerts", None)

    async def note(self, text: str, *, command_id: str = "") -> Outcome:
        """Keep a note in the journal."""
        return await self._command("POST", "/notes", NOTE, {"text": text}, command_id)

    async def hard_stop(self, *, command_id: str = "") -> Outcome:
        """Disarm everything and burn the live quotes."""
        return await self._command("POST", "/trade-executor/hard-stop", "hard-stop", None, command_id)

    async def shutdown(self) -> Outcome:
        """Disarm and end the desk."""
        return await self._command("POST", "/shutdown", "shutdown", None)

    async def health(self) -> DeskInfo | ConnectionLost:
        """Return who answers on the socket, or why no desk does."""
        import httpx

        try:
            answer = await self._http().get("/healthz")
            return msgspec.json.decode(answer.content, type=DeskInfo)
        except (httpx.HTTPError, OSError, *NOT_READABLE) as error:
            return ConnectionLost(self._reason(error))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _command(
        self, method: str, path: str, name: str, body: Mapping[str, object] | None, command_id: str = ""
    ) -> Outcome:
        return _result(name, await self._ask(method, path, name, body or {}, command_id, self._timeout_s))

    async def _money(
        self, name: str, body: Mapping[str, object], command_id: str = ""
    ) -> "httpx.Response | UnknownOutcome":
        return await self._ask("POST", f"/liquidity-manager/{name}", name, body, command_id, self._slow_timeout_s)

    async def _ask(
        self, method: str, path: str, name: str, body: Mapping[str, object], command_id: str, timeout_s: float
    ) -> "httpx.Response | UnknownOutcome":
        import httpx

        if self.read_only:
            return UnknownOutcome(name, READ_ONLY, sent=False)
        ident = command_id or self.new_id()
        self.sent_ids.append(ident)
        content = msgspec.json.encode({**body, "command_id": ident, "actor": self.actor})
        try:
            return await self._http().request(method, path, content=content, headers=self._headers, timeout=timeout_s)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return UnknownOutcome(name, self._reason(error), sent=False, command_id=ident)
        except httpx.TimeoutException:
            return UnknownOutcome(name, f"no answer within {timeout_s:g} s", command_id=ident)
        except (httpx.HTTPError, OSError) as error:
            return UnknownOutcome(
                name, f"the connection was lost before the answer: {self._reason(error)}", command_id=ident
            )

    def _http(self) -> "httpx.AsyncClient":
        if self._client is None:
            self._client = unix_client(self.socket_path, self._timeout_s)
        return self._client

    def _reason(self, error: Exception) -> str:
        return connection_reason(self.socket_path, error)


def connection_reason(socket_path: Path, error: Exception) -> str:
    """Say why the desk at this socket cannot be asked."""
    from websockets.exceptions import ConnectionClosed

    error = _system_error(error)
    if isinstance(error, (ConnectionClosed, BrokenPipeError, ConnectionResetError)):
        return CLOSED
    if nobody_listens(socket_path, error):
        refused = isinstance(error, ConnectionRefusedError)
        return f"the desk has ended ({socket_path})" if refused else f"{NO_DESK} {socket_path}"
    if isinstance(error, PermissionError):
        return f"{MAY_NOT_CONNECT} ({socket_path})"
    if isinstance(error, NOT_READABLE):
        return f"the desk runs an incompatible version: {error}"
    if isinstance(error, TimeoutError):
        return f"the desk does not answer ({socket_path})"
    return str(error) or type(error).__name__


def nobody_listens(socket_path: Path, error: Exception) -> bool:
    """Whether the error says that no process listens on this socket."""
    error = _system_error(error)
    # Other files may be missing, too: only the socket's own absence says that there is no desk.
    return isinstance(error, ConnectionRefusedError) or (
        isinstance(error, FileNotFoundError) and not socket_path.exists()
    )


def _system_error(error: Exception) -> Exception:
    # httpx wraps the operating system's error, which names the case better.
    wrapped: BaseException | None = error
    while wrapped is not None and not isinstance(wrapped, OSError):
        wrapped = wrapped.__cause__ or wrapped.__context__
    return error if wrapped is None else wrapped


def _fields(order: WithdrawalOrder) -> dict[str, object]:
    # The client adds actor and command id.
    fields = msgspec.structs.asdict(order)
    return {name: value for name, value in fields.items() if name not in ("command_id", "actor") and value is not None}


def _result(name: str, answer: "httpx.Response | UnknownOutcome") -> Outcome:
    if isinstance(answer, UnknownOutcome):
        return answer
    try:
        return msgspec.json.decode(answer.content, type=Result)
    except NOT_READABLE:
        text = " ".join(answer.text.split())[:200]
        if 400 <= answer.status_code < 500:
            return Result(command_id="", command=name, accepted=False, reason=text or "refused", at_ns=0)
        return UnknownOutcome(name, f"cannot read the answer (HTTP {answer.status_code}): {text}")


def operator_name() -> str:
    """Return user, ssh client's address (if any) and terminal, as the journal names the operator."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    remote = os.environ.get("SSH_CONNECTION", "").split(" ")[0]
    return (f"{user}@{remote}" if remote else user) + _terminal()


def _terminal() -> str:
    try:
        return f" on {os.ttyname(0).removeprefix('/dev/')}"
    except OSError:
        return ""
