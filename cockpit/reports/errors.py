"""Exceptions of the reports."""

from pathlib import Path


class ReportsError(Exception):
    """Base of this package's exceptions."""


class InvalidChangeError(ReportsError, ValueError):
    """A replay cannot run under this setting; the text says why."""


class ChartsMissingError(ReportsError):
    """The library that draws charts is not installed."""

    def __str__(self) -> str:
        return "charts need matplotlib, which is not installed: pip install 'near-intents-cockpit[charts]'"


class PageFileError(ReportsError):
    """A report cannot be written to this file."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"the report cannot be written to {path}: {why}")


class InvalidQueryError(ReportsError, ValueError):
    """What is looked for in the history cannot be read; the text says why."""
