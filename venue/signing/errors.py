"""Why nothing was signed."""


class SigningError(Exception):
    """Base of this package's errors."""


class RefusedToSignError(SigningError):
    """Raised for anything that this signer does not sign; the text names the rule it breaks."""


class InvalidAddressError(SigningError, ValueError):
    """Raised for a text that is no address money may be sent to; the text explains why and what to enter."""
