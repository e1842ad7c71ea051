"""Exceptions of the reports."""


class ReportsError(Exception):
    """Base of this package's exceptions."""


class InvalidChangeError(ReportsError, ValueError):
    """A replay cannot run under this setting; the text says why."""


class ChartsMissingError(ReportsError):
    """The library that draws charts is not installed."""

    def __str__(self) -> str:
        return "charts need matplotlib, which is not installed: pip install 'near-intents-cockpit[charts]'"
