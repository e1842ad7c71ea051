"""All token contracts of a venue, and what reaches them from the Verifier: withdrawals, and payments for storage."""

from collections.abc import Iterable

from venue.protocol.assets import Token
from venue.protocol.tokens import OMNI_BRIDGE
from venue.sandbox.contracts.token import STORAGE, TokenContract
from venue.sandbox.contracts.wrapped_near import WrappedNear
from venue.sandbox.pairs import WNEAR
from venue.sandbox.verifier.accounts import Burn, StoragePaid
from venue.sandbox.verifier.contracts import Step
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.near_accounts import OPENING

_NEAR = "near:mainnet"
"""The chain of tokens that are at home on NEAR: they leave for no bridge."""


class TokenContracts:
    """A contract for each token, ``wrap.near`` among them, on the ledger. Contracts of other tokens take everything."""

    def __init__(self, ledger: Ledger, tokens: Iterable[Token]) -> None:
        self._ledger = ledger
        contracts = [
            TokenContract(ledger, token, burns_withdrawals=token.bridge == "poa" and token.chain != _NEAR)
            for token in tokens
            if token.near_token != WNEAR.near_token
        ]
        contracts.append(TokenContract(ledger, WNEAR, burns_withdrawals=False))
        WrappedNear(contracts[-1], ledger)
        self.by_account = {contract.account: contract for contract in contracts}
        for account, contract in self.by_account.items():
            contract.register(OMNI_BRIDGE)
            ledger.near_balances.open(account, OPENING)
            ledger.contracts[account] = dict(contract.views)
            ledger.callees[account] = contract
        ledger.near_balances.open(OMNI_BRIDGE, OPENING)
        ledger.on_frozen(self._freeze)
        ledger.on_burn(self._burned)
        ledger.on_lost(self._lost)
        ledger.on_storage_paid(self._storage_paid)

    def refusal(self, burn: Burn) -> str | None:
        """Return the token's panic for a withdrawal; None where it goes through."""
        contract = self.by_account.get(burn.token)
        return None if contract is None else contract.refusal(burn)

    def deliver(self, burn: Burn) -> tuple[int, tuple[Step, ...]]:
        """Tell the receiver of a withdrawal with a message, and return what it gave back.

        The Omni bridge is told by itself.
        """
        contract = self.by_account.get(burn.token)
        if contract is None or burn.msg is None or burn.receiver_id == OMNI_BRIDGE:
            return 0, ()
        return contract.deliver(burn)

    def _freeze(self, copy: Ledger) -> None:
        for account, contract in self.by_account.items():
            copy.contracts[account] = dict(contract.frozen(copy).views)

    def _burned(self, burn: Burn) -> None:
        contract = self.by_account.get(burn.token)
        if contract is not None and (burn.msg is None or burn.receiver_id == OMNI_BRIDGE):
            contract.arrive(burn)

    def _lost(self, burn: Burn) -> None:
        contract = self.by_account.get(burn.token)
        if contract is not None:
            contract.keep(burn)

    def _storage_paid(self, paid: StoragePaid) -> None:
        """Register an account for which the Verifier pays; what is too much or not needed is the Verifier's again."""
        contract, near = self.by_account.get(paid.contract), self._ledger.near_balances
        near.take(WNEAR.near_token, paid.amount)
        taken = paid.amount if near.exists(paid.contract) else 0
        if contract is not None:
            taken = STORAGE if not contract.registered(paid.for_account) and paid.amount >= STORAGE else 0
            if taken:
                contract.register(paid.for_account)
        if taken:
            near.give(paid.contract, taken)
        near.give(self._ledger.contract, paid.amount - taken)
