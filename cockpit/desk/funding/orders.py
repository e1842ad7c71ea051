"""Orders to withdraw: reviewed, checked, and carried out once per idempotency key."""

import asyncio
from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, Decimal

from msgspec.structs import replace

from cockpit.desk.funding.bridges.omni_checks import NEAR_DECIMALS
from cockpit.desk.funding.cooling_off import CoolingOff
from cockpit.desk.funding.errors import InvalidOrderError, NotPreparedError
from cockpit.desk.funding.order_parser import OrderParser, ParsedOrder
from cockpit.desk.funding.preflight import failed_checks
from cockpit.desk.funding.preflight_reader import PreflightReader
from cockpit.desk.funding.withdrawal import UNPAID, RecordedOrder
from cockpit.desk.funding.withdrawal_book import WithdrawalBook
from cockpit.desk.funding.withdrawals import Withdrawals
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.model.commands import CommandRequest, Result, WithdrawalOrder, WithdrawalReview
from venue.protocol.assets import EXACT, Token
from venue.protocol.tokens import TokenTable
from venue.transport.bounds import MAX_NAME, is_line

CENT = Decimal("0.01")
NEW_ADDRESS_COMMAND = "name-address"
RecordResult = Callable[[CommandRequest, str, Mapping[str, object], bool, str], Result]


class WithdrawalOrders:
    """The only way to a signed withdrawal. ``record_result`` journals a command's outcome; ``mid`` values a review."""

    def __init__(
        self,
        tokens: TokenTable,
        *,
        parser: OrderParser,
        preflight: PreflightReader,
        book: WithdrawalBook,
        withdrawals: Withdrawals,
        cooling: CoolingOff,
        reservations: Reservations,
        mid: Callable[[], Decimal | None],
        record_result: RecordResult,
    ) -> None:
        self._tokens = tokens
        self._parser = parser
        self._preflight = preflight
        self._book = book
        self._withdrawals = withdrawals
        self._cooling = cooling
        self._reservations = reservations
        self._mid = mid
        self._record_result = record_result
        self._one_at_a_time = asyncio.Lock()

    def name_defaults(self) -> None:
        """Start the cooling-off of the configured destinations."""
        for asset in self._tokens.tokens:
            if asset.symbol in self._parser.defaults:
                self._cooling.name(asset.chain, self._parser.defaults[asset.symbol], configured=True)

    async def review(self, order: WithdrawalOrder) -> WithdrawalReview:
        """Return what the order would do now, and why it would be refused. Raises InvalidOrderError."""
        parsed = self._parser.parse(order)
        self._name(parsed, order.actor)
        facts = await self._preflight.read(parsed)
        asset, amount, fee = parsed.asset, parsed.amount, facts.fee
        # Whoever reads the review sees the fees, and names them in the order.
        reviewed = replace(facts, expected_fee=fee) if facts.expected_fee is None else facts
        if reviewed.expected_native_fee is None and facts.omni is not None:
            reviewed = replace(reviewed, expected_native_fee=facts.omni.native_fee)

        def whole(units: int | None) -> Decimal | None:
            return None if units is None else asset.to_decimal(units)

        def rest(units: int | None, less: int | None) -> Decimal | None:
            return None if units is None or less is None else asset.to_decimal(max(0, units - less))

        live = [commitment for commitment in self._reservations if commitment.asset_out == asset.token_id]
        return WithdrawalReview(
            asset_id=asset.token_id,
            symbol=asset.symbol,
            decimals=asset.decimals,
            chain=asset.chain,
            route=parsed.route,
            destination=parsed.destination,
            amount_units="" if amount is None else str(amount),
            fee_units="" if fee is None else str(fee),
            spendable_units="" if facts.available is None else str(facts.available),
            alive_quotes=len(live),
            alive_promised=asset.to_decimal(sum(commitment.amount_out for commitment in live)),
            cooling_left_ms=facts.cooling_left_ms,
            frozen=facts.frozen,
            refusals=failed_checks(reviewed) if amount is not None else (),
            amount=whole(amount),
            amount_eur=None if amount is None else self._worth(asset, amount),
            fee=whole(fee),
            arrives=rest(amount, fee),
            minimum=whole(facts.minimum),
            balance=whole(facts.balance),
            spendable=whole(facts.available),
            spendable_after=rest(facts.available, amount),
            bridge=asset.bridge,
            gas_fee=None if facts.omni is None else whole(facts.omni.gas_fee),
            protocol_fee=None if facts.omni is None else whole(facts.omni.protocol_fee),
            native_fee=None if facts.omni is None else Decimal(facts.omni.native_fee).scaleb(-NEAR_DECIMALS),
            native_fee_units="" if facts.omni is None else str(facts.omni.native_fee),
        )

    def _worth(self, asset: Token, units: int) -> Decimal | None:
        price = Decimal(1) if asset.underlying == self._tokens.quote else self._mid()
        if price is None:
            return None
        return EXACT.multiply(asset.to_decimal(units), price).quantize(CENT, rounding=ROUND_DOWN, context=EXACT)

    async def withdraw(self, order: WithdrawalOrder) -> Result:
        """Sign and record the withdrawal, or refuse it with every reason. The same key gets the same withdrawal."""
        key = order.idempotency_key.strip()
        if not key:
            return self._refuse(order, "give an idempotency_key, so that a repeated order is not a second withdrawal")
        if not is_line(key):
            return self._refuse(order, f"the idempotency_key must be one line of at most {MAX_NAME} characters")
        async with self._one_at_a_time:
            made = self._book.by_key(key)
            if made is not None and not self._same(order, made.order):
                return self._refuse(order, f"{key} already made another withdrawal; give a new idempotency_key")
            if made is not None:
                text = f"this key already made withdrawal {made.order.withdrawal_id}: {made.state}"
                if made.state in UNPAID:
                    return self._refuse(order, f"{text}: {made.detail}; another one needs a new idempotency_key")
                return self._accept(order, text)
            try:
                parsed = self._parser.parse(order)
                if parsed.amount is None:
                    raise InvalidOrderError("give the amount to withdraw in base units, as decimal digits")
                self._name(parsed, order.actor)
                facts = await self._preflight.read(parsed)
                refusals = failed_checks(facts)
                if refusals or facts.fee is None:
                    return self._refuse(order, "; ".join(refusals))
                withdrawal = await self._withdrawals.make(
                    asset=parsed.asset,
                    amount=parsed.amount,
                    fee=facts.fee,
                    destination=parsed.destination,
                    route=parsed.route,
                    actor=order.actor,
                    key=key,
                    unexplained_before=self._preflight.unexplained(parsed.asset),
                    omni=facts.omni,
                )
            except InvalidOrderError as exc:
                return self._refuse(order, str(exc))
            except NotPreparedError as exc:
                return self._refuse(order, f"nothing was sent: {exc}")
        prepared = withdrawal.prepared
        sending = f"withdrawal {withdrawal.order.withdrawal_id} is recorded and being sent"
        return self._accept(order, f"{sending} as {prepared.hash}" if prepared is not None else sending)

    def _name(self, parsed: ParsedOrder, actor: str) -> None:
        # In the journal: an address that somebody else named must be seen before money can go there.
        if not self._cooling.name(parsed.asset.chain, parsed.destination):
            return
        left_s = -(-self._cooling.left_ms(parsed.asset.chain, parsed.destination) // 1000)
        address = parsed.destination
        arguments = {"chain": parsed.asset.chain, "address": address}
        text = f"new {parsed.asset.symbol} address {address}; its cooling-off of {left_s} s starts"
        self._record_result(CommandRequest(actor=actor), NEW_ADDRESS_COMMAND, arguments, True, text)

    def _same(self, order: WithdrawalOrder, made: RecordedOrder) -> bool:
        try:
            parsed = self._parser.parse(order)
        except InvalidOrderError:
            return False
        return (parsed.asset, parsed.amount, parsed.destination) == (made.asset, made.amount, made.destination)

    def _accept(self, order: WithdrawalOrder, text: str) -> Result:
        return self._record_result(order, "withdraw", _arguments(order), True, text)

    def _refuse(self, order: WithdrawalOrder, reason: str) -> Result:
        return self._record_result(order, "withdraw", _arguments(order), False, reason)


def _arguments(order: WithdrawalOrder) -> dict[str, object]:
    return {
        "asset_id": order.asset_id,
        "amount": str(order.amount),
        "destination_address": order.destination_address,
        "expected_fee": None if order.expected_fee is None else str(order.expected_fee),
        "expected_native_fee": None if order.expected_native_fee is None else str(order.expected_native_fee),
        "idempotency_key": order.idempotency_key,
    }
