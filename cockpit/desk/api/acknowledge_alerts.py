"""Acknowledging alerts: somebody has seen them, so that none of them is told to others for want of it."""

from collections.abc import Callable

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.api.json_http import read_body, result_response
from cockpit.model.alerts.messages import ACKNOWLEDGED, NOT_CONFIGURED
from cockpit.model.commands import CommandRequest, Result

COMMAND = "acknowledge-alerts"


class AcknowledgeAlerts:
    """``POST /alerts/acknowledge``. ``acknowledge`` gets the actor and returns whether alerts are configured."""

    def __init__(self, journal: CommandJournal, acknowledge: Callable[[str], bool]) -> None:
        self._journal = journal
        self._acknowledge = acknowledge

    def routes(self) -> list[BaseRoute]:
        return [Route("/alerts/acknowledge", self._post, methods=["POST"])]

    async def _post(self, http: HttpRequest) -> Response:
        request, _ = await read_body(http)
        return result_response(self.acknowledge(request))

    def acknowledge(self, request: CommandRequest) -> Result:
        done = self._journal.previous_result(request, COMMAND, {})
        if done is not None:
            return done
        accepted = self._acknowledge(request.actor)
        return self._journal.record_result(request, COMMAND, {}, accepted, ACKNOWLEDGED if accepted else NOT_CONFIGURED)
