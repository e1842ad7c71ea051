"""What a history raises; the text says what happened and what to do, and is fit to be shown."""


class HistoryError(Exception):
    """Raised when the history cannot be opened, read or written."""


class AccountLockedError(HistoryError):
    """Raised when another desk holds the account in a database that several machines can reach."""
