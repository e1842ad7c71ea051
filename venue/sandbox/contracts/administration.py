"""What only the Verifier's administrators may call: pauses, locks, salts, fees and the clean-up of nonces.

Source of roles and words: near/intents and near-plugins. Who has the roles on the real contract is not written down in
one place: here the account ``dao.<contract>`` has all of them.
"""

from collections.abc import Callable

import msgspec

from venue.protocol.nonce import Nonce
from venue.sandbox.verifier import events
from venue.sandbox.verifier.accounts import read_nonce
from venue.sandbox.verifier.arguments import need_one_yocto, read_arguments
from venue.sandbox.verifier.contracts import Call, Returned
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.views import salt_bytes
from venue.sandbox.wire.errors import insufficient_permissions, no_deposit_taken
from venue.sandbox.wire.scalars import account_id, base64_of
from venue.sandbox.wire.shapes import Field, Shape, ShapeError, sequence, text
from venue.sandbox.wire.strict_json import Value

_PREFIX = 31
"""Bytes of a nonce that name a word of 256 used ones: the clean-up drops words."""


def _nonces(value: Value) -> tuple[str, tuple[bytes, ...]]:
    if not isinstance(value, list) or len(value) != 2:
        raise ShapeError("expected a tuple of size 2")
    return account_id(value[0]), sequence(lambda each: base64_of(32, each))(value[1])


_ACCOUNT = Shape(Field("account_id", account_id))
_ACCOUNTS = Shape(Field("account_ids", sequence(account_id)))
_FEATURE = Shape(Field("key", text))
_SALTS = Shape(Field("salts", sequence(salt_bytes)))
_NONCES = Shape(Field("nonces", sequence(_nonces)))


class Administration:
    """The calls of the administrators on ``ledger``; ``methods`` by name."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._admin = f"dao.{ledger.contract}"
        lockers = ("UnrestrictedAccountLocker", "UnrestrictedAccountManager")
        unlockers = ("UnrestrictedAccountUnlocker", "UnrestrictedAccountManager")
        self.methods: dict[str, Callable[[Call], Returned]] = {
            "pa_pause_feature": self._for(("PauseManager",), self._pause, yocto=False),
            "pa_unpause_feature": self._for(("UnpauseManager",), self._unpause, yocto=False),
            "force_lock_account": self._for(lockers, self._lock),
            "force_unlock_account": self._for(unlockers, self._unlock),
            "force_disable_auth_by_predecessor_ids": self._for(lockers, self._without_predecessor),
            "force_enable_auth_by_predecessor_ids": self._for(unlockers, self._with_predecessor),
            "update_current_salt": self._for(("SaltManager",), self._rotate),
            "invalidate_salts": self._for(("SaltManager",), self._invalidate),
            "cleanup_nonces": self._for(("GarbageCollector",), self._clean_up),
        }

    def _for(
        self, roles: tuple[str, ...], method: Callable[[Call], Returned], *, yocto: bool = True
    ) -> Callable[[Call], Returned]:
        def run(call: Call) -> Returned:
            if not yocto and call.deposit:
                raise no_deposit_taken(call.method)
            if call.predecessor != self._admin:
                raise insufficient_permissions(call.method, ("DAO", *roles))
            if yocto:
                need_one_yocto(call.deposit)
            return method(call)

        return run

    def _pause(self, call: Call) -> Returned:
        return self._set_paused(call, pause=True)

    def _unpause(self, call: Call) -> Returned:
        return self._set_paused(call, pause=False)

    def _set_paused(self, call: Call, *, pause: bool) -> Returned:
        feature = str(read_arguments(call.args, _FEATURE)["key"])
        before = self._ledger.shut.paused
        after = before | {feature} if pause else before - {feature}
        line = events.paused(feature, call.predecessor, pause=pause)
        return self._shut(before != after, line, paused=after)

    def _lock(self, call: Call) -> Returned:
        return self._set_locked(call, locked=True)

    def _unlock(self, call: Call) -> Returned:
        return self._set_locked(call, locked=False)

    def _set_locked(self, call: Call, *, locked: bool) -> Returned:
        account = str(read_arguments(call.args, _ACCOUNT)["account_id"])
        before = self._ledger.shut.locked
        after = before | {account} if locked else before - {account}
        return self._shut(before != after, events.account_lock(account, locked=locked), locked=after)

    def _shut(self, changed: bool, line: str, **changes: frozenset[str]) -> Returned:
        before = self._ledger.shut
        self._ledger.shut = msgspec.structs.replace(before, **changes)

        def undo() -> None:
            self._ledger.shut = before

        return Returned(value=msgspec.json.encode(changed), logs=(line,) if changed else (), undo=undo)

    def _without_predecessor(self, call: Call) -> Returned:
        return self._set_predecessor(call, enabled=False)

    def _with_predecessor(self, call: Call) -> Returned:
        return self._set_predecessor(call, enabled=True)

    def _set_predecessor(self, call: Call, *, enabled: bool) -> Returned:
        # Locks do not hold for an administrator.
        draft = self._ledger.begin(forced=True)
        lines = tuple(
            events.set_predecessor(account, enabled=enabled)
            for account in read_arguments(call.args, _ACCOUNTS)["account_ids"]
            if (draft.exists(account) or not enabled) and draft.set_predecessor(account, enabled=enabled)
        )
        return Returned(logs=lines, undo=draft.commit())

    def _rotate(self, call: Call) -> Returned:
        return self._change_salts(None)

    def _invalidate(self, call: Call) -> Returned:
        return self._change_salts(read_arguments(call.args, _SALTS)["salts"])

    def _change_salts(self, invalid: tuple[bytes, ...] | None) -> Returned:
        ledger, before = self._ledger, self._ledger.salts
        ledger.salts = before.copied()
        gone: tuple[bytes, ...] = ()
        if invalid is not None:
            gone = ledger.salts.invalidate_all(invalid)
        else:
            ledger.salts.rotate_by_itself()

        def undo() -> None:
            ledger.salts = before

        current = ledger.current_salt().hex()
        line = events.salt_rotation(current, [salt.hex() for salt in gone])
        return Returned(value=msgspec.json.encode(current), logs=(line,), undo=undo)

    def _clean_up(self, call: Call) -> Returned:
        now, dropped = self._ledger.clock(), []
        for name, nonces in read_arguments(call.args, _NONCES)["nonces"]:
            account = self._ledger.accounts.find(name)
            for nonce in nonces if account is not None else ():
                read = read_nonce(nonce)
                if account is None or read is None or not self._cleanable(read, now):
                    continue
                gone = {used for used in account.nonces if used[:_PREFIX] == nonce[:_PREFIX]}
                account.nonces -= gone
                dropped.append((account.nonces, gone))

        def undo() -> None:
            for nonces, gone in dropped:
                nonces |= gone

        return Returned(undo=undo)

    def _cleanable(self, nonce: Nonce, now_ns: int) -> bool:
        return nonce.deadline_ns < now_ns or not self._ledger.is_valid_salt(nonce.salt)
