"""Withdrawal orders without a known outcome, on disk: quitting the cockpit does not lose their keys."""

import contextlib
import os
from hashlib import sha256
from pathlib import Path

import msgspec

from cockpit.config.owned_file import read_owned
from cockpit.model.commands import WithdrawalOrder, WithdrawalReview
from cockpit.model.errors import NOT_READABLE

MAX_BYTES = 256 * 1024
"""Of one file: an order and its review have a few thousand."""


class PendingOrder(msgspec.Struct, frozen=True):
    """An order that the desk may have taken, and the review it was made by. It holds no secret."""

    order: WithdrawalOrder
    review: WithdrawalReview


class UnreadableOrder(msgspec.Struct, frozen=True):
    """A file that may hold such an order and cannot be read."""

    path: Path
    reason: str


class LeftOrders(msgspec.Struct, frozen=True):
    """What earlier cockpits left without an outcome, oldest first."""

    orders: tuple[PendingOrder, ...] = ()
    unreadable: tuple[UnreadableOrder, ...] = ()


class PendingOrders:
    """One file per order in ``directory``, named after its idempotency key, readable by its owner only."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, pending: PendingOrder) -> None:
        """Write the order to disk, before it is sent. Raises OSError."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(pending.order.idempotency_key)
        part = path.with_suffix(f".{os.getpid()}.part")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.write(handle, msgspec.json.encode(pending))
            os.fsync(handle)
        finally:
            os.close(handle)
        part.replace(path)
        self._sync()

    def drop(self, key: str) -> None:
        """Remove an order with a known outcome. A file that cannot be removed is offered once more, which is safe."""
        with contextlib.suppress(OSError):
            self._path(key).unlink()
            self._sync()

    def holds(self, key: str) -> bool:
        """Return whether the order is still without an outcome; another cockpit may have learnt it."""
        return self._path(key).exists()

    def left(self) -> LeftOrders:
        """Read what is there. A file that cannot be read is never removed: a person must look at it."""
        found: list[tuple[int, PendingOrder]] = []
        unreadable: list[UnreadableOrder] = []
        try:
            paths = sorted(path for path in self._directory.iterdir() if path.suffix == ".json")
        except FileNotFoundError:
            return LeftOrders()
        except OSError as error:
            return LeftOrders(unreadable=(UnreadableOrder(self._directory, error.strerror or str(error)),))
        for path in paths:
            file = read_owned(path, others_may="anything", max_bytes=MAX_BYTES)
            if file.problem:
                unreadable.append(UnreadableOrder(path, file.problem))
            if file.text is None:
                continue  # Unreadable, or another cockpit has just learnt its outcome.
            try:
                found.append((path.stat().st_mtime_ns, msgspec.json.decode(file.text, type=PendingOrder)))
            except FileNotFoundError:
                continue
            except (OSError, *NOT_READABLE) as error:
                reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                unreadable.append(UnreadableOrder(path, reason))
        return LeftOrders(tuple(order for _, order in sorted(found, key=lambda pair: pair[0])), tuple(unreadable))

    def _path(self, key: str) -> Path:
        return self._directory / f"{sha256(key.encode()).hexdigest()[:24]}.json"

    def _sync(self) -> None:
        handle = os.open(self._directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
