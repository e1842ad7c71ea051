"""Keeps fresh what the signer's signatures depend on: the Verifier's salt and the registration of the key."""

import asyncio
from typing import Literal

from cockpit.desk.quoting.executor import Executor
from cockpit.model.environment import Environment
from venue.near.rpc import NearRpc
from venue.transport.errors import VenueError
from venue.verifier import Verifier

EVERY_S = 30.0
RETRY_S = 2.0


class KeyStatus:
    """What the venue says of the signing key.

    ``registered`` is None until the Verifier was read; ``problem`` is why the key cannot sign, empty when it can.
    ``read_ns``: when salt and registration were last read, monotonic, None before.
    """

    __slots__ = ("access", "problem", "read_ns", "registered")

    def __init__(self) -> None:
        self.registered: bool | None = None
        self.access: Literal["full", "function call", "none", "unknown"] = "unknown"
        self.problem = ""
        self.read_ns: int | None = None


class Credentials:
    """Reads salt and key status on an interval, and at once when ``requested`` is set."""

    def __init__(
        self,
        env: Environment,
        account: str,
        public_key: str,
        verifier: Verifier,
        rpc: NearRpc,
        executor: Executor,
        *,
        requested: asyncio.Event,
    ) -> None:
        self._env = env
        self._account = account
        self._public_key = public_key
        self._verifier = verifier
        self._rpc = rpc
        self._executor = executor
        self._requested = requested
        self.key = KeyStatus()

    def request_read(self) -> None:
        self._requested.set()

    async def run(self) -> None:
        """Read every half minute, and sooner when a reading failed or was requested, until cancelled."""
        while True:
            self._requested.clear()
            pause = EVERY_S if await self.read() else RETRY_S
            try:
                async with asyncio.timeout(pause):
                    await self._requested.wait()
            except TimeoutError:
                continue

    async def read(self) -> bool:
        """Read once; False when a service did not answer."""
        key, requested_ns = self.key, self._env.monotonic_ns()
        try:
            self._executor.salt = await self._verifier.current_salt()
            registered = await self._verifier.has_public_key(self._account, self._public_key)
            access = await self._rpc.access_key(self._account, self._public_key)
        except VenueError as exc:
            key.problem = f"salt or key registration could not be read: {exc}"
            return False
        key.read_ns = requested_ns
        key.registered = registered
        key.access = "none" if access is None else "full" if access.full_access else "function call"
        key.problem = "" if registered else f"{self._public_key} is not registered for {self._account} on the Verifier"
        return True
