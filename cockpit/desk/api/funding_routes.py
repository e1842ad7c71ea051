"""The funding routes: withdrawals reviewed, ordered, tracked and frozen; deposits notified; the key registered."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.api.errors import InvalidBodyError
from cockpit.desk.api.json_http import as_json, read_after_acting, read_body, result_response
from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.errors import InvalidOrderError
from cockpit.desk.funding.freeze import Freeze
from cockpit.desk.funding.key_registration import KeyRegistration
from cockpit.desk.funding.orders import WithdrawalOrders
from cockpit.desk.funding.tracking.commands import TRACK, UNTRACK, TrackingCommands
from cockpit.model.commands import CommandRequest, Result, WithdrawalOrder

PATH = "/liquidity-manager"
FREEZE = "freeze-withdrawals"
FROZEN = "withdrawals frozen"
EXPECTED_FREEZE = 'the body must hold "frozen": true or false, and nothing else'

Body = dict[str, object]


class FundingRoutes:
    """Routes below ``/liquidity-manager``. ``on_registered`` is called after an attempt to register the key."""

    def __init__(
        self,
        journal: CommandJournal,
        orders: WithdrawalOrders,
        tracking: TrackingCommands,
        freeze: Freeze,
        deposits: DepositTracker,
        registration: KeyRegistration,
        *,
        on_registered: Callable[[], None],
    ) -> None:
        self._journal = journal
        self._orders = orders
        self._tracking = tracking
        self._freeze = freeze
        self._deposits = deposits
        self._registration = registration
        self._on_registered = on_registered

    def routes(self) -> list[BaseRoute]:
        handlers: dict[str, Callable[[HttpRequest], Awaitable[Response]]] = {
            "withdrawal-estimate": self._estimate,
            "withdraw": self._once("withdraw", self._withdraw),
            TRACK: self._once(TRACK, self._track),
            UNTRACK: self._once(UNTRACK, self._untrack),
            "freeze-withdrawals": self._set_freeze_once,
            "notify-deposit": self._once("notify-deposit", self._notify),
            "register-key": self._once("register-key", self._register),
        }
        return [Route(f"{PATH}/{name}", handler, methods=["POST"]) for name, handler in handlers.items()]

    def _once(
        self, command: str, carry_out: Callable[[CommandRequest, Body], Awaitable[Result]]
    ) -> Callable[[HttpRequest], Awaitable[Response]]:
        async def handler(http: HttpRequest) -> Response:
            request, body = await read_body(http)
            done = self._journal.previous_result(request, command, body)
            return result_response(done or await carry_out(request, body))

        return handler

    async def _estimate(self, http: HttpRequest) -> Response:
        request, body = await read_body(http)
        try:
            return as_json(await self._orders.review(_order(request, body)))
        except InvalidOrderError as exc:
            return result_response(self._journal.record_result(request, "withdrawal-estimate", body, False, str(exc)))

    async def _withdraw(self, request: CommandRequest, body: Body) -> Result:
        return await self._orders.withdraw(_order(request, body))

    async def _track(self, request: CommandRequest, body: Body) -> Result:
        near_hash = str(body.pop("withdrawal_hash", "") or "").strip()
        return await self._tracking.track(_order(request, {"asset_id": "", **body}), near_hash)

    async def _untrack(self, request: CommandRequest, body: Body) -> Result:
        return self._tracking.untrack(request, str(body.get("withdrawal_hash", "") or "").strip())

    async def _set_freeze_once(self, http: HttpRequest) -> Response:
        # Unfreezing is done once for an id; freezing, like disarming, whatever its id while withdrawals are open.
        # Only a body that can be read opens; every other one freezes.
        request, body, unread = await read_after_acting(http)
        if body.get("frozen") is False and len(body) > 1:
            raise InvalidBodyError(EXPECTED_FREEZE)
        if body.get("frozen") is False:
            return result_response(self._journal.previous_result(request, FREEZE, body) or self._open(request))
        first = self._journal.get(request.command_id)
        if first is not None and first.command == FREEZE and first.reason.startswith(FROZEN) and self._freeze.frozen:
            return result_response(first)
        return result_response(self._close(self._journal.unused(request, FREEZE, body), body, unread))

    def _close(self, request: CommandRequest, body: Body, unread: str) -> Result:
        self._freeze.close(f"frozen by {request.actor}")
        unread = unread or ("" if body == {"frozen": True} else EXPECTED_FREEZE)
        text = f"{FROZEN}; {unread}" if unread else FROZEN
        return self._journal.record_result(request, FREEZE, {"frozen": True}, True, text)

    def _open(self, request: CommandRequest) -> Result:
        self._freeze.open(request.actor)
        text = "withdrawals open for one withdrawal or ten minutes"
        if self._freeze.left_ms() is None:
            text = "withdrawals open until they are frozen"
        return self._journal.record_result(request, FREEZE, {"frozen": False}, True, text)

    async def _notify(self, request: CommandRequest, body: Body) -> Result:
        tx_hash = str(body.get("tx_hash", "") or "").strip()
        asset = self._deposits.asset_named(str(body.get("asset_id", "") or ""))
        if asset is None or not tx_hash or len(tx_hash) > 128 or not tx_hash.isalnum():
            reason = "give asset_id (a token's symbol) and tx_hash, the hash of the deposit on its own chain"
            return self._journal.record_result(request, "notify-deposit", body, False, reason)
        problem = await self._deposits.notify(asset, tx_hash)
        text = problem or f"the bridge was notified of {tx_hash}"
        return self._journal.record_result(request, "notify-deposit", body, problem is None, text)

    async def _register(self, request: CommandRequest, body: Body) -> Result:
        done, text = await self._registration.register()
        self._on_registered()
        return self._journal.record_result(request, "register-key", body, done, text)


def _order(request: CommandRequest, body: Body) -> WithdrawalOrder:
    try:
        fields = {**body, "command_id": request.command_id, "actor": request.actor}
        return msgspec.convert(fields, WithdrawalOrder)
    except msgspec.ValidationError as exc:
        raise InvalidBodyError(f"the order cannot be read: {exc}") from None
