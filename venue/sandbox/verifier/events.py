"""The log lines of the Verifier 0.4.1: NEP-297 events ``dip4`` and ``nep245``, and their 16 KiB limit."""

import base64
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from venue.sandbox.wire.errors import REFUND_LOG_TOO_LONG, ContractPanicError, LogLimitExceededError
from venue.sandbox.wire.intent_types import (
    FtWithdraw,
    MtWithdraw,
    NativeWithdraw,
    NftWithdraw,
    StorageDeposit,
    TokenDiff,
    TransferIntent,
)
from venue.sandbox.wire.payload import SignedMessage
from venue.sandbox.wire.scalars import token_order

LOG_LIMIT = 16_384
"""Bytes all logs of one call may have together (NEAR runtime)."""

_REFUND_MEMO = len(',"memo":""') + len("refund")


def _event(standard: str, version: str, event: str, data: object) -> str:
    body = {"standard": standard, "version": version, "event": event, "data": data}
    return "EVENT_JSON:" + msgspec.json.encode(body).decode()


def _dip4(event: str, data: object, version: str = "0.3.0") -> str:
    return _event("dip4", version, event, data)


def _texts(amounts: Mapping[str, int]) -> dict[str, str]:
    return {token_id: str(amounts[token_id]) for token_id in sorted(amounts, key=token_order)}


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(amount)


def _present(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def token_diff(message: SignedMessage, intent: TokenDiff, fees: Mapping[str, int]) -> str:
    """Log an applied ``token_diff``; ``fees`` are the base units charged on what the signer gives."""
    event = {"intent_hash": message.intent_hash, "account_id": message.signer_id, "diff": _texts(intent.diff)}
    extra = _present(memo=intent.memo, referral=intent.referral, fees_collected=_texts(fees) or None)
    return _dip4("token_diff", [event | extra])


def transfer(message: SignedMessage, intent: TransferIntent) -> str:
    event = {"intent_hash": message.intent_hash, "account_id": message.signer_id, "receiver_id": intent.receiver_id}
    return _dip4("transfer", [event | {"tokens": _texts(intent.tokens)} | _present(memo=intent.memo)])


def ft_withdraw(message: SignedMessage, intent: FtWithdraw) -> str:
    return _dip4("ft_withdraw", [_withdrawn(message, intent) | {"amount": str(intent.amount)} | _rest(intent)])


def withdraw_others(message: SignedMessage, intent: NftWithdraw | MtWithdraw) -> str:
    if isinstance(intent, NftWithdraw):
        event = _withdrawn(message, intent) | {"token_id": intent.token_id}
        return _dip4("nft_withdraw", [event | _rest(intent)])
    event = _withdrawn(message, intent) | {
        "token_ids": list(intent.token_ids),
        "amounts": [str(amount) for amount in intent.amounts],
    }
    return _dip4("mt_withdraw", [event | _rest(intent)])


def _withdrawn(message: SignedMessage, intent: FtWithdraw | NftWithdraw | MtWithdraw) -> dict[str, object]:
    return {
        "intent_hash": message.intent_hash,
        "account_id": message.signer_id,
        "token": intent.token,
        "receiver_id": intent.receiver_id,
    }


def _rest(intent: FtWithdraw | NftWithdraw | MtWithdraw) -> dict[str, object]:
    return _present(
        memo=intent.memo,
        msg=intent.msg,
        storage_deposit=_text(intent.storage_deposit),
        min_gas=_text(intent.min_gas),
    )


def native_withdraw(message: SignedMessage, intent: NativeWithdraw) -> str:
    event = {"intent_hash": message.intent_hash, "account_id": message.signer_id}
    return _dip4("native_withdraw", [event | {"receiver_id": intent.receiver_id, "amount": str(intent.amount)}])


def set_predecessor(account: str, *, enabled: bool) -> str:
    return _dip4("set_auth_by_predecessor_id", {"account_id": account, "enabled": enabled})


def storage_deposit(message: SignedMessage, intent: StorageDeposit) -> str:
    event = {"intent_hash": message.intent_hash, "account_id": message.signer_id, "contract_id": intent.contract_id}
    event |= {"deposit_for_account_id": intent.deposit_for_account_id, "amount": str(intent.amount)}
    return _dip4("storage_deposit", [event])


def public_key(event: str, account: str, key: str) -> str:
    """Log a changed key: ``event`` is ``public_key_added`` or ``public_key_removed``."""
    return _dip4(event, {"account_id": account, "public_key": key})


def account_lock(account: str, *, locked: bool) -> str:
    return _dip4("account_locked" if locked else "account_unlocked", {"account_id": account})


def salt_rotation(current: str, invalidated: Sequence[str]) -> str:
    return _dip4("salt_rotation", {"current": current, "invalidated": sorted(invalidated)})


def paused(feature: str, by: str, *, pause: bool) -> str:
    """Log a feature that was paused or is no longer, as near-plugins does."""
    return _event("Pausable", "1.0.0", "pause" if pause else "unpause", {"by": by, "key": feature})


def intents_executed(executed: Sequence[Mapping[str, str]]) -> str:
    """Log the payloads that a call executed, in order."""
    return _dip4("intents_executed", list(executed), "0.3.1")


def executed_entry(message: SignedMessage) -> dict[str, str]:
    """Describe one payload as ``intents_executed`` and ``simulate_intents`` do."""
    nonce = base64.b64encode(message.nonce).decode()
    return {"intent_hash": message.intent_hash, "account_id": message.signer_id, "nonce": nonce}


def mt_burn(burned: Sequence[tuple[str, Sequence[tuple[str, int]]]], *, memo: str = "withdraw") -> str:
    """Log what left each owner, amounts by token, after everything else of the call."""
    data = [
        {
            "owner_id": owner,
            "token_ids": [token_id for token_id, _ in amounts],
            "amounts": [str(amount) for _, amount in amounts],
            "memo": memo,
        }
        for owner, amounts in burned
    ]
    return _event("nep245", "1.0.0", "mt_burn", data)


def mt_mint(account: str, token_id: str, amount: int, *, memo: str | None = None) -> str:
    """Log ``amount`` base units credited to the account from outside."""
    minted: dict[str, object] = {"owner_id": account, "token_ids": [token_id], "amounts": [str(amount)]}
    return _event("nep245", "1.0.0", "mt_mint", [minted | _present(memo=memo)])


def mt_transfer_by_call(
    giver: str, receiver: str, token_ids: Sequence[str], amounts: Sequence[int], *, memo: str | None
) -> str:
    """Log a transfer by function call; ContractPanicError when its refund would not fit."""
    event: dict[str, object] = {"old_owner_id": giver, "new_owner_id": receiver, "token_ids": list(token_ids)}
    event |= {"amounts": [str(amount) for amount in amounts]} | _present(memo=memo)
    line = _event("nep245", "1.0.0", "mt_transfer", [event])
    if memo != "refund" and len(line.encode()) + _REFUND_MEMO > LOG_LIMIT:
        raise ContractPanicError(REFUND_LOG_TOO_LONG)
    return line


def mt_transfer(transfers: Iterable[tuple[str, str, Mapping[str, int]]]) -> str:
    """Log matched transfers (giver, receiver, amounts by token); ContractPanicError when a refund would not fit."""
    data = []
    for giver, receiver, amounts in transfers:
        texts = _texts(amounts)
        data.append(
            {
                "old_owner_id": giver,
                "new_owner_id": receiver,
                "token_ids": list(texts),
                "amounts": list(texts.values()),
            }
        )
    line = _event("nep245", "1.0.0", "mt_transfer", data)
    if len(line.encode()) + _REFUND_MEMO * len(data) > LOG_LIMIT:
        raise ContractPanicError(REFUND_LOG_TOO_LONG)
    return line


def check_log_limit(logs: Iterable[str]) -> None:
    """Raise LogLimitExceededError when the lines together pass 16 KiB."""
    length = sum(len(line.encode()) for line in logs)
    if length > LOG_LIMIT:
        raise LogLimitExceededError(length, LOG_LIMIT)
