"""Exceptions of tuning."""


class TuningError(Exception):
    """Base of this package's exceptions."""


class InvalidCandidateError(TuningError, ValueError):
    """A candidate cannot be priced by; the text says why."""
