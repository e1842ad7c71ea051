"""The Verifier as a multi token (NEP-245): transfers inside it by function call. Source: near/intents, ``nep245``."""

from collections.abc import Sequence

import msgspec

from venue.sandbox.verifier import events
from venue.sandbox.verifier.accounts import Draft, Notification
from venue.sandbox.verifier.contracts import Call, Followed, Step, promise, result_of
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import INVALID_INTENT, ContractPanicError
from venue.sandbox.wire.scalars import parse_amount, parse_token_id


class MtTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts of several tokens, in base units."""

    sender: str
    receiver: str
    token_ids: tuple[str, ...]
    amounts: tuple[int, ...]
    memo: str | None


def move(draft: Draft, transfer: MtTransfer) -> str:
    """Move the tokens and return the log line. Raises ContractPanicError."""
    sender, receiver, token_ids, amounts = transfer.sender, transfer.receiver, transfer.token_ids, transfer.amounts
    if sender == receiver or len(token_ids) != len(amounts) or not amounts:
        raise ContractPanicError(INVALID_INTENT)
    for token_id, amount in zip(token_ids, amounts, strict=True):
        if amount == 0:
            raise ContractPanicError(INVALID_INTENT)
        try:
            parse_token_id(token_id)
        except ValueError as error:
            # The words behind the colon are those of a library of the contract's, and inferred.
            raise ContractPanicError(f"token_id: {error}") from None
        draft.debit(sender, token_id, amount)
        draft.credit(receiver, token_id, amount)
    return events.mt_transfer_by_call(sender, receiver, token_ids, amounts, memo=transfer.memo)


def notify(ledger: Ledger, transfer: Notification, call: Call) -> Followed:
    """Tell the receiver (``mt_on_transfer``) and take back what it does not keep (``mt_resolve_transfer``)."""
    amounts = [str(amount) for amount in transfer.amounts]
    told: dict[str, object] = {
        "sender_id": transfer.sender,
        "previous_owner_ids": [transfer.sender] * len(amounts),
        "token_ids": list(transfer.token_ids),
        "amounts": amounts,
        "msg": transfer.msg,
    }
    asked = Call(
        predecessor=ledger.contract,
        method="mt_on_transfer",
        args=msgspec.json.encode(told),
        gas=call.gas,
        deposit=0,
        tx_hash=call.tx_hash,
        name=f"{call.name}/mt_on_transfer",
    )
    step = promise(ledger.callees, ledger.near_balances, transfer.receiver, asked)
    used, logs = _resolve(ledger, transfer, refunds(step, transfer.amounts))
    del told["sender_id"], told["msg"]
    resolved = Step(
        name=f"{call.name}/mt_resolve_transfer",
        predecessor=ledger.contract,
        executor=ledger.contract,
        method="mt_resolve_transfer",
        args=msgspec.json.encode(told | {"receiver_id": transfer.receiver, "approvals": None}),
        value=msgspec.json.encode([str(amount) for amount in used]),
        logs=logs,
    )
    return Followed(steps=(step, resolved), ends=True)


def refunds(step: Step, amounts: Sequence[int]) -> Sequence[int]:
    """Return what the receiver gives back; everything, when it failed or returned something else."""
    value, failure = result_of(step)
    try:
        refunds = [parse_amount(text) for text in msgspec.json.decode(value, type=list[str])]
    except (msgspec.DecodeError, ValueError):
        return amounts
    return amounts if failure is not None or len(refunds) != len(amounts) else refunds


def _resolve(ledger: Ledger, transfer: Notification, asked: Sequence[int]) -> tuple[list[int], tuple[str, ...]]:
    # Locks do not hold here: what a sender is owed comes back.
    draft, used = Draft(ledger.accounts), list(transfer.amounts)
    returned: list[tuple[str, int]] = []
    for place, (token_id, wanted) in enumerate(zip(transfer.token_ids, asked, strict=True)):
        refund = min(wanted, used[place], draft.balance(transfer.receiver, token_id))
        if refund:
            draft.debit(transfer.receiver, token_id, refund)
            draft.credit(transfer.sender, token_id, refund)
            used[place] -= refund
            returned.append((token_id, refund))
    draft.commit()
    if not returned:
        return used, ()
    token_ids, amounts = zip(*returned, strict=True)
    line = events.mt_transfer_by_call(transfer.receiver, transfer.sender, token_ids, amounts, memo="refund")
    return used, (line,)
