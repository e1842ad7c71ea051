"""A note in the state directory that the tour was taken or declined, so that it is offered on a first start only."""

import contextlib
import os
from pathlib import Path
from typing import Literal

Answered = Literal["taken", "declined"]


class TourSeen:
    """One small file. That it cannot be read or written is no error: the tour is then offered once more."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def there(self) -> bool:
        """Whether somebody has taken or declined the tour before."""
        with contextlib.suppress(OSError):
            return self._path.exists()
        return False

    def write(self, answer: Answered) -> None:
        """Remember it."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(f"{answer}\n")
