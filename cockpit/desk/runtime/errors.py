"""Why a desk does not start.

DeskStartError
├── AlreadyRunningError   another desk holds the state directory or the account
└── StateDirError         the state directory or the directory of locks cannot be used
"""


class DeskStartError(Exception):
    """Base of the reasons why a desk does not start; the text says what to do."""


class AlreadyRunningError(DeskStartError):
    """Raised when another desk holds the lock; the text names it."""


class StateDirError(DeskStartError):
    """Raised when a directory, a lock or a socket in it cannot be used."""
