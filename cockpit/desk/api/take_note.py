"""Notes of the operator: a sentence in the journal, beside what happened then. It changes nothing."""

from collections.abc import Mapping

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.api.json_http import read_body, result_response
from cockpit.model.commands import MAX_NOTE, NOTE, CommandRequest, Result
from venue.transport.jsonrpc import plain

EMPTY = 'a note needs a text: {"text": "the bank is closed today"}'


class TakeNote:
    """``POST /notes``. The result's reason is the note, so that the journal shows it."""

    def __init__(self, journal: CommandJournal) -> None:
        self._journal = journal

    def routes(self) -> list[BaseRoute]:
        return [Route("/notes", self._post, methods=["POST"])]

    async def _post(self, http: HttpRequest) -> Response:
        request, body = await read_body(http)
        return result_response(self.take(request, body))

    def take(self, request: CommandRequest, body: Mapping[str, object]) -> Result:
        given = body.get("text")
        text = plain(given, MAX_NOTE) if isinstance(given, str) else ""
        arguments = {"text": text}
        done = self._journal.previous_result(request, NOTE, arguments)
        if done is not None:
            return done
        return self._journal.record_result(request, NOTE, arguments, bool(text), text or EMPTY)
