"""What the operator chose on the screen, in a small file: theme, layout, times, lists and filters."""

import contextlib
import os
from pathlib import Path

import msgspec

from cockpit.model.printable import printable
from panels.kit.actions import PANELS
from panels.kit.rows.arrangement import Arrangement, Times
from panels.kit.rows.saved_filters import SavedFilters
from panels.kit.theme import NAMES

FILE = "cockpit.json"
MAX_BYTES = 64_000
MAX_COLUMNS = 30
MAX_NAME = 40
MAX_ASIDE = 9


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """``theme``: a name as in the settings, empty before one was chosen. ``lists``, ``filters``: by a panel's id."""

    theme: str = ""
    panel: str = ""
    picked: tuple[str, ...] = ()
    zoomed: bool = False
    times: Times = "ages"
    lists: dict[str, Arrangement] = {}
    filters: dict[str, SavedFilters] = {}

    def valid(self) -> "Preferences":
        """Return what of it this program knows; another version may have written the file."""
        panels = [ident for ident, _ in PANELS]
        return Preferences(
            theme=self.theme if self.theme in NAMES else "",
            panel=self.panel if self.panel in panels else "",
            picked=tuple(ident for ident in self.picked if ident in panels),
            zoomed=self.zoomed,
            times=self.times,
            lists={ident: each for ident, each in self.lists.items() if ident in panels and _known(each)},
            filters={ident: each.valid() for ident, each in self.filters.items() if ident in panels},
        )


def _known(arrangement: Arrangement) -> bool:
    names = (*arrangement.left_out, arrangement.by)
    return len(names) <= MAX_COLUMNS and all(len(name) <= MAX_NAME and name.isprintable() for name in names)


class PreferencesFile:
    """Read at the start and written whenever something was chosen.

    A file that cannot be used is put aside before anything is written in its place; ``problem`` says so.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: Preferences | None = None
        self._writable = True
        self.problem = ""

    def read(self) -> Preferences:
        found, why = Preferences(), ""
        try:
            with self._path.open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
            if len(raw) > MAX_BYTES:
                why = f"longer than {MAX_BYTES:,} bytes"
            else:
                decoded = msgspec.json.decode(raw, type=Preferences)
                found = decoded.valid()
                why = "some of its filters cannot be used" if found.filters != decoded.filters else ""
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            why = error.strerror or type(error).__name__
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            why = printable(str(error))
        if why:
            self._put_aside(why)
        self._written = found
        return found

    def _put_aside(self, why: str) -> None:
        for number in range(1, MAX_ASIDE + 1):
            aside = self._path.with_name(f"{self._path.name}.broken{number}")
            try:
                os.link(self._path, aside, follow_symlinks=False)
            except FileExistsError:
                continue
            except OSError:
                break
            self.problem = f"{self._path}: {why}. It is kept as {aside.name}; the rest starts anew"
            return
        # Nothing of it is lost: what is chosen now is not kept.
        self._writable = False
        self.problem = f"{self._path}: {why}. Nothing is remembered until it is mended or moved away"

    def write(self, preferences: Preferences) -> None:
        """Keep it where it changed; a directory that takes no file keeps nothing, and nothing else is lost by it."""
        if preferences == self._written or not self._writable:
            return
        self._written = preferences
        whole = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(preferences))
            whole.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                whole.unlink()


def theme_at_start(named: str, remembered: str, colours: int) -> tuple[str, str]:
    """Return the theme as the settings name it, and what is to be said about it.

    What a setting names comes first, then what was chosen last. A terminal of few colours would show any other theme in
    colours that are not its own.
    """
    wanted = named or remembered or "dark"
    if wanted not in NAMES:
        return theme_at_start("", remembered, colours)[0], f"no theme {wanted}; there are {', '.join(NAMES)}"
    if colours < 16:
        return "plain", ""
    return ("16" if colours < 256 and wanted != "plain" else wanted), ""
