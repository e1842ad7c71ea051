"""Exceptions of the model."""

import msgspec


class ModelError(Exception):
    """Base of this package's exceptions."""


class InvalidAmountError(ModelError, ValueError):
    """The text is not an amount; the message says what to type."""


NOT_READABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What decoding JSON may raise: another shape, bytes that are no UTF-8, or more levels than the stack holds."""
