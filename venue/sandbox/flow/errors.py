"""What can be wrong with a price recording."""

from venue.sandbox.base.errors import SandboxError


class RecordingError(SandboxError, ValueError):
    """Raised for a recording that cannot be replayed; the text names the file, the line and what is wrong."""
