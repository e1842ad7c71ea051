"""What the signer's word is worth: the Verifier's current salt, whether its key is registered, what NEAR lets it do."""

import asyncio
from collections.abc import Callable

from cockpit.desk.composition.trading_parts import TradingParts
from venue.transport.errors import VenueError

EVERY_S = 30.0
RETRY_S = 2.0


class Credentials:
    """Keeps the executor's salt and the key's registration fresh; read at once when the salt was refused."""

    def __init__(self, workers: TradingParts, account: str, monotonic_ns: Callable[[], int]) -> None:
        self._workers = workers
        self._monotonic_ns = monotonic_ns
        self._account = account
        self._wanted = workers.credentials_wanted

    def wanted(self) -> None:
        """Ask for a reading now."""
        self._wanted.set()

    async def run(self) -> None:
        """Read all every half minute, and sooner when something failed or was asked for, until cancelled."""
        while True:
            self._wanted.clear()
            pause = EVERY_S if await self._read() else RETRY_S
            try:
                async with asyncio.timeout(pause):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    async def _read(self) -> bool:
        workers, asked_ns = self._workers, self._monotonic_ns()
        try:
            workers.executor.salt = await workers.verifier.current_salt()
            registered = await workers.verifier.has_public_key(self._account, workers.signer.public_key)
            key = await workers.rpc.access_key(self._account, workers.signer.public_key)
        except VenueError as exc:
            workers.key_problem = f"salt or key registration could not be read: {exc}"
            return False
        workers.credentials_ns = asked_ns
        workers.key_registered = registered
        workers.key_access = "none" if key is None else "full" if key.full_access else "function call"
        workers.key_problem = (
            "" if registered else f"{workers.signer.public_key} is not registered for {self._account} on the Verifier"
        )
        return True
