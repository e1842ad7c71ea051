"""What PostgreSQL's errors mean to an operator."""

import asyncpg

from storage.messages import RECONNECTS, RECOVERS
from storage.postgres.address import DatabaseAddress

_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (asyncpg.InvalidPasswordError, "refuses the login: check the user and the password of POSTGRES_URL"),
    (asyncpg.InvalidAuthorizationSpecificationError, "refuses the login: check POSTGRES_URL and the server's pg_hba"),
    (asyncpg.InvalidCatalogNameError, "does not exist: create it with `createdb`, or correct POSTGRES_URL"),
    (asyncpg.DiskFullError, f"cannot grow, the server's disk is full: free some space; {RECOVERS}"),
    (asyncpg.LockNotAvailableError, f"is locked by another session: end that one; {RECOVERS}"),
    (asyncpg.InsufficientPrivilegeError, "denies access: grant the user of POSTGRES_URL rights on schema and tables"),
    (asyncpg.ReadOnlySQLTransactionError, "is read-only, as a standby is: point POSTGRES_URL to the primary"),
    (asyncpg.TooManyConnectionsError, "has no connection left: close some, or raise max_connections"),
    (asyncpg.CannotConnectNowError, f"is starting or stopping: {RECONNECTS}"),
    (asyncpg.AdminShutdownError, f"was shut down: start it; {RECONNECTS}"),
    (asyncpg.CrashShutdownError, f"crashed: start it; {RECONNECTS}"),
    (asyncpg.PostgresConnectionError, f"closed the connection: {RECONNECTS}"),
    (asyncpg.InternalClientError, f"closed the connection: {RECONNECTS}"),
    (asyncpg.InterfaceError, f"closed the connection: {RECONNECTS}"),
    (TimeoutError, "does not answer: check the server and the network to it"),
    (ConnectionRefusedError, "cannot be reached, nothing listens there: start the server, or correct POSTGRES_URL"),
    (OSError, "cannot be reached: check the server, the network to it and POSTGRES_URL"),
)

FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""What any use of the connection may raise; the driver's internal error when the server died in mid-answer."""


_REFUSING = ("22", "23", "54")
"""Classes of SQLSTATE: data exceptions, violated constraints, limits such as the size of an index's row."""


def is_refusal(error: BaseException) -> bool:
    """Return whether the error is about what is in a row, so that the same row would be refused again."""
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return state[:2] in _REFUSING
    return isinstance(error, UnicodeError | OverflowError)


def explain(where: DatabaseAddress, error: BaseException) -> str:
    """Say in one sentence what is wrong with the history there, and what to do."""
    for kind, cause in _CAUSES:
        if isinstance(error, kind):
            detail = "" if isinstance(error, TimeoutError) else _first_line(error)
            return f"the history {where} {cause}{f' ({detail})' if detail else ''}"
    return f"the history {where} failed: {type(error).__name__}: {_first_line(error)}"


def _first_line(error: BaseException) -> str:
    # The message alone: the details of a server's error may repeat what is in the row.
    return str(error.args[0] if error.args else "").split("\n")[0][:200]
