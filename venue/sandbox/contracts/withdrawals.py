"""The receipts of what a call of the Verifier starts: the token's transfer, and its resolution by the Verifier."""

from collections.abc import Sequence

import msgspec

from venue.sandbox.verifier.accounts import Burn
from venue.sandbox.verifier.contracts import Step, failure_kind
from venue.sandbox.verifier.outcomes import Executed, Transferred
from venue.sandbox.wire.errors import ContractPanicError


def executed_steps(executed: Executed, contract: str, name: str) -> tuple[Step, ...]:
    """Return everything that a call of the Verifier started; ``name`` is that of the call."""
    return (*transfer_steps(executed.transfers, contract, name), *executed.steps)


def transfer_steps(transfers: Sequence[Transferred], contract: str, name: str) -> tuple[Step, ...]:
    """Return two receipts for each withdrawal; ``name`` is that of the call that made them."""
    return tuple(step for place, one in enumerate(transfers) for step in _steps(one, contract, f"{name}/{place}"))


def _steps(transfer: Transferred, contract: str, name: str) -> tuple[Step, Step]:
    burn = transfer.burn
    given_back = bool(transfer.steps)
    sent = Step(
        name=f"{name}/ft_transfer",
        predecessor=contract,
        executor=burn.token,
        method="ft_transfer" if burn.msg is None else "ft_transfer_call",
        args=msgspec.json.encode(_arguments(burn)),
        deposit=1,
        failure=None if transfer.failure is None else failure_kind(ContractPanicError(transfer.failure)),
        children=transfer.steps,
        ends=given_back,
    )
    named = {"token": burn.token, "sender_id": burn.account, "amount": str(burn.amount)}
    resolved = Step(
        name=f"{name}/ft_resolve_withdraw",
        predecessor=contract,
        executor=contract,
        method="ft_resolve_withdraw",
        args=msgspec.json.encode(named | {"is_call": burn.msg is not None}),
        value=msgspec.json.encode(str(transfer.used)),
        logs=transfer.logs,
    )
    return sent, resolved


def _arguments(burn: Burn) -> dict[str, object]:
    told: dict[str, object] = {"receiver_id": burn.receiver_id, "amount": str(burn.amount), "memo": burn.memo}
    return told if burn.msg is None else told | {"msg": burn.msg}
