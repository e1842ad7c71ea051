"""Exceptions of the processes a cockpit or a command runs."""


class ProcessError(Exception):
    """Base of this package's exceptions."""


class ProcessStartError(ProcessError):
    """A process ended or was silent before it was ready; the text holds the last lines of its log."""


class DeskUnavailableError(ProcessError):
    """The desk cannot be asked; the text says why."""


class SandboxRunError(ProcessError):
    """A headless sandbox run could not be carried out; the text says why."""


class UnprovenHolderError(ProcessError):
    """A process is not certain to be the desk, so it is sent no signal; the text says why."""
