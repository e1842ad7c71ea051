"""Asks the venue again and again what it lets the account do: lock, pauses, routes, API key, the bridge's tokens."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from cockpit.model.ages import age_ms
from cockpit.model.environment import Environment
from venue.bridges.poa.client import Bridge
from venue.protocol.assets import Token
from venue.protocol.units import NS_PER_MS
from venue.relay.bearer_token import end_of
from venue.relay.rpc import RelayRpc
from venue.transport.errors import RefusedError, UnreachableError, VenueError
from venue.transport.jsonrpc import plain
from venue.verifier import INTENTS_FEATURE, Verifier, is_paused

T = TypeVar("T")

RETRY_S = 5.0
"""After a failed reading, when the interval is longer."""
NO_INTENT = "1" * 32
"""The base58 of 32 zero bytes: no intent has this hash."""
UNKNOWN_INTENT = "NOT_FOUND_OR_NOT_VALID"
FORBIDDEN = (401, 403)
UNAUTHORIZED = "unauthorized"
WITHOUT_EFFECT = frozenset(
    {"nft_withdraw", "nft_on_transfer", "mt_withdraw", "mt_on_transfer", "mt_transfer", "imt_burn", "rotate_salt"}
)
"""Features of the Verifier that this desk does not use (near/intents)."""
PAUSE_SEEN_MS = 120_000
"""A refusal for a paused method counts so long, whatever the views say."""


class Known(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """The last answer to one question.

    ``value`` None: there is none yet, or the service has no such question (``absent``). ``age_ms``: since the answer
    was asked for. ``problem``: why there is no newer answer, or what is odd about this one.
    """

    value: T | None = None
    absent: bool = False
    age_ms: int | None = None
    problem: str = ""

    def unknown(self, max_age_ms: int) -> str:
        """Return why the answer says nothing now; empty when it does."""
        if self.age_ms is None:
            return f"not known yet: {self.problem}" if self.problem else "not known yet"
        if self.age_ms <= max_age_ms:
            return ""
        return f"unknown for {self.age_ms // 1000} s: {self.problem or 'no answer'}"


class VenueFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the venue lets the account do, as far as it is known.

    ``paused``: features of the Verifier. ``pause_seen``: where a paused method was met lately, empty when it was not.
    ``key_accepted``: by the relay's RPC. ``token_end_ns``: when the API key ends, UTC, None when it does not say;
    ``token_left_ms``: time until then. ``unlisted``: symbols of traded tokens that the bridge does not list.
    ``max_age_ms``: answers older than this say nothing.
    """

    locked: Known[bool] = Known()
    predecessor: Known[bool] = Known()
    paused: Known[tuple[str, ...]] = Known()
    pause_seen: str = ""
    key_accepted: Known[bool] = Known()
    token_end_ns: int | None = None
    token_left_ms: int | None = None
    unlisted: Known[tuple[str, ...]] = Known()
    max_age_ms: int = 0

    @property
    def paused_here(self) -> tuple[str, ...]:
        """Return the paused features that this desk uses, or may use: those it does not know count too."""
        return tuple(name for name in self.paused.value or () if name not in WITHOUT_EFFECT)


class _Question(Generic[T]):
    """``ask`` returns an answer and what is odd about it; None without oddity means that the service cannot answer."""

    def __init__(self, ask: Callable[[], Awaitable[tuple[T | None, str]]], monotonic_ns: Callable[[], int]) -> None:
        self._ask = ask
        self._monotonic_ns = monotonic_ns
        self._value: T | None = None
        self._read_ns: int | None = None
        self._problem = ""
        self.wanted = asyncio.Event()

    async def read(self) -> bool:
        """Ask once; False when there was no answer."""
        asked_ns = self._monotonic_ns()
        try:
            self._value, self._problem = await self._ask()
        except VenueError as exc:
            self._problem = str(exc)
            return False
        self._read_ns = asked_ns
        return True

    def known(self, now_ns: int) -> Known[T]:
        answered = self._read_ns is not None
        return Known(
            value=self._value,
            absent=answered and self._value is None,
            age_ms=age_ms(now_ns, self._read_ns),
            problem=self._problem,
        )


class VenueAccess:
    """The answers to each question, read every ``every_ms``. ``tokens``: those that are traded."""

    def __init__(
        self,
        env: Environment,
        account: str,
        api_key: str,
        tokens: Sequence[Token],
        *,
        verifier: Verifier,
        relay: RelayRpc,
        bridge: Bridge,
        every_ms: int,
    ) -> None:
        self._env = env
        self._account = account
        self._token_end_ns = end_of(api_key)
        self._tokens = tuple(tokens)
        self._verifier = verifier
        self._relay = relay
        self._bridge = bridge
        self._every_s = every_ms / 1000
        self._max_age_ms = 3 * every_ms + int(RETRY_S * 1000)
        now = env.monotonic_ns
        self._locked = _Question(self._ask_locked, now)
        self._predecessor = _Question(self._ask_predecessor, now)
        self._paused = _Question(self._ask_paused, now)
        self._key = _Question(self._ask_key, now)
        self._unlisted = _Question(self._ask_unlisted, now)
        self._pause_seen = ""
        self._pause_seen_ns: int | None = None

    def facts(self) -> VenueFacts:
        now, end_ns = self._env.monotonic_ns(), self._token_end_ns
        return VenueFacts(
            locked=self._locked.known(now),
            predecessor=self._predecessor.known(now),
            paused=self._paused.known(now),
            pause_seen=self._seen(now),
            key_accepted=self._key.known(now),
            token_end_ns=end_ns,
            token_left_ms=None if end_ns is None else (end_ns - self._env.wall_ns()) // NS_PER_MS,
            unlisted=self._unlisted.known(now),
            max_age_ms=self._max_age_ms,
        )

    def note_quote_refusal(self, text: str) -> None:
        """Take the reason for which the relay refused a quote."""
        self._note(text, "a quote was refused")

    def note_withdrawal(self, text: str) -> None:
        """Take what became known of a withdrawal."""
        self._note(text, "a withdrawal was refused")

    def _note(self, text: str, what: str) -> None:
        # One for a paused method counts for a while, and is asked about at once.
        if is_paused(text):
            self._pause_seen, self._pause_seen_ns = what, self._env.monotonic_ns()
            self._paused.wanted.set()

    async def read(self) -> None:
        """Ask everything once."""
        await asyncio.gather(*(one.read() for one in self._questions))

    async def read_account(self) -> None:
        """Ask now what decides whether the account can withdraw."""
        await asyncio.gather(*(one.read() for one in (self._locked, self._predecessor, self._paused)))

    async def run(self) -> None:
        """Ask each question on the interval, and sooner after a failure, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for one in self._questions:
                group.create_task(self._keep_asking(one))

    @property
    def _questions(self) -> tuple["_Question[bool] | _Question[tuple[str, ...]]", ...]:
        return self._locked, self._predecessor, self._paused, self._key, self._unlisted

    async def _keep_asking(self, one: "_Question[bool] | _Question[tuple[str, ...]]") -> None:
        while True:
            one.wanted.clear()
            pause = self._every_s if await one.read() else min(RETRY_S, self._every_s)
            try:
                async with asyncio.timeout(pause):
                    await one.wanted.wait()
            except TimeoutError:
                continue

    def _seen(self, now_ns: int) -> str:
        age = age_ms(now_ns, self._pause_seen_ns)
        return self._pause_seen if age is not None and age < PAUSE_SEEN_MS else ""

    async def _ask_locked(self) -> tuple[bool | None, str]:
        return await self._verifier.is_account_locked(self._account), ""

    async def _ask_predecessor(self) -> tuple[bool | None, str]:
        return await self._verifier.is_predecessor_enabled(self._account), ""

    async def _ask_paused(self) -> tuple[tuple[str, ...] | None, str]:
        listed = await self._verifier.paused_features()
        if listed is not None:
            return listed, ""
        # Without the list, simulating no intent at all shows whether intents are executed.
        if await self._verifier.settles_intents() is False:
            return (INTENTS_FEATURE,), ""
        return None, ""

    async def _ask_key(self) -> tuple[bool | None, str]:
        try:
            status = (await self._relay.get_status(NO_INTENT)).status
        except VenueError as exc:
            if exc.http_status in FORBIDDEN or str(exc).strip().lower() == UNAUTHORIZED:
                return False, f"HTTP {exc.http_status}" if exc.http_status in FORBIDDEN else str(exc)
            if isinstance(exc, RefusedError) and exc.http_status == 200:
                # It read the call, and found fault with something else than the key.
                return True, f"it refused the probe: {exc}"
            raise
        if status != UNKNOWN_INTENT:
            raise UnreachableError(plain(f"the relay's RPC knows an intent that cannot exist: {status}"))
        return True, ""

    async def _ask_unlisted(self) -> tuple[tuple[str, ...] | None, str]:
        rows = await self._bridge.supported_tokens(sorted({token.chain for token in self._tokens}))
        if not rows:
            raise UnreachableError("the bridge lists no token at all")
        # Two tokens of one chain may share an asset identifier: only the contract tells them apart.
        listed = {name for row in rows for name in (row.near_token_id, row.intents_token_id)}
        return tuple(one.symbol for one in self._tokens if not listed & {one.near_token, one.token_id}), ""
