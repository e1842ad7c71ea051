"""Changing how quotes are priced while the desk runs."""

from collections.abc import Mapping

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.api.json_http import read_body, result_response
from cockpit.desk.market.pricing_in_force import PricingInForce
from cockpit.model.commands import CommandRequest, PriceParams, Result

COMMAND = "set pricing"
NOTHING_CHANGED = "nothing changed"


class SetPricing:
    """``PUT /strategy-engine/pricing``: change some parameters; the set is accepted as a whole or stays as it was."""

    def __init__(self, journal: CommandJournal, pricing: PricingInForce) -> None:
        self._journal = journal
        self._pricing = pricing

    def routes(self) -> list[BaseRoute]:
        return [Route("/strategy-engine/pricing", self._set, methods=["PUT"])]

    async def _set(self, http: HttpRequest) -> Response:
        request, patch = await read_body(http)
        return result_response(self.set(request, patch))

    def set(self, request: CommandRequest, patch: Mapping[str, object]) -> Result:
        """Put the changed parameters in force from the next decision on; refused when one is not valid."""
        done = self._journal.previous_result(request, COMMAND, patch)
        if done is not None:
            return done
        wanted, problems = self._patched(patch)
        if wanted is None:
            return self._journal.record_result(request, COMMAND, patch, False, "; ".join(problems))
        self._pricing.replace(wanted)
        text = ", ".join(f"{name} = {getattr(wanted, name)}" for name in patch) or NOTHING_CHANGED
        return self._journal.record_result(request, COMMAND, patch, True, text)

    def _patched(self, patch: Mapping[str, object]) -> tuple[PriceParams | None, tuple[str, ...]]:
        unknown = sorted(patch.keys() - set(PriceParams.__struct_fields__))
        if unknown:
            expected = ", ".join(PriceParams.__struct_fields__)
            return None, (f"unknown parameter {unknown[0]}; expected some of {expected}",)
        try:
            current = msgspec.to_builtins(self._pricing.current)
            wanted = msgspec.convert({**current, **patch}, PriceParams, strict=False)
        except msgspec.ValidationError as exc:
            return None, (f"the parameters cannot be read: {exc}",)
        problems = wanted.problems()
        return (None if problems else wanted), problems
