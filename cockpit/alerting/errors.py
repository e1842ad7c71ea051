"""Errors of the alert service; no text of theirs holds a URL."""


class AlertingError(Exception):
    """Base of what the alert service raises."""


class AlertsFileError(AlertingError):
    """The file of alerts cannot be used; ``problems`` says why, a line each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class DeliveryError(AlertingError):
    """A target did not take a message; the text says why."""


class AppriseMissingError(AlertingError):
    """apprise is not installed."""
