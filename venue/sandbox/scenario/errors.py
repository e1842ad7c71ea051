"""What is wrong with a scenario."""

from collections.abc import Sequence

from venue.sandbox.base.errors import SandboxError


class ScenarioError(SandboxError, ValueError):
    """Raised for a scenario that cannot be played. ``problems``: one sentence for each wrong entry."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)
