"""What goes wrong in a widget that an operator can put right."""


class PanelError(Exception):
    """Base of the errors of this package."""


class InvalidFilterError(PanelError):
    """Raised when a text cannot be read as a filter; the message is one short sentence for the operator."""
