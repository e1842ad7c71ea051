"""Orders of withdrawals without a known outcome, on disk: whoever quits the cockpit does not lose their keys."""

import contextlib
import os
from hashlib import sha256
from pathlib import Path

import msgspec

from cockpit.commands import WithdrawalOrder, WithdrawalReview


class Kept(msgspec.Struct, frozen=True):
    """An order that may have been taken, and the review it was made by. It holds no secret."""

    order: WithdrawalOrder
    review: WithdrawalReview


class KeptOrders:
    """One file an order, named by its idempotency key, readable by nobody else, in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, kept: Kept) -> None:
        """Have it on disk before it is sent. Raises OSError when that cannot be."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(kept.order.idempotency_key)
        part = path.with_suffix(f".{os.getpid()}.part")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, msgspec.json.encode(kept))
            os.fsync(handle)
        finally:
            os.close(handle)
        part.replace(path)
        self._sync()

    def drop(self, key: str) -> None:
        """Its outcome is known. A file that cannot be removed is offered once more, which harms nothing."""
        with contextlib.suppress(OSError):
            self._path(key).unlink()
            self._sync()

    def holds(self, key: str) -> bool:
        """Whether the order is still without an outcome; another cockpit may have learnt it."""
        return self._path(key).exists()

    def left(self) -> tuple[Kept, ...]:
        """What earlier cockpits left, oldest first; a file that cannot be read is left alone."""
        found = []
        with contextlib.suppress(OSError):
            for path in self._directory.glob("*.json"):
                with contextlib.suppress(OSError, msgspec.MsgspecError):
                    found.append((path.stat().st_mtime_ns, msgspec.json.decode(path.read_bytes(), type=Kept)))
        return tuple(kept for _, kept in sorted(found, key=lambda pair: pair[0]))

    def _path(self, key: str) -> Path:
        return self._directory / f"{sha256(key.encode()).hexdigest()[:24]}.json"

    def _sync(self) -> None:
        handle = os.open(self._directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
