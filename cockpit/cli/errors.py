"""Exceptions of the commands."""


class CliError(Exception):
    """Base of this package's exceptions."""


class SettingsFileError(CliError):
    """The setup wizard did not write its file; the text says why."""


class RefusedByDeskError(CliError):
    """The desk refuses to send events; the text says why."""
