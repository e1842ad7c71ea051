"""The base of every error of the sandbox."""


class SandboxError(Exception):
    """Base of the sandbox's errors; each package raises its own."""
