"""Function calls between accounts: what a contract is called with, what it returns, and what it starts elsewhere.

A call changes everything or nothing. What it starts runs after the whole receipt has succeeded, as in nearcore.
"""

from collections.abc import Callable, Mapping

import msgspec

from venue.sandbox.verifier.errors import CallError, MethodNotFoundError
from venue.sandbox.verifier.near_accounts import NearBalances
from venue.sandbox.wire.errors import ContractPanicError, HostError

SYSTEM = "system"
"""The account in whose name nearcore gives back what was attached to a receipt that failed."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """``gas`` in gas units, ``deposit`` in yoctoNEAR; ``name`` tells the receipts of a transaction apart."""

    predecessor: str
    method: str
    args: bytes
    gas: int
    deposit: int
    tx_hash: str
    name: str = "call"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt that a call started: a call of ``method``, or a transfer of ``deposit`` where that is None.

    ``failure`` is nearcore's ``ActionErrorKind``, None for success. With ``ends`` its result is that of its last child.
    """

    name: str
    predecessor: str
    executor: str
    method: str | None = None
    args: bytes = b"{}"
    deposit: int = 0
    value: bytes = b""
    failure: object = None
    logs: tuple[str, ...] = ()
    children: tuple["Step", ...] = ()
    ends: bool = False


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """What a call started, in order. With ``ends`` the result of the last is the call's own."""

    steps: tuple[Step, ...] = ()
    ends: bool = False


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """A call that ran: ``undo`` takes its changes back, ``follow`` runs what it started, once."""

    value: bytes = b""
    logs: tuple[str, ...] = ()
    undo: Callable[[], None]
    follow: Callable[[], Followed] = Followed


Contract = Callable[[Call], Returned]
"""Runs one call. Raises ContractPanicError or CallError, and has then changed nothing."""


def failure_kind(error: ContractPanicError | CallError) -> object:
    """Return nearcore's ``ActionErrorKind`` for a call that failed."""
    if isinstance(error, MethodNotFoundError):
        return {"FunctionCallError": {"MethodResolveError": "MethodNotFound"}}
    if isinstance(error, CallError):
        text = "Exceeded the prepaid gas."
    else:
        text = str(error) if isinstance(error, HostError) else f"Smart contract panicked: {error}"
    return {"FunctionCallError": {"ExecutionError": text}}


def no_code(account: str) -> object:
    """Return the kind of a call of an account without a contract."""
    return {"FunctionCallError": {"CompilationError": {"CodeDoesNotExist": {"account_id": account}}}}


def no_account(account: str) -> object:
    return {"AccountDoesNotExist": {"account_id": account}}


def promise(contracts: Mapping[str, Contract], near: NearBalances, receiver: str, call: Call) -> Step:
    """Run a call that another contract started, with all that it starts; a failure is in the step.

    A deposit that comes with it is the receiver's, or back with the predecessor if it fails.
    """
    kind: object = None
    returned: Returned | None = None
    contract = contracts.get(receiver)
    if not near.exists(receiver):
        kind = no_account(receiver)
    elif contract is None:
        kind = no_code(receiver)
    else:
        near.take(call.predecessor, call.deposit)
        near.give(receiver, call.deposit)
        try:
            returned = contract(call)
        except (ContractPanicError, CallError) as error:
            kind = failure_kind(error)
            near.take(receiver, call.deposit)
            near.give(call.predecessor, call.deposit)
    followed = Followed() if returned is None else returned.follow()
    return Step(
        name=call.name,
        predecessor=call.predecessor,
        executor=receiver,
        method=call.method,
        args=call.args,
        deposit=call.deposit,
        value=b"" if returned is None else returned.value,
        failure=kind,
        logs=() if returned is None else returned.logs,
        children=followed.steps,
        ends=followed.ends,
    )


def result_of(step: Step) -> tuple[bytes, object]:
    """Return the value and the failure of a step in the end, after everything that it started."""
    while step.ends and step.children:
        step = step.children[-1]
    return step.value, step.failure
