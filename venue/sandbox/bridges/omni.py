"""The sandbox's Omni bridge: its contract on NEAR, which takes tokens with a message, and its payments on Bitcoin.

Sources: near-one/omni-bridge (``InitTransferMsg``, ``TransferMessageStorageAccount``) and its Bitcoin connector.
"""

from collections.abc import Callable
from decimal import ROUND_UP, Decimal

import msgspec

from venue.protocol.assets import Token
from venue.protocol.tokens import DEFAULT_TOKENS, OMNI_BRIDGE, TokenTable
from venue.protocol.units import NS_PER_S
from venue.sandbox.base.faults import FaultTable
from venue.sandbox.bridges.bridge import deposit_address
from venue.sandbox.bridges.chains import Chain, ChainTransfer
from venue.sandbox.bridges.omni_contract import contract_views
from venue.sandbox.bridges.omni_message import InitTransfer, max_gas_fee, read_message, storage_account
from venue.sandbox.bridges.pace import BridgePace
from venue.sandbox.verifier.accounts import Burn, StoragePaid
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import ContractPanicError

GAS_FEE = 1_200
PROTOCOL_FEE = 300
MIN_AMOUNT = 4_000
"""Base units of nBTC, of a plausible size."""
STORAGE = 2 * 10**24
STORAGE_LOW = 4 * 10**23
STORAGE_NEEDED = 5 * 10**23
"""yoctoNEAR of the Verifier's storage deposit: usually, when low, and below which a transfer fails."""
STORAGE_PANIC = "ERR_NOT_ENOUGH_STORAGE_BALANCE"


class OmniTransfer(msgspec.Struct, kw_only=True):
    """A transfer that the contract took. ``address``: where it goes on Bitcoin. One with a ``reason`` is never paid.

    ``amount`` was burned; ``gas`` and ``protocol_fee`` are kept of it; times in UTC nanoseconds.
    """

    token: Token
    account: str
    amount: int
    gas: int
    protocol_fee: int
    address: str
    message: InitTransfer
    reason: str
    tx_hash: str
    created_ns: int
    indexed_ns: int
    sent_ns: int
    due_ns: int
    number: int
    payment: ChainTransfer | None = None


class OmniTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Totals, base units: burned for transfers; of that paid, kept as fees, under way or stuck; and what was lost
    because the contract refused it."""

    burned: int
    paid: int
    fees: int
    under_way: int
    lost: int


class OmniBridge:
    """Takes over the contract ``omni.bridge.near`` on the ledger; ``advance`` pays what is due on ``chain``.

    A transfer that the contract refuses is gone: with a message, nothing credits it back.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Callable[[], int],
        chain: Chain,
        *,
        faults: FaultTable,
        tokens: TokenTable = DEFAULT_TOKENS,
        index_after_ns: int = 2 * NS_PER_S,
        send_after_ns: int = 6 * NS_PER_S,
        complete_after_ns: int = 20 * NS_PER_S,
    ) -> None:
        self._clock = clock
        self._chain = chain
        self.faults = faults
        self.contract = ledger.contract
        self.tokens = tuple(token for token in tokens.tokens if token.bridge == "omni")
        self._usual_ns = (index_after_ns, send_after_ns, complete_after_ns)
        self._index_ns, self._send_ns, self._complete_ns = BridgePace().times_ns(self._usual_ns)
        self._storage: dict[str, int] = {}
        self.transfers: list[OmniTransfer] = []
        self.lost: list[Burn] = []
        ledger.contracts[OMNI_BRIDGE] = dict(contract_views(self.tokens, self._storage_balance))
        ledger.on_storage_paid(self._storage_paid)
        ledger.on_burn(self._burned)
        ledger.on_lost(self._lost)

    @property
    def storage_available(self) -> int:
        """What the Verifier has left at the contract, yoctoNEAR."""
        return STORAGE_LOW if self.faults.current.omni.storage_low else STORAGE

    def gas_fee(self) -> int:
        return self._scaled(GAS_FEE)

    def protocol_fee(self) -> int:
        return self._scaled(PROTOCOL_FEE)

    def refusal(self, burn: Burn) -> str | None:
        """Return the contract's panic for a token that is sent to it; None where it takes it, or is not meant."""
        if burn.receiver_id != OMNI_BRIDGE:
            return None
        if burn.msg is None:
            return None
        try:
            token = self._token(burn.token)
            message = read_message(burn.msg)
            self._pay_storage(token, burn.amount, message)
        except ContractPanicError as panic:
            return str(panic)
        return None

    def set_pace(self, pace: BridgePace) -> None:
        """Work off the withdrawals that leave from now on at this pace."""
        self._index_ns, self._send_ns, self._complete_ns = pace.times_ns(self._usual_ns)

    def advance(self, now_ns: int) -> None:
        """Pay everything that is due; a second call does nothing more."""
        for transfer in self.transfers:
            stuck = transfer.reason or self.faults.current.omni.stuck
            if transfer.payment is None and not stuck and transfer.sent_ns <= now_ns:
                transfer.payment = self._chain.transfer(
                    deposit_address("hot wallet of the Omni bridge", self._chain.name),
                    transfer.address,
                    transfer.amount - transfer.gas - transfer.protocol_fee,
                    at_ns=transfer.sent_ns,
                    confirm_ns=max(1, transfer.due_ns - transfer.sent_ns),
                )

    def indexed(self, tx_hash: str) -> list[OmniTransfer]:
        """Return the transfers of one NEAR transaction that the API knows by now."""
        return [one for one in self.all_indexed() if one.tx_hash == tx_hash]

    def all_indexed(self) -> list[OmniTransfer]:
        """Return every transfer that the API knows by now, oldest first."""
        if self.faults.is_running("omni_not_found_s"):
            return []
        now = self._clock()
        return [one for one in self.transfers if one.indexed_ns <= now]

    def final(self, transfer: OmniTransfer) -> bool:
        return transfer.payment is not None and transfer.payment.final(self._clock())

    def totals(self, token_id: str) -> OmniTotals:
        rows = [row for row in self.transfers if row.token.token_id == token_id]
        paid = [row for row in rows if row.payment is not None]
        arrived = sum(row.payment.amount for row in paid if row.payment is not None)
        return OmniTotals(
            burned=sum(row.amount for row in rows),
            paid=arrived,
            fees=sum(row.amount for row in paid) - arrived,
            under_way=sum(row.amount for row in rows if row.payment is None),
            lost=sum(burn.amount for burn in self.lost if burn.token_id == token_id),
        )

    def _scaled(self, usual: int) -> int:
        factor = self.faults.current.fee_factor
        return int((Decimal(usual) * factor).to_integral_value(ROUND_UP))

    def _token(self, near_token: str) -> Token:
        found = next((token for token in self.tokens if token.near_token == near_token), None)
        if found is None:
            raise ContractPanicError("ERR_TOKEN_NOT_FOUND")
        return found

    def _pay_storage(self, token: Token, amount: int, message: InitTransfer) -> None:
        if self.storage_available < STORAGE_NEEDED:
            raise ContractPanicError(STORAGE_PANIC)
        if not message.native_token_fee:
            return
        account = storage_account(token.near_token, amount, message, self.contract)
        if self._storage.pop(account, 0) < message.native_token_fee:
            raise ContractPanicError(STORAGE_PANIC)

    def _storage_paid(self, paid: StoragePaid) -> None:
        if paid.contract == OMNI_BRIDGE:
            self._storage[paid.for_account] = self._storage.get(paid.for_account, 0) + paid.amount

    def _storage_balance(self, account: str) -> object:
        if account == self.contract:
            return {"total": str(STORAGE), "available": str(self.storage_available)}
        held = self._storage.get(account)
        return None if held is None else {"total": str(held), "available": str(held)}

    def _burned(self, burn: Burn) -> None:
        if burn.receiver_id != OMNI_BRIDGE:
            return
        if burn.msg is None:
            # A plain transfer: the contract holds the tokens from now on, for nobody.
            self.lost.append(burn)
            return
        message = read_message(burn.msg)
        gas, most = self.gas_fee(), max_gas_fee(message)
        protocol_fee = self.protocol_fee()
        self.transfers.append(
            OmniTransfer(
                token=self._token(burn.token),
                account=burn.account,
                amount=burn.amount,
                gas=max(1, min(gas, most or gas) - self.faults.current.omni.pays_below),
                protocol_fee=protocol_fee,
                address=message.address,
                message=message,
                reason=self._reason(burn.amount, gas, most, protocol_fee),
                tx_hash=burn.tx_hash,
                created_ns=burn.at_ns,
                indexed_ns=burn.at_ns + self._index_ns,
                sent_ns=burn.at_ns + self._send_ns,
                due_ns=burn.at_ns + self._complete_ns,
                number=len(self.transfers),
            )
        )

    @staticmethod
    def _reason(amount: int, gas: int, most: int | None, protocol_fee: int) -> str:
        if most is not None and most < gas:
            return f"MaxGasFee {most} is below the {gas} that a payment costs"
        if amount < MIN_AMOUNT or amount - gas - protocol_fee <= 0:
            return "below the minimum"
        return ""

    def _lost(self, burn: Burn) -> None:
        if burn.receiver_id == OMNI_BRIDGE:
            self.lost.append(burn)
