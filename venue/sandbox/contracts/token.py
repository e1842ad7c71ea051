"""A token contract (NEP-141, with NEP-145's registration and NEP-148's metadata), in the words of near-sdk's standard.

Sources: near-sdk-rs ``near-contract-standards``, and the PoA token of near/intents. What the Verifier holds of a token
is the sum of its own balances, so nothing is kept twice.
"""

from collections.abc import Callable, Mapping

import msgspec

from venue.protocol.assets import Token
from venue.sandbox.verifier.accounts import Burn
from venue.sandbox.verifier.arguments import need_one_yocto, read_arguments
from venue.sandbox.verifier.contracts import Call, Followed, Returned, Step, promise, result_of
from venue.sandbox.verifier.errors import MethodNotFoundError, OutOfGasError
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import ContractPanicError, no_deposit_taken
from venue.sandbox.wire.scalars import MAX_U128, account_id, amount, parse_amount
from venue.sandbox.wire.shapes import Field, Shape, boolean, optional, text

STORAGE = 1_250_000_000_000_000_000_000
"""yoctoNEAR of a registration."""
WITHDRAW_PREFIX = "WITHDRAW_TO:"
_LEAST_GAS, _LEAST_CALL_GAS = 5 * 10**12, 30 * 10**12

_ACCOUNT = Shape(Field("account_id", account_id))
_MEMO = Field("memo", optional(text), None)
_TRANSFER = Shape(Field("receiver_id", account_id), Field("amount", amount), _MEMO)
_TRANSFER_CALL = Shape(Field("receiver_id", account_id), Field("amount", amount), _MEMO, Field("msg", text))
_REGISTER = Shape(Field("account_id", optional(account_id), None), Field("registration_only", optional(boolean), None))
_AMOUNT = Shape(Field("amount", optional(amount), None))
_FORCE = Shape(Field("force", optional(boolean), None))


def not_registered(account: str) -> ContractPanicError:
    return ContractPanicError(f"The account {account} is not registered")


class TokenContract:
    """The contract of ``token`` on ``ledger``: a contract, by its account. Balances in base units.

    ``burns_withdrawals``: a transfer to itself with a ``WITHDRAW_TO:`` memo leaves for the bridge.
    """

    def __init__(self, ledger: Ledger, token: Token, *, burns_withdrawals: bool) -> None:
        self._ledger = ledger
        self.account = token.near_token
        self._token = token
        self._burns_withdrawals = burns_withdrawals
        self._delivered = 0
        self._held: dict[str, int] = {ledger.contract: 0, self.account: 0}
        self.views: Mapping[str, Callable[[bytes], object]] = {
            "ft_balance_of": lambda args: str(self.balance(_account(args))),
            "ft_total_supply": lambda args: str(self.supply()),
            "ft_metadata": lambda args: self._metadata(),
            "storage_balance_of": lambda args: self._storage_of(_account(args)),
            "storage_balance_bounds": lambda args: {"min": str(STORAGE), "max": str(STORAGE)},
        }
        self.methods: dict[str, Callable[[Call], Returned]] = {
            "ft_transfer": self._transfer,
            "ft_transfer_call": self._transfer_call,
            "storage_deposit": self._register,
            "storage_withdraw": self._storage_withdraw,
            "storage_unregister": self._unregister,
        }

    def frozen(self, ledger: Ledger) -> "TokenContract":
        """Return a copy beside a copy of the ledger, of which only the views are to be used."""
        copy = TokenContract(ledger, self._token, burns_withdrawals=self._burns_withdrawals)
        copy._held = dict(self._held)
        return copy

    def __call__(self, call: Call) -> Returned:
        """Run the call. Raises ContractPanicError, MethodNotFoundError or OutOfGasError, with nothing changed."""
        method, view = self.methods.get(call.method), self.views.get(call.method)
        if method is None and view is None:
            raise MethodNotFoundError(call.method)
        if call.gas < _LEAST_GAS:
            raise OutOfGasError(call.method)
        if method is not None:
            return method(call)
        if call.deposit or view is None:
            raise no_deposit_taken(call.method)
        return Returned(value=msgspec.json.encode(view(call.args)), undo=_nothing)

    def balance(self, account: str) -> int:
        own = self._held.get(account, 0)
        return own + self._ledger.supply(self._token.token_id) if account == self._ledger.contract else own

    def supply(self) -> int:
        return sum(self._held.values()) + self._ledger.supply(self._token.token_id)

    def registered(self, account: str) -> bool:
        return account in self._held

    def register(self, account: str) -> None:
        """Register the account as set-up."""
        self._held.setdefault(account, 0)

    def refusal(self, burn: Burn) -> str | None:
        """Return the panic of a transfer out of the Verifier; None where it goes through."""
        if burn.receiver_id == self._ledger.contract:
            return "Sender and receiver should be different"
        return None if self.registered(burn.receiver_id) else str(not_registered(burn.receiver_id))

    def arrive(self, burn: Burn) -> None:
        """Give what left the Verifier to its receiver; a withdrawal through the bridge is burnt."""
        if not self._is_burnt(burn.receiver_id, burn.memo):
            self._add({burn.receiver_id: burn.amount})

    def keep(self, burn: Burn) -> None:
        """Keep for the Verifier, and for no account of it, what it sent away and could not."""
        self._add({self._ledger.contract: burn.amount})

    def deliver(self, burn: Burn) -> tuple[int, tuple[Step, ...]]:
        """Tell the receiver of a transfer with a message out of the Verifier; returns what came back of it."""
        self._delivered += 1
        call = Call(
            predecessor=self._ledger.contract,
            method="ft_transfer_call",
            args=b"",
            gas=_LEAST_CALL_GAS,
            deposit=1,
            tx_hash=burn.tx_hash,
            name=f"deliver/{self._delivered}",
        )
        self._add({burn.receiver_id: burn.amount})
        followed = self._notify(call, burn.receiver_id, burn.amount, burn.msg or "")
        used = parse_amount(msgspec.json.decode(followed.steps[-1].value, type=str))
        return burn.amount - used, followed.steps

    def _transfer(self, call: Call) -> Returned:
        read = read_arguments(call.args, _TRANSFER)
        need_one_yocto(call.deposit)
        sender, receiver, units, memo = call.predecessor, read["receiver_id"], read["amount"], read["memo"]
        if self._is_burnt(receiver, memo):
            if units == 0:
                raise ContractPanicError("zero amount")
            undo = self.withdraw(sender, units)
            return Returned(logs=(_event("ft_burn", owner_id=sender, amount=str(units), memo=memo),), undo=undo)
        undo = self._move(sender, receiver, units)
        return Returned(logs=(_moved(sender, receiver, units, memo),), undo=undo)

    def _transfer_call(self, call: Call) -> Returned:
        read = read_arguments(call.args, _TRANSFER_CALL)
        need_one_yocto(call.deposit)
        if call.gas <= _LEAST_CALL_GAS:
            raise ContractPanicError("More gas is required")
        receiver, units = read["receiver_id"], read["amount"]
        undo = self._move(call.predecessor, receiver, units)
        return Returned(
            logs=(_moved(call.predecessor, receiver, units, read["memo"]),),
            undo=undo,
            follow=lambda: self._notify(call, receiver, units, read["msg"]),
        )

    def _notify(self, call: Call, receiver: str, units: int, msg: str) -> Followed:
        """Tell the receiver (``ft_on_transfer``) and take back what it does not keep (``ft_resolve_transfer``)."""
        sender, near = call.predecessor, self._ledger.near_balances
        told = Call(
            predecessor=self.account,
            method="ft_on_transfer",
            args=msgspec.json.encode({"sender_id": sender, "amount": str(units), "msg": msg}),
            gas=call.gas,
            deposit=0,
            tx_hash=call.tx_hash,
            name=f"{call.name}/ft_on_transfer",
        )
        step = promise(self._ledger.callees, near, receiver, told)
        refund, verifier = min(_unused(step, units), units), self._ledger.contract
        if receiver == verifier:
            # What it took is on its own books from here on.
            self._add({receiver: -units})
        else:
            refund = min(refund, self._held.get(receiver, 0))
            self._add({receiver: -refund})
        if sender != verifier:
            self._add({sender: refund})
        logs = (_moved(receiver, sender, refund, "refund"),) if refund else ()
        named = {"sender_id": sender, "receiver_id": receiver, "amount": str(units)}
        resolved = Step(
            name=f"{call.name}/ft_resolve_transfer",
            predecessor=self.account,
            executor=self.account,
            method="ft_resolve_transfer",
            args=msgspec.json.encode(named),
            value=msgspec.json.encode(str(units - refund)),
            logs=logs,
        )
        return Followed(steps=(step, resolved), ends=True)

    def _register(self, call: Call) -> Returned:
        read = read_arguments(call.args, _REGISTER)
        account = read["account_id"] or call.predecessor
        if self.registered(account):
            line = "The account is already registered, refunding the deposit"
            return self._registered((line,), _nothing, call, back=call.deposit)
        if call.deposit < STORAGE:
            raise ContractPanicError("The attached deposit is less than the minimum storage balance")
        self._held[account] = 0
        return self._registered((), lambda: self.forget(account), call, back=call.deposit - STORAGE)

    def _registered(self, logs: tuple[str, ...], undo: Callable[[], None], call: Call, *, back: int) -> Returned:
        value = msgspec.json.encode({"total": str(STORAGE), "available": "0"})
        return Returned(value=value, logs=logs, undo=undo, follow=lambda: self.pay(call, call.predecessor, back))

    def _storage_withdraw(self, call: Call) -> Returned:
        asked = read_arguments(call.args, _AMOUNT)["amount"]
        need_one_yocto(call.deposit)
        if not self.registered(call.predecessor):
            raise not_registered(call.predecessor)
        if asked:
            raise ContractPanicError("The amount is greater than the available storage balance")
        return self._registered((), _nothing, call, back=0)

    def _unregister(self, call: Call) -> Returned:
        force, account = read_arguments(call.args, _FORCE)["force"], call.predecessor
        need_one_yocto(call.deposit)
        held = self._held.get(account)
        if held is None:
            line = f"The account {account} is not registered"
            return Returned(value=b"false", logs=(line,), undo=_nothing)
        if held and not force:
            raise ContractPanicError("Can't unregister the account with the positive balance without force")
        del self._held[account]

        def undo() -> None:
            self._held[account] = held

        return Returned(value=b"true", undo=undo, follow=lambda: self.pay(call, account, STORAGE + 1))

    def pay(self, call: Call, receiver: str, yocto: int) -> Followed:
        """Send NEAR that is the contract's to the receiver."""
        if not yocto:
            return Followed()
        self._ledger.near_balances.take(self.account, yocto)
        self._ledger.near_balances.give(receiver, yocto)
        step = Step(name=f"{call.name}/transfer", predecessor=self.account, executor=receiver, deposit=yocto)
        return Followed(steps=(step,))

    def deposit(self, account: str, units: int) -> Callable[[], None]:
        """Add new units to a registered account and return what undoes it. Raises ContractPanicError."""
        if not self.registered(account):
            raise not_registered(account)
        if self.supply() + units > MAX_U128:
            raise ContractPanicError("Balance overflow")
        return self._change(account, units)

    def withdraw(self, account: str, units: int) -> Callable[[], None]:
        """Take units from an account for good and return what undoes it. Raises ContractPanicError."""
        if not self.registered(account):
            raise not_registered(account)
        if self._held[account] < units:
            raise ContractPanicError("The account doesn't have enough balance")
        return self._change(account, -units)

    def _move(self, sender: str, receiver: str, units: int) -> Callable[[], None]:
        if sender == receiver:
            raise ContractPanicError("Sender and receiver should be different")
        if units == 0:
            raise ContractPanicError("The amount should be a positive number")
        undo = self.withdraw(sender, units)
        if not self.registered(receiver):
            undo()
            raise not_registered(receiver)
        self._add({receiver: units})
        return lambda: self._add({sender: units, receiver: -units})

    def _change(self, account: str, units: int) -> Callable[[], None]:
        self._add({account: units})
        return lambda: self._add({account: -units})

    def _add(self, changes: Mapping[str, int]) -> None:
        for account, units in changes.items():
            self._held[account] = self._held.get(account, 0) + units

    def forget(self, account: str) -> None:
        del self._held[account]

    def _is_burnt(self, receiver: str, memo: str | None) -> bool:
        return self._burns_withdrawals and receiver == self.account and (memo or "").startswith(WITHDRAW_PREFIX)

    def _storage_of(self, account: str) -> object:
        return {"total": str(STORAGE), "available": "0"} if self.registered(account) else None

    def _metadata(self) -> dict[str, object]:
        named = {"spec": "ft-1.0.0", "name": self._token.symbol, "symbol": self._token.symbol, "icon": None}
        return {**named, "reference": None, "reference_hash": None, "decimals": self._token.decimals}


def _account(args: bytes) -> str:
    return str(read_arguments(args, _ACCOUNT)["account_id"])


def _unused(step: Step, units: int) -> int:
    """Return what the receiver does not keep; everything, when it failed or returned something else."""
    value, failure = result_of(step)
    if failure is not None:
        return units
    try:
        return parse_amount(msgspec.json.decode(value, type=str))
    except (msgspec.DecodeError, ValueError):
        return units


def _moved(old: str, new: str, units: int, memo: str | None) -> str:
    return _event("ft_transfer", old_owner_id=old, new_owner_id=new, amount=str(units), memo=memo)


def _event(event: str, **data: object) -> str:
    told = {name: value for name, value in data.items() if value is not None}
    body = {"standard": "nep141", "version": "1.0.0", "event": event, "data": [told]}
    return "EVENT_JSON:" + msgspec.json.encode(body).decode()


def _nothing() -> None:
    return None
