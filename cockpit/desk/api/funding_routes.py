"""The liquidity manager's part of the control API: deposits told of, withdrawals reviewed, ordered, tracked, frozen."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cockpit.desk.api.command_handler import CommandHandler
from cockpit.desk.api.json_http import InvalidBodyError, answered, as_json, read_body
from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.freeze import Freeze
from cockpit.desk.funding.key_registration import KeyRegistration
from cockpit.desk.funding.orders import InvalidOrderError, WithdrawalOrders
from cockpit.model.commands import CommandRequest, Result, WithdrawalOrder

PATH = "/liquidity-manager"

Body = dict[str, object]


class FundingRoutes:
    """Routes below ``/liquidity-manager``."""

    def __init__(
        self,
        control: CommandHandler,
        treasury: WithdrawalOrders,
        freeze: Freeze,
        liquidity: DepositTracker,
        registration: KeyRegistration,
        registered: Callable[[], None],
    ) -> None:
        self._control = control
        self._treasury = treasury
        self._freeze = freeze
        self._liquidity = liquidity
        self._registration = registration
        self._registered = registered

    def routes(self) -> list[BaseRoute]:
        """The routes to serve beside the others."""
        handlers: dict[str, Callable[[HttpRequest], Awaitable[Response]]] = {
            "withdrawal-estimate": self._estimate,
            "withdraw": self._once("withdraw", self._withdraw),
            "track-withdrawal": self._once("track-withdrawal", self._track),
            "freeze-withdrawals": self._freeze_or_open,
            "notify-deposit": self._once("notify-deposit", self._notify),
            "register-key": self._once("register-key", self._register),
        }
        return [Route(f"{PATH}/{name}", handler, methods=["POST"]) for name, handler in handlers.items()]

    def _once(
        self, command: str, carry_out: Callable[[CommandRequest, Body], Awaitable[Result]]
    ) -> Callable[[HttpRequest], Awaitable[Response]]:
        async def handler(http: HttpRequest) -> Response:
            request, body = await read_body(http)
            return answered(self._control.before(request, command) or await carry_out(request, body))

        return handler

    async def _estimate(self, http: HttpRequest) -> Response:
        request, body = await read_body(http)
        try:
            return as_json(await self._treasury.review(_order(request, body)))
        except InvalidOrderError as exc:
            return answered(self._control.answer(request, "withdrawal-estimate", body, False, str(exc)))

    async def _withdraw(self, request: CommandRequest, body: Body) -> Result:
        return await self._treasury.withdraw(_order(request, body))

    async def _track(self, request: CommandRequest, body: Body) -> Result:
        near_hash = str(body.pop("withdrawal_hash", "") or "").strip()
        return await self._treasury.track(_order(request, {"asset_id": "", **body}), near_hash)

    async def _freeze_or_open(self, http: HttpRequest) -> Response:
        """Opening is done once for an id; freezing, like disarming, whatever its id, while something is open."""
        request, body = await read_body(http)
        first = self._control.before(request, "freeze-withdrawals")
        if first is not None and body.get("frozen") is True and not self._freeze.frozen:
            first, request = None, CommandRequest(actor=request.actor)
        return answered(first or self._set_freeze(request, body))

    def _set_freeze(self, request: CommandRequest, body: Body) -> Result:
        frozen = body.get("frozen")
        if not isinstance(frozen, bool) or len(body) != 1:
            raise InvalidBodyError('the body must hold "frozen": true or false')
        if frozen:
            self._freeze.close(f"frozen by {request.actor}")
        else:
            self._freeze.open(request.actor)
        told = "withdrawals are frozen" if frozen else "withdrawals are open for one withdrawal or ten minutes"
        if not frozen and self._freeze.left_ms() is None:
            told = "withdrawals are open until they are frozen"
        return self._control.answer(request, "freeze-withdrawals", body, True, told)

    async def _notify(self, request: CommandRequest, body: Body) -> Result:
        tx_hash = str(body.get("tx_hash", "") or "").strip()
        asset = self._liquidity.asset_named(str(body.get("asset_id", "") or ""))
        if asset is None or not tx_hash or len(tx_hash) > 128 or not tx_hash.isalnum():
            reason = "give asset_id (BTC or EURe) and tx_hash, the deposit's transaction on its own chain"
            return self._control.answer(request, "notify-deposit", body, False, reason)
        problem = await self._liquidity.notify(asset, tx_hash)
        told = problem or f"the bridge was told of {tx_hash}"
        return self._control.answer(request, "notify-deposit", body, problem is None, told)

    async def _register(self, request: CommandRequest, body: Body) -> Result:
        done, told = await self._registration.register()
        self._registered()
        return self._control.answer(request, "register-key", body, done, told)


def _order(request: CommandRequest, body: Body) -> WithdrawalOrder:
    """The body as an order; BadBody names the field that is wrong."""
    try:
        fields = {**body, "command_id": request.command_id, "actor": request.actor}
        return msgspec.convert(fields, WithdrawalOrder)
    except msgspec.ValidationError as exc:
        raise InvalidBodyError(f"the order cannot be read: {exc}") from None
