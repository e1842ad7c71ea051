"""What the schemas of both engines have in common: numbered SQL files, applied forward only, and the version check."""

from collections.abc import Sequence
from pathlib import Path

from storage.errors import HistoryError

SCHEMAS = Path(__file__).parent / "schema"


def scripts(folder: Path) -> list[str]:
    """Return the text of 001_….sql, 002_….sql, … in order. Raises ValueError when a number is missing or doubled."""
    files = sorted(folder.glob("[0-9][0-9][0-9]_*.sql"))
    numbers = [int(file.name[:3]) for file in files]
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        raise ValueError(f"schema files in {folder} must be numbered 001, 002, … without a gap")
    return [file.read_text("utf-8") for file in files]


def outstanding(steps: Sequence[str], version: int, *, where: object, otherwise: str) -> list[tuple[int, str]]:
    """Return the number and text of each step that a database of this version still lacks.

    Raises HistoryError when the database is newer than the program; ``otherwise``: what to do but to update it.
    """
    if version > len(steps):
        raise HistoryError(
            f"the history {where} was written by a newer version of this program (schema {version}, this one knows "
            f"{len(steps)}): update the program, or {otherwise}"
        )
    return list(enumerate(steps, start=1))[version:]


def check_readable(version: int, folder: Path, where: object) -> None:
    """Raise HistoryError when the database has another version than this program reads."""
    known = len(scripts(folder))
    if version < known:
        raise HistoryError(
            f"the history {where} has schema {version}, this program reads {known}: start a desk once to update it"
        )
    if version > known:
        raise HistoryError(f"the history {where} has schema {version}, this program reads {known}: update the program")
