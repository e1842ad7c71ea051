"""What can be wrong with a frame log."""

from venue.sandbox.base.errors import SandboxError


class FrameLogError(SandboxError, ValueError):
    """Raised for a frame log that cannot be read; the text names the file and the line."""
