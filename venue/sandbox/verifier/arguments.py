"""The arguments of the contract's calls and views, read as near-sdk reads them."""

from collections.abc import Sequence
from typing import Any

from venue.sandbox.wire.errors import ONE_YOCTO, ContractPanicError, bad_arguments
from venue.sandbox.wire.payload import read_payloads
from venue.sandbox.wire.shapes import Field, Shape, members
from venue.sandbox.wire.standards import Signed
from venue.sandbox.wire.strict_json import parse_struct

_SIGNED = Shape(Field("signed", read_payloads))


def read_signed(args: bytes) -> Sequence[Signed]:
    """Return the ``signed`` argument of ``execute_intents`` and ``simulate_intents``; ContractPanicError without it."""
    signed: Sequence[Signed] = read_arguments(args, _SIGNED)["signed"]
    return signed


def read_arguments(args: bytes, shape: Shape) -> dict[str, Any]:
    """Read a call's JSON arguments; ContractPanicError with near-sdk's text when they have another shape."""
    try:
        return members(parse_struct(args, shape.names), shape)
    except ValueError as error:
        raise bad_arguments(error) from error


def need_one_yocto(deposit: int) -> None:
    """Raise ContractPanicError unless exactly 1 yoctoNEAR is attached."""
    if deposit != 1:
        raise ContractPanicError(ONE_YOCTO)
