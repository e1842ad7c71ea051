"""Wrapped NEAR (``wrap.near``): a token whose units are NEAR that the contract holds. Source: NEAR's ``w-near``."""

from venue.sandbox.contracts.token import STORAGE, TokenContract
from venue.sandbox.verifier.arguments import need_one_yocto, read_arguments
from venue.sandbox.verifier.contracts import Call, Returned
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.scalars import amount
from venue.sandbox.wire.shapes import Field, Shape

BACKING = 10**33
"""yoctoNEAR that it holds at the start, for what the venue credits without a deposit of NEAR."""
_AMOUNT = Shape(Field("amount", amount))


class WrappedNear:
    """Adds the two ways in and out of ``token`` to its methods."""

    def __init__(self, token: TokenContract, ledger: Ledger) -> None:
        self._token = token
        ledger.near_balances.open(token.account, BACKING)
        token.methods |= {"near_deposit": self._deposit, "near_withdraw": self._withdraw}

    def _deposit(self, call: Call) -> Returned:
        token, account, units = self._token, call.predecessor, call.deposit
        if token.registered(account):
            undo = token.deposit(account, units)
        else:
            if units < STORAGE:
                raise ContractPanicError("ERR_DEPOSIT_TOO_SMALL")
            units -= STORAGE
            token.register(account)
            token.deposit(account, units)

            def undo() -> None:
                token.forget(account)

        return Returned(logs=(f"Deposit {units} NEAR to {account}",), undo=undo)

    def _withdraw(self, call: Call) -> Returned:
        units = int(read_arguments(call.args, _AMOUNT)["amount"])
        need_one_yocto(call.deposit)
        undo = self._token.withdraw(call.predecessor, units)
        return Returned(
            logs=(f"Withdraw {units} yoctoNEAR from {call.predecessor}",),
            undo=undo,
            follow=lambda: self._token.pay(call, call.predecessor, units),
        )
