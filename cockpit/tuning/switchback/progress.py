"""How far a plan has come, in a file beside it: what was in force before is on disk before anything is changed."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec

from cockpit.config.owned_file import read_owned
from cockpit.tuning.switchback.errors import ProgressError
from cockpit.tuning.switchback.messages import RUNS_ALREADY

SUFFIX = ".progress"
LOCK_SUFFIX = ".lock"


class Progress(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``step`` is the one that runs, ``done_s`` its seconds so far. ``run_id``: of the desk that was changed.

    ``before``: the half spread before the plan; ``asked``: the one that was last asked for, which may be in force,
    None when the one before is; ``replaced``: what that was to replace, while nobody has seen it in force.
    """

    plan: str
    step: Annotated[int, msgspec.Meta(ge=0)] = 0
    done_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    run_id: str = ""
    before: Decimal | None = None
    asked: Decimal | None = None
    replaced: Decimal | None = None

    def may_be_in_force(self, width: Decimal) -> bool:
        """Return whether this half spread is there by the plan, or was there before it."""
        return width in (self.before, self.asked, self.replaced)


class ProgressFile:
    """Keeps the progress of one plan."""

    def __init__(self, plan_path: Path, digest: str) -> None:
        self._path = plan_path.with_name(plan_path.name + SUFFIX)
        self._digest = digest
        self.current = self._read()

    def _read(self) -> Progress:
        found = read_owned(self._path, others_may="read")
        if found.problem:
            raise ProgressError(found.problem)
        if found.text is None:
            return Progress(plan=self._digest)
        try:
            progress = msgspec.json.decode(found.text, type=Progress)
        except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as exc:
            raise ProgressError(f"{self._path} cannot be read: {exc}") from None
        if progress.plan != self._digest:
            raise ProgressError(
                f"{self._path} is of another plan: restore it with the plan that it belongs to, or remove the file"
            )
        return progress

    def save(self, **changes: object) -> None:
        """Change the progress; it is on disk when this returns. Raises ProgressError."""
        changed = msgspec.structs.replace(self.current, **changes)
        try:
            write_durably(self._path, msgspec.json.encode(changed))
        except OSError as error:
            raise ProgressError(f"cannot write {self._path}: {error.strerror}") from None
        self.current = changed


def write_durably(path: Path, content: bytes) -> None:
    """Replace the file as a whole, for its owner alone. Raises OSError."""
    draft = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def alone(plan_path: Path) -> Iterator[None]:
    """Hold the plan. Raises ProgressError when another process does."""
    lock = plan_path.with_name(plan_path.name + LOCK_SUFFIX)
    try:
        handle = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ProgressError(f"cannot write {lock}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ProgressError(RUNS_ALREADY) from None
        yield
    finally:
        os.close(handle)
