"""The parts of a desk that move money by order, built in the order in which they depend on each other."""

from collections.abc import Callable, Mapping

import msgspec

from cockpit.config.settings import Settings
from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.desk.funding import cooling_off
from cockpit.desk.funding.balance_evidence import BalanceEvidence
from cockpit.desk.funding.bridges.omni import OmniFollower
from cockpit.desk.funding.bridges.poa import PoaFollower
from cockpit.desk.funding.bridges.terms import OmniTermsReader, PoaTerms
from cockpit.desk.funding.cooling_off import CoolingOff
from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.freeze import Freeze
from cockpit.desk.funding.key_registration import KeyRegistration
from cockpit.desk.funding.order_parser import OrderParser
from cockpit.desk.funding.orders import RecordResult, WithdrawalOrders
from cockpit.desk.funding.preflight_reader import PreflightReader
from cockpit.desk.funding.tracking.commands import TrackingCommands
from cockpit.desk.funding.tracking.confirmation import Confirmation
from cockpit.desk.funding.withdrawal_signing import WithdrawalSigning
from cockpit.desk.funding.withdrawal_tracker import WithdrawalTracker
from cockpit.desk.funding.withdrawals import Withdrawals
from cockpit.model.environment import Environment
from cockpit.model.recorder import Recorder
from storage.history import History
from venue.signing.addresses import BITCOIN_CHAIN, GNOSIS_CHAIN
from venue.witnesses import Witnesses


class FundingParts(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Everything that may take money off the Verifier by order. ``defaults``: configured destinations by symbol."""

    defaults: Mapping[str, str]
    freeze: Freeze
    cooling: CoolingOff
    withdrawals: Withdrawals
    orders: WithdrawalOrders
    tracking: TrackingCommands
    registration: KeyRegistration
    deposits: DepositTracker

    async def load(self, history: History) -> None:
        """Take over what earlier runs left open, before anything is ordered. Raises HistoryError."""
        self.cooling.load(await history.liquidity(cooling_off.KIND))
        self.deposits.load(await history.liquidity("deposit"))
        await self.withdrawals.load()


def build_funding(
    settings: Settings,
    trading: TradingParts,
    env: Environment,
    recorder: Recorder,
    history: History,
    *,
    record_result: RecordResult,
    clock_right: Callable[[], bool],
) -> FundingParts:
    """Build and wire the parts. ``record_result`` journals an order's outcome; ``clock_right``: it is judged so."""
    tokens, account, book = trading.tokens, settings.account_id, trading.withdrawals
    configured = {BITCOIN_CHAIN: settings.btc_withdraw_address, GNOSIS_CHAIN: settings.eure_withdraw_address}
    defaults = {token.symbol: address for token in tokens.tokens if (address := configured.get(token.chain))}
    stage = settings.markets.stage
    freeze = Freeze(env, recorder, stay_open=settings.withdrawals_stay_open)
    cooling = CoolingOff(env, recorder, cooling_ms=settings.withdrawal_cooling_ms, clock_right=clock_right)
    evidence = BalanceEvidence(
        trading.inventory,
        trading.deposits,
        book.movements,
        book.left_since,
        history.balance_before,
        history.settled_since,
    )
    tracker = WithdrawalTracker(
        account,
        trading.signer.public_key,
        rpc=trading.rpc,
        relay=trading.relay_rpc,
        bridges={
            "poa": PoaFollower(account, trading.bridge, book),
            "omni": OmniFollower(trading.omni, trading.relay_rpc, book),
        },
        evidence=evidence,
        witnesses=Witnesses(trading.rpc, stage.contract, env, clock_right),
        confirmation=Confirmation(account, trading.rpc, env),
    )
    signing = WithdrawalSigning(account, trading.signer, trading.rpc, book, salt=lambda: trading.executor.salt, env=env)
    withdrawals = Withdrawals(
        env,
        recorder,
        history,
        book,
        signing,
        tracker,
        freeze,
        cooling,
        on_left=trading.inventory.request_sync,
        on_status=trading.access.note_withdrawal,
    )
    preflight = PreflightReader(
        env,
        recorder,
        tokens=tokens,
        bridges={
            "poa": PoaTerms(trading.bridge, trading.deposits),
            "omni": OmniTermsReader(
                account,
                trading.omni,
                trading.rpc,
                trading.verifier,
                contract=stage.contract,
                omni_bridge=stage.omni_bridge,
            ),
        },
        inventory=trading.inventory,
        reservations=trading.book.reservations,
        book=book,
        freeze=freeze,
        cooling=cooling,
        limits=trading.limits,
        access=trading.access,
        deposits=trading.deposits,
        previous_run_ms=trading.startup.unrecorded_left_ms,
        clock_right=clock_right,
    )
    parser = OrderParser(tokens, defaults=defaults, route=settings.withdrawal_route)
    orders = WithdrawalOrders(
        tokens,
        parser=parser,
        preflight=preflight,
        book=book,
        withdrawals=withdrawals,
        cooling=cooling,
        reservations=trading.book.reservations,
        mid=lambda: trading.reference.trusted_mid,
        record_result=record_result,
    )
    tracking = TrackingCommands(
        account,
        parser=parser,
        book=book,
        withdrawals=withdrawals,
        deposits=trading.deposits,
        bridge=trading.bridge,
        omni=trading.omni,
        record_result=record_result,
    )
    return FundingParts(
        defaults=defaults,
        freeze=freeze,
        cooling=cooling,
        withdrawals=withdrawals,
        orders=orders,
        tracking=tracking,
        deposits=trading.deposits,
        registration=KeyRegistration(env, recorder, account, trading.signer, trading.rpc, trading.verifier),
    )
