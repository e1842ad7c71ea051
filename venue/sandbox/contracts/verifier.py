"""The function calls of ``intents.near``: withdrawals, transfers inside it, deposits, keys, and ``execute_intents``."""

from collections.abc import Callable

import msgspec

from venue.sandbox.contracts import deposits, mt_transfers
from venue.sandbox.contracts.administration import Administration
from venue.sandbox.contracts.mt_transfers import MtTransfer
from venue.sandbox.contracts.withdrawals import executed_steps
from venue.sandbox.verifier import events
from venue.sandbox.verifier.accounts import Notification
from venue.sandbox.verifier.arguments import need_one_yocto, read_arguments, read_signed
from venue.sandbox.verifier.contracts import Call, Followed, Returned, Step
from venue.sandbox.verifier.errors import MethodNotFoundError, OutOfGasError
from venue.sandbox.verifier.intents import withdraw_others
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.outcomes import Started
from venue.sandbox.verifier.views import VIEWS
from venue.sandbox.wire.errors import ContractPanicError, no_deposit_taken
from venue.sandbox.wire.intent_types import (
    FT_WITHDRAW,
    MT_WITHDRAW,
    NFT_WITHDRAW,
    FtWithdraw,
    MtWithdraw,
    NftWithdraw,
)
from venue.sandbox.wire.keys import public_key
from venue.sandbox.wire.scalars import account_id, amount
from venue.sandbox.wire.shapes import Field, Shape, optional, sequence, text
from venue.sandbox.wire.strict_json import Value

TGAS = 10**12
_LEAST_GAS = {"ft_withdraw": 30 * TGAS, "add_public_key": 2 * TGAS, "remove_public_key": 2 * TGAS}
_USUAL_GAS = 5 * TGAS
_NOTIFICATION_GAS = 30 * TGAS

_KEY = Shape(Field("public_key", public_key))
_FT_WITHDRAW = FT_WITHDRAW.without("storage_deposit", "min_gas")
_NFT_WITHDRAW = NFT_WITHDRAW.without("storage_deposit", "min_gas")
_MT_WITHDRAW = MT_WITHDRAW.without("storage_deposit", "min_gas")


def _any(value: Value) -> Value:
    return value


_MEMO = Field("memo", optional(text), None)
_ONE = (Field("receiver_id", account_id), Field("token_id", text), Field("amount", amount))
_MANY = (Field("receiver_id", account_id), Field("token_ids", sequence(text)), Field("amounts", sequence(amount)))
_TRANSFER = Shape(*_ONE, Field("approval", _any, None), _MEMO)
_BATCH = Shape(*_MANY, Field("approvals", _any, None), _MEMO)
_TRANSFER_CALL = Shape(*_ONE, Field("approval", _any, None), _MEMO, Field("msg", text))
_BATCH_CALL = Shape(*_MANY, Field("approvals", _any, None), _MEMO, Field("msg", text))


class VerifierCalls:
    """Runs the function calls of the Verifier on ``ledger``: a contract, by its account."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        ledger.notify = self._notify
        self._methods: dict[str, Callable[[Call], Returned]] = {
            "execute_intents": self._execute,
            "ft_withdraw": self._ft_withdraw,
            "nft_withdraw": self._nft_withdraw,
            "mt_withdraw": self._mt_withdraw,
            "mt_transfer": lambda call: self._transfer(call, _TRANSFER),
            "mt_batch_transfer": lambda call: self._transfer(call, _BATCH),
            "mt_transfer_call": lambda call: self._transfer(call, _TRANSFER_CALL),
            "mt_batch_transfer_call": lambda call: self._transfer(call, _BATCH_CALL),
            "ft_on_transfer": self._on_transfer,
            "add_public_key": lambda call: self._change_key(call, add=True),
            "remove_public_key": lambda call: self._change_key(call, add=False),
            "disable_auth_by_predecessor_id": self._disable_predecessor,
            **Administration(ledger).methods,
        }

    def __call__(self, call: Call) -> Returned:
        """Run the call. Raises ContractPanicError, MethodNotFoundError or OutOfGasError, with nothing changed."""
        method, view = self._methods.get(call.method), VIEWS.get(call.method)
        if method is None and view is None:
            raise MethodNotFoundError(call.method)
        if call.gas < _LEAST_GAS.get(call.method, _USUAL_GAS):
            raise OutOfGasError(call.method)
        if method is not None:
            return method(call)
        if call.deposit or view is None:
            raise no_deposit_taken(call.method)
        return Returned(value=msgspec.json.encode(view(self._ledger, call.args)), undo=_nothing)

    def _execute(self, call: Call) -> Returned:
        if call.deposit:
            raise no_deposit_taken(call.method)
        return self._returned(call, self._ledger.start_intents(read_signed(call.args), call.tx_hash, gas=call.gas))

    def _ft_withdraw(self, call: Call) -> Returned:
        request = FtWithdraw(**read_arguments(call.args, _FT_WITHDRAW))
        self._ledger.begin("ft_withdraw")
        need_one_yocto(call.deposit)
        started = self._ledger.start_withdrawal(call.predecessor, request, tx_hash=call.tx_hash)
        return self._returned(call, started, ends=True)

    def _nft_withdraw(self, call: Call) -> Returned:
        return self._withdraw_other(call, NftWithdraw(**read_arguments(call.args, _NFT_WITHDRAW)), b"true")

    def _mt_withdraw(self, call: Call) -> Returned:
        request = MtWithdraw(**read_arguments(call.args, _MT_WITHDRAW))
        return self._withdraw_other(call, request, msgspec.json.encode([str(units) for units in request.amounts]))

    def _withdraw_other(self, call: Call, request: NftWithdraw | MtWithdraw, value: bytes) -> Returned:
        # Which contracts take these tokens is not played: they leave for good, as if those had kept everything.
        ledger, draft = self._ledger, self._ledger.begin(call.method)
        need_one_yocto(call.deposit)
        ledger.check_predecessor(call.predecessor)
        withdraw_others(draft, call.predecessor, request)
        return self._returned(call, ledger.start(draft, call.tx_hash, logs=(events.mt_burn(draft.burned),)), value)

    def _transfer(self, call: Call, shape: Shape) -> Returned:
        read, ledger = read_arguments(call.args, shape), self._ledger
        draft = ledger.begin("mt_transfer")
        need_one_yocto(call.deposit)
        if read.get("approval") is not None or read.get("approvals") is not None:
            raise ContractPanicError("approvals are not supported")
        ledger.check_predecessor(call.predecessor)
        one = "token_id" in read
        transfer = MtTransfer(
            sender=call.predecessor,
            receiver=read["receiver_id"],
            token_ids=(read["token_id"],) if one else read["token_ids"],
            amounts=(read["amount"],) if one else read["amounts"],
            memo=read["memo"],
        )
        line = mt_transfers.move(draft, transfer)
        started = ledger.start(draft, call.tx_hash, logs=(line,))
        if read.get("msg") is None:
            return self._returned(call, started)
        told = Notification(
            sender=transfer.sender,
            receiver=transfer.receiver,
            token_ids=transfer.token_ids,
            amounts=transfer.amounts,
            msg=read["msg"],
        )
        return Returned(logs=started.logs, undo=started.undo, follow=lambda: mt_transfers.notify(ledger, told, call))

    def _on_transfer(self, call: Call) -> Returned:
        if call.deposit:
            raise no_deposit_taken(call.method)
        read = read_arguments(call.args, deposits.ON_TRANSFER)
        return deposits.receive(self._ledger, call, read["sender_id"], read["amount"], read["msg"])

    def _change_key(self, call: Call, *, add: bool) -> Returned:
        key = str(read_arguments(call.args, _KEY)["public_key"])
        need_one_yocto(call.deposit)
        started = self._ledger.start_key_change(call.predecessor, key, add=add, tx_hash=call.tx_hash)
        return self._returned(call, started)

    def _disable_predecessor(self, call: Call) -> Returned:
        draft, account = self._ledger.begin(), call.predecessor
        need_one_yocto(call.deposit)
        self._ledger.check_predecessor(account)
        changed = draft.set_predecessor(account, enabled=False)
        lines = (events.set_predecessor(account, enabled=False),) if changed else ()
        return self._returned(call, self._ledger.start(draft, call.tx_hash, logs=lines))

    def _returned(self, call: Call, started: Started, value: bytes = b"", *, ends: bool = False) -> Returned:
        return Returned(
            value=value,
            logs=started.logs,
            undo=started.undo,
            follow=lambda: self._followed(call, started, ends=ends),
        )

    def _followed(self, call: Call, started: Started, *, ends: bool) -> Followed:
        steps = executed_steps(self._ledger.follow(started, call.name), self._ledger.contract, call.name)
        return Followed(steps=steps, ends=ends)

    def _notify(self, told: Notification, tx_hash: str, name: str) -> tuple[Step, ...]:
        call = Call(
            predecessor=told.sender,
            method="execute_intents",
            args=b"",
            gas=_NOTIFICATION_GAS,
            deposit=0,
            tx_hash=tx_hash,
            name=name,
        )
        return mt_transfers.notify(self._ledger, told, call).steps


def _nothing() -> None:
    return None
