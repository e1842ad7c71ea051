"""The actions of a NEAR transaction (nearcore ``Action``), as they stand in its borsh bytes."""

import msgspec


class CreateAccount(msgspec.Struct, frozen=True):
    """The receiver comes into being."""


class FunctionCall(msgspec.Struct, frozen=True):
    """``args`` as sent, ``gas`` in gas units, ``deposit`` in yoctoNEAR."""

    method: str
    args: bytes
    gas: int
    deposit: int


class Transfer(msgspec.Struct, frozen=True):
    """``deposit`` yoctoNEAR go to the receiver."""

    deposit: int


class Stake(msgspec.Struct, frozen=True):
    stake: int
    public_key: str


class CallPermission(msgspec.Struct, frozen=True):
    """A key that may call ``methods`` of ``receiver_id``, all of them where none is named, without a deposit.

    ``allowance``: yoctoNEAR that it may still spend on gas, None without a limit. ``receiver_id`` is any text.
    """

    receiver_id: str
    allowance: int | None = None
    methods: tuple[str, ...] = ()


class AddKey(msgspec.Struct, frozen=True):
    """A key is added to the receiver; ``permission`` None is full access."""

    public_key: str
    nonce: int
    permission: CallPermission | None


class DeleteKey(msgspec.Struct, frozen=True):
    public_key: str


class DeleteAccount(msgspec.Struct, frozen=True):
    """The receiver ends; what it holds goes to ``beneficiary_id``, which is any text."""

    beneficiary_id: str


class Unplayed(msgspec.Struct, frozen=True):
    """An action that this network does not have, by nearcore's name of its protocol feature."""

    feature: str


Action = CreateAccount | FunctionCall | Transfer | Stake | AddKey | DeleteKey | DeleteAccount | Unplayed
