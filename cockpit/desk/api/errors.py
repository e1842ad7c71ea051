"""Why a request to the control API is not carried out.

ApiError
└── InvalidBodyError   the body is not what the route expects
"""


class ApiError(Exception):
    """Base of the errors that a client gets as an answer; the text says what to send instead."""


class InvalidBodyError(ApiError):
    """Raised for a request body that is not the JSON object it must be."""
