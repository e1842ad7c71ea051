"""Accepting what nobody can explain: an operator's word, to the base unit, becomes a term of the proof."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cockpit.desk.api.command_handler import CommandHandler
from cockpit.desk.api.json_http import InvalidBodyError, answered, read_body
from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.withdrawals import Withdrawals
from cockpit.desk.inventory.sync import Inventory
from cockpit.model.commands import CommandRequest, Result
from storage.reporting.differences import ACCEPT_COMMAND
from venue.protocol.assets import Asset, Pair, PairAmounts

LONGEST_REASON = 200


class AcceptRemainder:
    """``POST /inventory-sync/accept-remainder``: the difference is taken as given when all of it is named exactly.

    Not while it may yet explain itself: a withdrawal under way, a signed quote without an end, a deposit of the same
    amount that is not credited yet. ``mid`` values what is missing: more than ``max_loss`` EURe is never accepted.
    """

    def __init__(
        self,
        control: CommandHandler,
        pair: Pair,
        inventory: Inventory,
        *,
        max_loss: Decimal,
        mid: Callable[[], Decimal | None],
        withdrawals: Withdrawals,
        liquidity: DepositTracker,
    ) -> None:
        self._control = control
        self._pair = pair
        self._inventory = inventory
        self._max_loss = max_loss
        self._mid = mid
        self._withdrawals = withdrawals
        self._liquidity = liquidity

    def routes(self) -> list[BaseRoute]:
        """The route to serve beside the others."""
        return [Route(f"/inventory-sync/{ACCEPT_COMMAND}", self._accept, methods=["POST"])]

    async def _accept(self, http: HttpRequest) -> Response:
        request, body = await read_body(http)
        return answered(self._control.before(request, ACCEPT_COMMAND) or self.accept(request, body))

    def accept(self, request: CommandRequest, body: Mapping[str, object]) -> Result:
        """``amounts`` holds base units by symbol in digits, what is not named being 0; ``reason`` is the operator's."""
        amounts, reason = _read(self._pair, body)
        problem = self._problem(amounts, reason) or self._inventory.accept(amounts)
        if problem:
            return self._control.answer(request, ACCEPT_COMMAND, body, False, f"not accepted: {problem}")
        told = f"{self._told(amounts)} accepted as a term of the proof: {reason}"
        return self._control.answer(request, ACCEPT_COMMAND, body, True, told)

    def _problem(self, amounts: PairAmounts, reason: str) -> str:
        if not reason:
            return "say why (reason)"
        unexplained = self._inventory.ledger.unexplained
        if self._inventory.ledger.balance is None:
            return "the balances are not known yet"
        if not unexplained:
            return "nothing is unexplained"
        if amounts != unexplained:
            return f"unexplained is {self._told(unexplained)}, and {self._told(amounts)} was named"
        return self._may_explain_itself(amounts) or self._too_much(amounts)

    def _may_explain_itself(self, amounts: PairAmounts) -> str:
        open_one = next((one for one in self._withdrawals.shown() if one.followed), None)
        if open_one is not None:
            return f"the withdrawal {open_one.order.withdrawal_id} is under way; wait until it has its end"
        if self._liquidity.deposits is None:
            return "the bridge has not told of deposits yet"
        for asset, units in self._pair.by_asset(amounts):
            if units > 0 and any(one.amount == units for one in self._liquidity.on_their_way(asset)):
                return f"a deposit of the same amount of {asset.symbol} is on its way"
        return ""

    def _too_much(self, amounts: PairAmounts) -> str:
        missing = Decimal(0)
        for asset, units in self._pair.by_asset(amounts):
            price = Decimal(1) if asset is self._pair.quote else self._mid()
            if units < 0 and price is None:
                return f"{asset.symbol} is missing, and without a reference price nobody knows what it is worth"
            if units < 0 and price is not None:
                missing -= asset.to_decimal(units) * price
        if missing > self._max_loss:
            return (
                f"{missing.quantize(Decimal('0.01'))} EURe are missing, more than {self._max_loss:f} "
                "(REMAINDER_MAX_LOSS_EURE): somebody or something took money that this desk does not know of"
            )
        return ""

    def _told(self, amounts: PairAmounts) -> str:
        pairs = self._pair.by_asset(amounts)
        return ", ".join(_amount(asset, units) for asset, units in pairs if units) or "nothing"


def _amount(asset: Asset, units: int) -> str:
    return f"{asset.to_decimal(units).normalize():+f} {asset.symbol} ({units:+d} base units)"


def _read(pair: Pair, body: Mapping[str, object]) -> tuple[PairAmounts, str]:
    """Amounts (base, quote) and reason; BadBody says what is wrong."""
    given, reason = body.get("amounts"), body.get("reason")
    symbols = (pair.base.symbol, pair.quote.symbol)
    if set(body) - {"amounts", "reason"} or not isinstance(given, dict) or set(given) - set(symbols):
        raise InvalidBodyError(
            f'the body must hold "amounts" (base units in digits, by {" and ".join(symbols)}) and "reason"'
        )
    if not isinstance(reason, str) or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise InvalidBodyError(f'"reason" must be a line of at most {LONGEST_REASON} characters')
    base, quote = (_units(symbol, given.get(symbol, "0")) for symbol in symbols)
    return PairAmounts(base, quote), reason.strip()


def _units(symbol: str, text: object) -> int:
    digits = text.removeprefix("-").removeprefix("+") if isinstance(text, str) else ""
    if not isinstance(text, str) or not (digits.isascii() and digits.isdigit()) or len(digits) > 39:
        raise InvalidBodyError(f'"{symbol}" must be base units in digits, such as "-3"')
    if len(text) - len(digits) > 1:
        raise InvalidBodyError(f'"{symbol}" must have one sign at most')
    return int(text)
