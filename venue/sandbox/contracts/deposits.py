"""Deposits by transfer: ``ft_on_transfer`` of the Verifier, and what its ``msg`` asks for (``DepositMessage``)."""

from collections.abc import Sequence
from typing import Any

import msgspec

from venue.sandbox.contracts.mt_transfers import refunds
from venue.sandbox.contracts.withdrawals import executed_steps
from venue.sandbox.verifier import events
from venue.sandbox.verifier.accounts import Draft
from venue.sandbox.verifier.contracts import Call, Followed, Returned, Step, failure_kind, promise
from venue.sandbox.verifier.errors import CallError
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.payload import read_payloads
from venue.sandbox.wire.scalars import account_id, amount, gas, parse_account_id
from venue.sandbox.wire.shapes import Field, Shape, ShapeError, boolean, members, optional, text
from venue.sandbox.wire.standards import Signed
from venue.sandbox.wire.strict_json import JsonSyntaxError, Value, parse

ON_TRANSFER = Shape(Field("sender_id", account_id), Field("amount", amount), Field("msg", text))
_RECEIVER = Shape(Field("receiver_id", account_id), listed=False)
_EXECUTE = Shape(Field("execute_intents", read_payloads), Field("refund_if_fails", boolean, False), listed=False)
_NOTIFY = Shape(
    Field("state_init", lambda value: value, None),
    Field("msg", text),
    Field("min_gas", optional(gas), None),
    listed=False,
)


class DepositMessage(msgspec.Struct, frozen=True, kw_only=True):
    """To whom a deposit goes; ``execute``: payloads to run; ``notify``: a message for the receiver's contract."""

    receiver: str
    execute: Sequence[Signed] | None = None
    refund_if_fails: bool = False
    notify: str | None = None


class Deposited(msgspec.Struct, frozen=True, kw_only=True):
    """A credited deposit, in base units, that the receiver's contract is told of."""

    sender: str
    receiver: str
    token_id: str
    units: int
    message: str


def read_message(sender: str, msg: str) -> DepositMessage:
    """Read a transfer's ``msg``: nothing, an account, or JSON. Raises ContractPanicError."""
    if not msg:
        return DepositMessage(receiver=sender)
    if not msg.startswith("{"):
        try:
            return DepositMessage(receiver=parse_account_id(msg))
        except ValueError as error:
            raise _unreadable(str(error)) from None
    try:
        value = parse(msg)
        receiver = str(members(value, _RECEIVER)["receiver_id"])
    except (JsonSyntaxError, ShapeError) as error:
        raise _unreadable(f"JSON: {error}") from None
    # What fits neither of the two is ignored, as a flattened option is.
    execute, notify = _fitting(value, _EXECUTE), _fitting(value, _NOTIFY)
    if execute is not None:
        return DepositMessage(
            receiver=receiver, execute=execute["execute_intents"], refund_if_fails=execute["refund_if_fails"]
        )
    return DepositMessage(receiver=receiver, notify=None if notify is None else notify["msg"])


def _fitting(value: Value, shape: Shape) -> dict[str, Any] | None:
    try:
        return members(value, shape)
    except ShapeError:
        return None


def _unreadable(text_of_it: str) -> ContractPanicError:
    # The contract panics with Rust's own words around these; the real ones name a place in its source.
    return ContractPanicError(f"panicked at {text_of_it}")


def receive(ledger: Ledger, call: Call, sender: str, units: int, msg: str) -> Returned:
    """Credit a transfer that the token ``call.predecessor`` announces. Raises ContractPanicError; changes nothing then.

    What is returned is not credited: ``"0"``, unless a contract that is told of it gives some back.
    """
    ledger.restrictions().check_feature("ft_on_transfer")
    if units == 0:
        raise ContractPanicError("zero amount")
    message = read_message(sender, msg)
    token_id = f"nep141:{call.predecessor}"
    draft = ledger.begin()
    draft.credit(message.receiver, token_id, units)
    minted = events.mt_mint(message.receiver, token_id, units, memo="deposit")
    undo = draft.commit()
    if message.notify is not None:
        deposit = Deposited(
            sender=sender, receiver=message.receiver, token_id=token_id, units=units, message=message.notify
        )
        return Returned(logs=(minted,), undo=undo, follow=lambda: _notify(ledger, call, deposit))
    if not message.execute:
        return Returned(value=b'"0"', logs=(minted,), undo=undo)
    if not message.refund_if_fails:
        return Returned(
            value=b'"0"', logs=(minted,), undo=undo, follow=lambda: _run_later(ledger, call, message.execute or ())
        )
    try:
        started = ledger.start_intents(message.execute, call.tx_hash)
    except ContractPanicError:
        undo()
        raise

    def undo_both() -> None:
        started.undo()
        undo()

    return Returned(
        value=b'"0"',
        logs=(minted, *started.logs),
        undo=undo_both,
        follow=lambda: Followed(steps=executed_steps(ledger.follow(started, call.name), ledger.contract, call.name)),
    )


def _run_later(ledger: Ledger, call: Call, payloads: Sequence[Signed]) -> Followed:
    """Run the payloads in a receipt of their own: the deposit stays, whatever becomes of them."""
    name = f"{call.name}/execute_intents"
    step = Step(name=name, predecessor=ledger.contract, executor=ledger.contract, method="execute_intents")
    try:
        started = ledger.start_intents(payloads, call.tx_hash)
    except (ContractPanicError, CallError) as error:
        return Followed(steps=(msgspec.structs.replace(step, failure=failure_kind(error)),))
    children = executed_steps(ledger.follow(started, name), ledger.contract, name)
    return Followed(steps=(msgspec.structs.replace(step, logs=started.logs, children=children),))


def _notify(ledger: Ledger, call: Call, deposit: Deposited) -> Followed:
    """Tell the receiver's contract (``mt_on_transfer``), and burn what it does not keep (``ft_resolve_deposit``)."""
    told: dict[str, object] = {
        "sender_id": deposit.sender,
        "previous_owner_ids": [deposit.sender],
        "token_ids": [deposit.token_id],
        "amounts": [str(deposit.units)],
        "msg": deposit.message,
    }
    step = promise(
        ledger.callees,
        ledger.near_balances,
        deposit.receiver,
        Call(
            predecessor=ledger.contract,
            method="mt_on_transfer",
            args=msgspec.json.encode(told),
            gas=call.gas,
            deposit=0,
            tx_hash=call.tx_hash,
            name=f"{call.name}/mt_on_transfer",
        ),
    )
    draft = Draft(ledger.accounts)
    (wanted,) = refunds(step, (deposit.units,))
    refund = min(wanted, deposit.units, draft.balance(deposit.receiver, deposit.token_id))
    logs: tuple[str, ...] = ()
    if refund:
        draft.debit(deposit.receiver, deposit.token_id, refund)
        draft.commit()
        logs = (events.mt_burn([(deposit.receiver, [(deposit.token_id, refund)])], memo="refund"),)
    named = {"receiver_id": deposit.receiver, "contract_id": call.predecessor, "amount": str(deposit.units)}
    resolved = Step(
        name=f"{call.name}/ft_resolve_deposit",
        predecessor=ledger.contract,
        executor=ledger.contract,
        method="ft_resolve_deposit",
        args=msgspec.json.encode(named),
        value=msgspec.json.encode(str(refund)),
        logs=logs,
    )
    return Followed(steps=(step, resolved), ends=True)
