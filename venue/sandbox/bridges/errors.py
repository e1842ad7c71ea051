"""The bridge's error answers."""

from venue.sandbox.base.errors import SandboxError


class BridgeError(SandboxError):
    """Raised for a request that the bridge answers with an error; ``str()`` is the bridge's own text."""

    def __init__(self, text: str, code: int = -32000) -> None:
        super().__init__(text)
        self.code = code
