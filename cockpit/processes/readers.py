"""Opening a history for reading, beside the desk that writes it."""

from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.accounting.earnings import Recalled
from cockpit.config.settings import Settings
from cockpit.reports.past.earned import recall

if TYPE_CHECKING:
    from storage.postgres.reader import PostgresReader
    from storage.sqlite.reader import SqliteReader


def reader_of(where: Path | str) -> "SqliteReader | PostgresReader":
    """Open a history by its file or its URL. Raises HistoryError."""
    if isinstance(where, Path):
        from storage.sqlite.reader import SqliteReader

        return SqliteReader(where)
    from storage.postgres.reader import PostgresReader

    return PostgresReader(where)


def place_of(settings: Settings) -> Path | str:
    """Return where the history of these settings is: a file, or the URL of a database."""
    return settings.history_path if settings.postgres_url is None else settings.postgres_url.reveal()


def recall_day(settings: Settings, day_ns: int, started_ns: int) -> Recalled:
    """Read what the account's earlier runs of the day earned. Raises HistoryError."""
    with reader_of(place_of(settings)) as reader:
        return recall(reader, settings.tokens, day_ns=day_ns, started_ns=started_ns)
