"""What a client of the relay acts on."""

from typing import Protocol

from cockpit.model.events import SwapDemand
from venue.relay.messages import QuoteStatus


class RelayListener(Protocol):
    """Acts on the relay's messages. The methods are called inside the read from the socket and must not block."""

    def on_request(self, request: SwapDemand, received_ns: int) -> None:
        """Act on a valid request for one of the markets; ``received_ns`` is monotonic."""

    def on_status(self, status: QuoteStatus) -> None:
        """Act on what became of a quote, ours or another maker's; each is passed on once, however late."""

    def on_answer(self, request_id: int, error: str | None, code: int | None = None) -> None:
        """Act on the relay's answer to a quote of ours: ``error`` is None when it was accepted, ``code`` its number."""

    def on_lost(self, reason: str) -> None:
        """Act on a lost connection: quotes without an answer will not get one."""
