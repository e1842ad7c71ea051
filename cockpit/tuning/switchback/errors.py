"""Exceptions of switchbacks."""

from cockpit.tuning.errors import TuningError


class SwitchbackError(TuningError):
    """Base of this package's exceptions."""


class InvalidPlanError(SwitchbackError, ValueError):
    """A plan cannot be made or read; the text says why."""


class ProgressError(SwitchbackError):
    """The progress of a plan cannot be read, written or locked; the text says why."""
