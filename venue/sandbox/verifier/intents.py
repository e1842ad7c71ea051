"""The effect of each intent on the balances, and the arithmetic of the protocol fee.

The fee is charged on the negative side of every ``token_diff``: ``ceil(amount × pips / 1_000_000)`` of what the
signer gives goes to the fee collector instead of the counterparty.
"""

from collections.abc import Mapping

from venue.protocol.units import PIPS
from venue.sandbox.verifier import events
from venue.sandbox.verifier.accounts import Burn, Draft, Notification, StoragePaid
from venue.sandbox.wire.errors import INVALID_INTENT, ContractPanicError
from venue.sandbox.wire.intent_types import (
    AddPublicKey,
    AuthCall,
    FtWithdraw,
    Intent,
    MtWithdraw,
    NativeWithdraw,
    NftWithdraw,
    RemovePublicKey,
    SetAuthByPredecessor,
    StorageDeposit,
    TokenDiff,
    TransferIntent,
)
from venue.sandbox.wire.payload import SignedMessage
from venue.sandbox.wire.scalars import token_order

WRAPPED_NEAR = "nep141:wrap.near"


def protocol_fee(amount: int, pips: int) -> int:
    """Return the fee on giving ``amount`` base units, rounded up."""
    return -(-amount * pips // PIPS)


def taker_receives(gives: int, pips: int) -> int:
    """Return what a taker may ask for when the maker's diff gives ``gives`` base units."""
    return gives - protocol_fee(gives, pips)


def taker_gives(receives: int, pips: int) -> int:
    """Return the smallest amount a taker gives so that ``receives`` base units reach the maker.

    Raises ValueError for a fee of 100 % or more: nothing could be delivered.
    """
    if not 0 <= pips < PIPS:
        raise ValueError("the fee must be between 0 and 999999 pips")
    return -(-receives * PIPS // (PIPS - pips))


def token_fee(token_id: str, amount: int, pips: int) -> int:
    """Return the fee on giving ``amount`` of the token: none on NFTs and on single units of a multi token."""
    whole = token_id.startswith("nep171:") or (token_id.startswith("nep245:") and amount <= 1)
    return 0 if whole else protocol_fee(amount, pips)


def _plain(amounts: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(token_id, amounts[token_id]) for token_id in sorted(amounts, key=token_order)]


def apply_token_diff(draft: Draft, message: SignedMessage, intent: TokenDiff, *, pips: int, collector: str) -> str:
    """Move the signer's balances and the fee, and return the log line; ContractPanicError."""
    if not intent.diff:
        raise ContractPanicError(INVALID_INTENT)
    fees: dict[str, int] = {}
    for token_id, delta in _plain(intent.diff):
        if delta == 0:
            raise ContractPanicError(INVALID_INTENT)
        draft.move(message.signer_id, token_id, delta)
        fee = token_fee(token_id, -delta, pips) if delta < 0 else 0
        if fee:
            fees[token_id] = fee
    for given, fee in fees.items():
        draft.move(collector, given, fee)
    return events.token_diff(message, intent, fees)


def apply_transfer(draft: Draft, message: SignedMessage, intent: TransferIntent) -> str:
    """Move the tokens to the receiver and return the log line.

    Raises ContractPanicError when the transfer is empty, to oneself, or not covered.
    """
    if intent.receiver_id == message.signer_id or not intent.tokens:
        raise ContractPanicError(INVALID_INTENT)
    tokens = _plain(intent.tokens)
    for token_id, amount in tokens:
        draft.move(message.signer_id, token_id, -amount)
    for token_id, amount in tokens:
        draft.move(intent.receiver_id, token_id, amount)
    if intent.msg is not None:
        draft.notified.append(
            Notification(
                sender=message.signer_id,
                receiver=intent.receiver_id,
                token_ids=tuple(token_id for token_id, _ in tokens),
                amounts=tuple(amount for _, amount in tokens),
                msg=intent.msg,
            )
        )
    return events.transfer(message, intent)


def withdraw(draft: Draft, owner: str, intent: FtWithdraw, *, tx_hash: str, now_ns: int) -> None:
    """Debit the owner and record a Burn on the draft."""
    token_id = f"nep141:{intent.token}"
    _burn(draft, owner, [(token_id, intent.amount)], intent.storage_deposit)
    draft.burns.append(
        Burn(
            account=owner,
            token=intent.token,
            token_id=token_id,
            amount=intent.amount,
            memo=intent.memo,
            receiver_id=intent.receiver_id,
            tx_hash=tx_hash,
            at_ns=now_ns,
            msg=intent.msg,
        )
    )
    if intent.storage_deposit is not None:
        _pay_storage(draft, owner, intent.token, intent.receiver_id, intent.storage_deposit)


def withdraw_others(draft: Draft, owner: str, intent: NftWithdraw | MtWithdraw) -> None:
    """Debit the owner. Which contracts take these tokens is not played: they leave for good."""
    if isinstance(intent, NftWithdraw):
        burned = [(f"nep171:{intent.token}:{intent.token_id}", 1)]
    else:
        if len(intent.token_ids) != len(intent.amounts) or not intent.amounts:
            raise ContractPanicError(INVALID_INTENT)
        ids = [f"nep245:{intent.token}:{token_id}" for token_id in intent.token_ids]
        burned = list(zip(ids, intent.amounts, strict=True))
    _burn(draft, owner, burned, intent.storage_deposit)
    if intent.storage_deposit is not None:
        _pay_storage(draft, owner, intent.token, intent.receiver_id, intent.storage_deposit)


def pay_storage(draft: Draft, message: SignedMessage, intent: StorageDeposit) -> str:
    """Debit the signer's wNEAR, record what it pays for, and return the log line."""
    _burn(draft, message.signer_id, [(WRAPPED_NEAR, intent.amount)])
    _pay_storage(draft, message.signer_id, intent.contract_id, intent.deposit_for_account_id, intent.amount)
    return events.storage_deposit(message, intent)


def _burn(draft: Draft, owner: str, burned: list[tuple[str, int]], storage_deposit: int | None = None) -> None:
    whole = burned if storage_deposit is None else [*burned, (WRAPPED_NEAR, storage_deposit)]
    for token_id, amount in whole:
        draft.debit(owner, token_id, amount)
    draft.burned.append((owner, whole))


def _pay_storage(draft: Draft, account: str, contract: str, for_account: str, amount: int) -> None:
    paid = StoragePaid(account=account, contract=contract, for_account=for_account, amount=amount)
    draft.storage_paid.append(paid)


def apply_intent(
    draft: Draft, message: SignedMessage, intent: Intent, *, pips: int, collector: str, tx_hash: str, now_ns: int
) -> list[str]:
    """Apply one intent of a verified message to the draft and return its log lines.

    Raises ContractPanicError. What an ``auth_call`` calls is not played.
    """
    signer = message.signer_id
    match intent:
        case TokenDiff():
            return [apply_token_diff(draft, message, intent, pips=pips, collector=collector)]
        case TransferIntent():
            return [apply_transfer(draft, message, intent)]
        case FtWithdraw():
            withdraw(draft, signer, intent, tx_hash=tx_hash, now_ns=now_ns)
            return [events.ft_withdraw(message, intent)]
        case NftWithdraw() | MtWithdraw():
            withdraw_others(draft, signer, intent)
            return [events.withdraw_others(message, intent)]
        case NativeWithdraw():
            _burn(draft, signer, [(WRAPPED_NEAR, intent.amount)])
            draft.paid_out.append((intent.receiver_id, intent.amount))
            return [events.native_withdraw(message, intent)]
        case AuthCall():
            if intent.attached_deposit:
                _burn(draft, signer, [(WRAPPED_NEAR, intent.attached_deposit)])
            return []
        case SetAuthByPredecessor():
            line = events.set_predecessor(signer, enabled=intent.enabled)
            # The account logs its change, the engine the intent. That the account is silent without one is inferred.
            if draft.set_predecessor(signer, enabled=intent.enabled):
                draft.state_logs.append(line)
            return [line]
        case StorageDeposit():
            return [pay_storage(draft, message, intent)]
        case AddPublicKey():
            draft.add_key(signer, intent.public_key)
            return [events.public_key("public_key_added", signer, intent.public_key)]
        case RemovePublicKey():
            draft.remove_key(signer, intent.public_key)
            return [events.public_key("public_key_removed", signer, intent.public_key)]
