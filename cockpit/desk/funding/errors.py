"""Why an order to move money is not carried out.

FundingError
├── InvalidOrderError   the order itself cannot be read
└── NotPreparedError    it was readable, and nothing was signed that could be sent
"""


class FundingError(Exception):
    """Base of the refusals; the text is for the operator: the reason and what to do."""


class InvalidOrderError(FundingError):
    """Raised for an order with a value that is missing or wrong; the text names what to give instead."""


class NotPreparedError(FundingError):
    """Raised when nothing was signed that could be sent: nothing left, and nothing will."""
