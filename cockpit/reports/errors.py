"""Exceptions of the reports."""


class ReportsError(Exception):
    """Base of this package's exceptions."""


class InvalidChangeError(ReportsError, ValueError):
    """A replay cannot run under this setting; the text says why."""
