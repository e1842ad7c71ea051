"""Exceptions of the model."""


class ModelError(Exception):
    """Base of this package's exceptions."""


class InvalidAmountError(ModelError, ValueError):
    """The text is not an amount; the message says what to type."""
