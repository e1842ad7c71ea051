"""What a history raises; the text says what happened and what to do, and is fit to be shown."""


class HistoryError(Exception):
    """Raised when the history cannot be opened, read or written."""


class RefusedDataError(HistoryError):
    """Raised when a database refuses what is in a row; nothing of the batch was written, and it would refuse again."""


class AccountLockedError(HistoryError):
    """Raised when another desk holds the account in a database that several machines can reach."""


class UnknownTopicError(HistoryError):
    """No event has this topic; the text names the nearest one."""
