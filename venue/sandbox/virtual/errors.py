"""What can go wrong in virtual time."""

from venue.sandbox.base.errors import SandboxError


class VirtualTimeError(SandboxError):
    """Raised when virtual time cannot go on."""
