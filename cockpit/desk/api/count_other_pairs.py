"""Counting the requests that are not for a market of ours: for a limited time, on an operator's word."""

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.api.errors import InvalidBodyError
from cockpit.desk.api.json_http import read_body, result_response
from cockpit.model.commands import LONGEST_COUNT_S, CommandRequest, OtherPairsOrder, Result
from venue.relay.client import Relay

COMMAND = "count-other-pairs"
NOT_FILTERED = "the relay sends every request already: the filter is off or was refused"
NOT_CONNECTED = "the relay is not connected; try again once it is"


class CountOtherPairs:
    """``POST /near-intents-ingest/count-other-pairs``: have the relay send every request for so many seconds."""

    def __init__(self, journal: CommandJournal, relay: Relay) -> None:
        self._journal = journal
        self._relay = relay

    def routes(self) -> list[BaseRoute]:
        return [Route(f"/near-intents-ingest/{COMMAND}", self._count, methods=["POST"])]

    async def _count(self, http: HttpRequest) -> Response:
        request, body = await read_body(http)
        try:
            order = msgspec.convert(body, OtherPairsOrder)
        except msgspec.ValidationError as error:
            raise InvalidBodyError(f'expected {{"seconds": 1 to {LONGEST_COUNT_S}}}: {error}') from None
        return result_response(self.count(request, order))

    def count(self, request: CommandRequest, order: OtherPairsOrder) -> Result:
        """Start the count, or extend it; refused where it would show nothing new."""
        done = self._journal.previous_result(request, COMMAND, msgspec.to_builtins(order))
        if done is not None:
            return done
        relay, arguments = self._relay, {"seconds": order.seconds}
        if relay.state != "ok":
            return self._journal.record_result(request, COMMAND, arguments, False, NOT_CONNECTED)
        if not relay.filtered and not relay.others.counting:
            return self._journal.record_result(request, COMMAND, arguments, False, NOT_FILTERED)
        relay.count_others(order.seconds)
        text = f"the relay sends every request for {order.seconds} s"
        return self._journal.record_result(request, COMMAND, arguments, True, text)
