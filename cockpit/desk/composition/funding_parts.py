"""Money out, put together: freeze, cooling, withdrawals, their orders, and the key's registration."""

from collections.abc import Callable

import httpx

from cockpit.config.settings import Settings
from cockpit.desk.api.command_handler import CommandHandler
from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.desk.funding import cooling_off as cooling
from cockpit.desk.funding.balance_evidence import BalanceEvidence
from cockpit.desk.funding.key_registration import KeyRegistration
from cockpit.desk.funding.orders import WithdrawalOrders
from cockpit.desk.funding.withdrawal_tracker import WithdrawalTracker
from cockpit.model.environment import Environment
from storage.history import History
from storage.writer import HistoryWriter
from venue.bridges.poa.client import Bridge


class FundingParts:
    """Everything that may take money off the Verifier by order. ``load`` before the desk serves anybody."""

    def __init__(
        self,
        settings: Settings,
        client: httpx.AsyncClient,
        workers: TradingParts,
        sources: Environment,
        history: History,
        writer: HistoryWriter,
    ) -> None:
        self._history = history
        wall_ns = sources.wall_ns
        record, durable = writer.record, writer.flush
        bridge = Bridge(settings.bridge_url, client)
        defaults = {"BTC": settings.btc_withdraw_address, "EURe": settings.eure_withdraw_address}
        self.defaults = {symbol: address for symbol, address in defaults.items() if address}
        self.freeze, self.cooling, self.withdrawals = workers.freeze, workers.cooling, workers.withdrawals
        evidence = BalanceEvidence(
            workers.pair,
            workers.inventory,
            workers.liquidity,
            self.withdrawals.movements,
            history.balance_before,
        )
        self.tracker = WithdrawalTracker(
            settings.account_id,
            workers.signer.public_key,
            rpc=workers.rpc,
            verifier=workers.verifier,
            relay=workers.relay_rpc,
            bridge=bridge,
            evidence=evidence,
            claimed=self.withdrawals.claimed,
        )
        self.registration = KeyRegistration(
            settings.account_id,
            workers.signer,
            workers.rpc,
            workers.verifier,
            record=record,
            durable=durable,
            wall_ns=wall_ns,
        )
        self._make_treasury: Callable[[CommandHandler], WithdrawalOrders] = lambda control: WithdrawalOrders(
            workers.pair,
            settings.account_id,
            defaults=self.defaults,
            route=settings.withdrawal_route,
            bridge=bridge,
            liquidity=workers.liquidity,
            inventory=workers.inventory,
            reservations=workers.book.reservations,
            withdrawals=self.withdrawals,
            freeze=self.freeze,
            cooling=self.cooling,
            limits=workers.limits,
            journal=control.answer,
            history_writable=lambda: writer.complete,
            wall_ns=wall_ns,
            former_left_ms=workers.startup.unrecorded_left_ms,
        )

    async def load(self) -> None:
        """Take over from history what earlier runs left under way."""
        self.cooling.load(await self._history.liquidity(cooling.KIND))
        await self.withdrawals.load()

    def treasury(self, control: CommandHandler) -> WithdrawalOrders:
        """The orders' way in; the configured destinations begin to cool now."""
        treasury = self._make_treasury(control)
        treasury.name_defaults()
        return treasury
