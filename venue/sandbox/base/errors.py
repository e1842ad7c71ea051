"""The base of every error of the sandbox, and what is wrong with its settings."""

import msgspec


class SandboxError(Exception):
    """Base of the sandbox's errors; each package raises its own."""


class SettingError(SandboxError, msgspec.ValidationError):
    """A setting or a fault that there is not, or a value that it cannot have."""
