"""Accepting an unexplained difference, to the base unit, on an operator's word."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.api.errors import InvalidBodyError
from cockpit.desk.api.json_http import read_body, result_response
from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.withdrawal_book import WithdrawalBook
from cockpit.desk.inventory.losses import missing_value
from cockpit.desk.inventory.movements import losses, total
from cockpit.desk.inventory.sync import Inventory
from cockpit.model.commands import CommandRequest, Result
from cockpit.model.formatting import counted
from storage.reporting.differences import ACCEPT_COMMAND
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable

LONGEST_REASON = 200
NOTHING_UNEXPLAINED = "there is no unexplained difference"


class AcceptRemainder:
    """``POST /inventory-sync/accept-remainder``: accept the difference when all of it is named exactly.

    Not while it may still be explained: by an open withdrawal, an open quote, a credited deposit that is not booked, or
    a pending deposit of the same amount. ``mid`` values what is missing: more than ``max_loss`` EURe is never accepted,
    and too much of one token makes up for nothing that is missing of another.
    """

    def __init__(
        self,
        journal: CommandJournal,
        tokens: TokenTable,
        inventory: Inventory,
        *,
        max_loss: Decimal,
        mid: Callable[[], Decimal | None],
        withdrawals: WithdrawalBook,
        deposits: DepositTracker,
    ) -> None:
        self._journal = journal
        self._tokens = tokens
        self._inventory = inventory
        self._max_loss = max_loss
        self._mid = mid
        self._withdrawals = withdrawals
        self._deposits = deposits

    def routes(self) -> list[BaseRoute]:
        return [Route(f"/inventory-sync/{ACCEPT_COMMAND}", self._accept, methods=["POST"])]

    async def _accept(self, http: HttpRequest) -> Response:
        request, body = await read_body(http)
        done = self._journal.previous_result(request, ACCEPT_COMMAND, body)
        return result_response(done or self.accept(request, body))

    def accept(self, request: CommandRequest, body: Mapping[str, object]) -> Result:
        """Accept the named ``amounts`` (base units in digits, by symbol) for the operator's ``reason``."""
        amounts, reason = _read(self._tokens, body)
        problem = self._problem(amounts, reason) or self._inventory.accept(amounts)
        if problem:
            return self._journal.record_result(request, ACCEPT_COMMAND, body, False, f"not accepted: {problem}")
        text = f"accepted {self._text(amounts)}: {reason}"
        return self._journal.record_result(request, ACCEPT_COMMAND, body, True, text)

    def _problem(self, amounts: TokenAmounts, reason: str) -> str:
        if not reason:
            return "give a reason"
        unexplained = self._inventory.ledger.unexplained
        if self._inventory.ledger.balance is None:
            return "the balances are not known yet"
        if not unexplained:
            return NOTHING_UNEXPLAINED
        if amounts != unexplained:
            return f"the unexplained difference is {self._text(unexplained)}, not {self._text(amounts)}"
        return self._may_be_explained(amounts) or self._too_much(amounts)

    def _may_be_explained(self, amounts: TokenAmounts) -> str:
        open_one = next((one for one in self._withdrawals.shown() if one.followed and one.confirmed), None)
        if open_one is not None:
            return f"withdrawal {open_one.order.withdrawal_id} is still open and may explain it; wait for its outcome"
        unbooked = self._inventory.unbooked_deposits()
        if unbooked is None:
            return "the bridge has not reported deposits yet"
        if unbooked:
            return (
                f"{counted(len(unbooked), 'credited deposit is', 'credited deposits are')} not booked yet "
                f"({self._text(total(unbooked))}); wait for the next readings"
            )
        for asset, units in self._tokens.by_token(amounts):
            if units > 0 and any(one.amount == units for one in self._deposits.pending(asset)):
                return f"a pending deposit of {asset.symbol} has the same amount; wait until it is credited"
        return ""

    def _too_much(self, amounts: TokenAmounts) -> str:
        missing = missing_value(self._tokens, amounts, self._mid())
        if missing is None:
            lacking = losses(amounts)
            symbol = next(t.symbol for t in self._tokens.tokens if t.token_id in lacking and not self._is_quote(t))
            return f"{symbol} is missing and has no reference price to value it by; wait for one"
        if missing > self._max_loss:
            return (
                f"{missing.quantize(Decimal('0.01'))} EURe are missing, more than {self._max_loss:f} "
                "(REMAINDER_MAX_LOSS_EURE): funds left the account that this desk did not move"
            )
        return ""

    def _is_quote(self, token: Token) -> bool:
        return token.underlying == self._tokens.quote

    def _text(self, amounts: TokenAmounts) -> str:
        pairs = self._tokens.by_token(amounts)
        return ", ".join(_amount(asset, units) for asset, units in pairs if units) or "nothing"


def _amount(asset: Token, units: int) -> str:
    return f"{asset.to_decimal(units).normalize():+f} {asset.symbol} ({units:+d} base units)"


def _read(tokens: TokenTable, body: Mapping[str, object]) -> tuple[TokenAmounts, str]:
    """Return amounts and reason. Raises InvalidBodyError."""
    given, reason = body.get("amounts"), body.get("reason")
    symbols = [token.symbol for token in tokens.tokens]
    if set(body) - {"amounts", "reason"} or not isinstance(given, dict) or set(given) - set(symbols):
        raise InvalidBodyError(
            f'the body must hold "amounts" (base units in digits, by {", ".join(symbols)}) and "reason"'
        )
    if not isinstance(reason, str) or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise InvalidBodyError(f'"reason" must be one line of at most {LONGEST_REASON} characters')
    units = {token.token_id: _units(token.symbol, given.get(token.symbol, "0")) for token in tokens.tokens}
    return TokenAmounts(units), reason.strip()


def _units(symbol: str, text: object) -> int:
    digits = text.removeprefix("-").removeprefix("+") if isinstance(text, str) else ""
    if not isinstance(text, str) or not (digits.isascii() and digits.isdigit()) or len(digits) > 39:
        raise InvalidBodyError(f'"{symbol}" must be base units in digits, such as "-3"')
    if len(text) - len(digits) > 1:
        raise InvalidBodyError(f'"{symbol}" must have at most one sign')
    return int(text)
