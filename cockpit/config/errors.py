"""Exceptions of the settings."""


class ConfigError(Exception):
    """Base of this package's exceptions."""


class SettingsError(ConfigError):
    """The settings cannot be used. ``problems``: a line for each, naming the variable and never a value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InvalidSettingError(ConfigError, ValueError):
    """One value cannot be used; the text says what is expected and quotes nothing of the value."""
