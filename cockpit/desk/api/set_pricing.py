"""Changing how quotes are priced while the desk runs, and seeing first what the change would have done."""

import asyncio
from collections.abc import Callable, Mapping

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cockpit.config.preset_file import Presets
from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.api.json_http import as_json, read_body, result_response
from cockpit.desk.market.pricing_in_force import PricingInForce
from cockpit.desk.quoting.kept_requests import KeptRequests
from cockpit.desk.quoting.pricing_preview import preview_in_slices
from cockpit.desk.risk.limits import LimitsInForce
from cockpit.model.commands import CommandRequest, Result
from cockpit.model.environment import Environment
from cockpit.model.giving_way import give_way
from cockpit.model.pricing.pricing_set import (
    FOLLOWING_LIMITS,
    PRESET,
    PRICING_NAMES,
    PricingPreview,
    PricingSet,
    PricingTerms,
    change_text,
)

COMMAND = "set pricing"
PREVIEW = "preview pricing"
NOTHING_CHANGED = "nothing changed"
BUSY = "another preview is running; try again in a moment"
PATH = "/strategy-engine/pricing"
NO_PRESETS = Presets(values={})
MOST_NAMED = 5
"""Values of a preset that are named in the journal's sentence."""


class SetPricing:
    """``PUT /strategy-engine/pricing``: change some values; the set is accepted as a whole or stays as it was.

    ``GET`` returns the set and the presets, ``POST …/preview`` what a change would have made of the kept requests.
    ``presets`` reads the file of presets.
    """

    def __init__(
        self,
        journal: CommandJournal,
        pricing: PricingInForce,
        limits: LimitsInForce,
        kept: KeptRequests,
        env: Environment,
        *,
        presets: Callable[[], Presets],
    ) -> None:
        self._journal = journal
        self._pricing = pricing
        self._limits = limits
        self._kept = kept
        self._env = env
        self._presets = presets
        self._previewing = asyncio.Lock()

    def routes(self) -> list[BaseRoute]:
        return [
            Route(PATH, self._set, methods=["PUT"]),
            Route(PATH, self._get, methods=["GET"]),
            Route(f"{PATH}/preview", self._preview, methods=["POST"]),
        ]

    @property
    def current(self) -> PricingSet:
        return PricingSet(params=self._pricing.current, limits=self._limits.current, lives=self._pricing.lives)

    async def _get(self, http: HttpRequest) -> Response:
        presets = await asyncio.to_thread(self._presets)
        return as_json(PricingTerms(values=self.current.values(), presets=presets.values, problems=presets.problems))

    async def _set(self, http: HttpRequest) -> Response:
        request, patch = await read_body(http)
        presets = await self._named(patch)
        return result_response(self.set(request, patch, presets))

    async def _preview(self, http: HttpRequest) -> Response:
        request, patch = await read_body(http)
        found = await self.preview(patch, await self._named(patch))
        if isinstance(found, PricingPreview):
            return as_json(found)
        # Nothing is changed by looking, so that nothing is journalled.
        result = Result(
            command_id=request.command_id, command=PREVIEW, accepted=False, reason=found, at_ns=self._env.wall_ns()
        )
        return result_response(result)

    async def _named(self, patch: Mapping[str, object]) -> Presets:
        # A file is read only where a preset is named, and beside the loop.
        return await asyncio.to_thread(self._presets) if PRESET in patch else NO_PRESETS

    def set(self, request: CommandRequest, patch: Mapping[str, object], presets: Presets = NO_PRESETS) -> Result:
        """Put the changed values in force from the next decision on; refused when the set is not valid."""
        done = self._journal.previous_result(request, COMMAND, patch)
        if done is not None:
            return done
        now = self.current
        wanted, problems = self._wanted(now, patch, presets)
        if wanted is None:
            return self._journal.record_result(request, COMMAND, patch, False, "; ".join(problems))
        if wanted.limits != now.limits:
            self._limits.replace(wanted.limits)
        self._pricing.replace(wanted.params, wanted.lives)
        return self._journal.record_result(request, COMMAND, patch, True, _sentence(now, wanted, patch))

    async def preview(self, patch: Mapping[str, object], presets: Presets) -> PricingPreview | str:
        """Decide the kept requests under both sets, a few at a time; or return why that is refused."""
        now = self.current
        wanted, problems = self._wanted(now, patch, presets)
        if wanted is None:
            return "; ".join(problems)
        if self._previewing.locked():
            return BUSY
        async with self._previewing:
            # To read the change takes as long as some decisions, and to choose from thousands of requests does, too.
            await give_way()
            at_ns = self._env.wall_ns()
            kept = self._kept.of_last_hour(at_ns)
            await give_way()
            for found in preview_in_slices(kept, now, wanted, at_ns):
                if found is not None:
                    return found
                await give_way()
        raise AssertionError("a preview ends with its result")

    def _wanted(
        self, now: PricingSet, patch: Mapping[str, object], presets: Presets
    ) -> tuple[PricingSet | None, tuple[str, ...]]:
        if PRESET not in patch:
            return now.changed(patch, self._limits.followed)
        name = patch[PRESET]
        values = presets.values.get(name) if isinstance(name, str) else None
        if values is None:
            known = ", ".join(presets.values)
            return None, (f"there is no such preset; there are {known}", *presets.problems)
        own = {key: value for key, value in patch.items() if key != PRESET}
        return now.changed({**values, **own}, self._limits.followed)


def _sentence(now: PricingSet, wanted: PricingSet, patch: Mapping[str, object]) -> str:
    differences = now.differences(wanted)
    followed = [change_text(name, *differences[name]) for name in FOLLOWING_LIMITS if name in differences]
    before, values = now.values(), wanted.values()
    named = [name for name in patch if name != PRESET]
    start, more = "", ""
    if PRESET in patch:
        start = f"preset {patch[PRESET]}: "
        named = [*named, *(name for name in differences if name not in named and name in PRICING_NAMES)]
        more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
        named = named[:MOST_NAMED]
    listed = ", ".join(change_text(name, before[name], values[name]) for name in named)
    if not listed:
        return f"{start}{NOTHING_CHANGED}"
    return ", ".join([f"{start}{listed}{more}", *followed])
