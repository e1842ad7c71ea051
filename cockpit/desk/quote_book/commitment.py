"""A signed quote and what it commits, in little memory: tens of thousands are alive at once."""

from struct import Struct
from sys import intern

import msgspec

from cockpit.model.events import RequestKind, Side

_AMOUNT_BYTES = 17
"""An amount of the Verifier has at most 128 bits; an edge has a sign, too."""
_HEAD = Struct("<qqqHHHH" + 3 * f"{_AMOUNT_BYTES}s")
_SAME = 0xFFFF
"""Instead of the length of the decision's id: it is that of the command, as it is of every command of a desk."""
_AMOUNTS_AT = _HEAD.size - 3 * _AMOUNT_BYTES
_LENGTHS = Struct("<24xHHHH")
_SUMMED = Struct(f"<8xqq8x{_AMOUNT_BYTES}s{_AMOUNT_BYTES}s")


class Commitment(msgspec.Struct, frozen=True, gc=False):
    """What ``commit`` made. Amounts are base units, times UTC ns. ``partner``: who asked, empty when nobody was named;
    None for a quote of an earlier run.

    What is seldom read is packed into one value: a third of the memory, and up to half a microsecond to read.
    """

    quote_hash: str
    side: Side
    asset_in: str
    asset_out: str
    request_kind: RequestKind
    partner: str | None
    packed: bytes

    @property
    def sent_ns(self) -> int:
        return int.from_bytes(self.packed[:8], "little", signed=True)

    @property
    def deadline_ns(self) -> int:
        return int.from_bytes(self.packed[8:16], "little", signed=True)

    @property
    def released_after_ns(self) -> int:
        """From then on no block can settle it: the deadline and the margin by which block time may lag."""
        return int.from_bytes(self.packed[16:24], "little", signed=True)

    @property
    def amount_in(self) -> int:
        return self._amount(0)

    @property
    def amount_out(self) -> int:
        return self._amount(1)

    @property
    def edge(self) -> int:
        """The gain against the mid at which it was priced, in base units of the quote asset."""
        return self._amount(2)

    @property
    def summed(self) -> tuple[int, int, int, int]:
        """What is added up of many quotes, read at once: amount in, amount out, deadline, released after."""
        deadline_ns, released_after_ns, taken, given = _SUMMED.unpack_from(self.packed)
        return (
            int.from_bytes(taken, "little", signed=True),
            int.from_bytes(given, "little", signed=True),
            deadline_ns,
            released_after_ns,
        )

    @property
    def quote_id(self) -> str:
        return self._text(0)

    @property
    def command_id(self) -> str:
        return self._text(1)

    @property
    def decision_id(self) -> str:
        return self.command_id if _LENGTHS.unpack_from(self.packed)[3] == _SAME else self._text(3)

    @property
    def nonce(self) -> str:
        return self._text(2)

    def _amount(self, which: int) -> int:
        begin = _AMOUNTS_AT + which * _AMOUNT_BYTES
        return int.from_bytes(self.packed[begin : begin + _AMOUNT_BYTES], "little", signed=True)

    def _text(self, which: int) -> str:
        lengths = _LENGTHS.unpack_from(self.packed)
        begin = _HEAD.size + sum(lengths[:which])
        return self.packed[begin : begin + lengths[which]].decode()


def commit(
    *,
    quote_hash: str,
    quote_id: str,
    command_id: str,
    decision_id: str,
    nonce: str,
    side: Side,
    asset_in: str,
    asset_out: str,
    amount_in: int,
    amount_out: int,
    edge: int,
    sent_ns: int,
    deadline_ns: int,
    released_after_ns: int,
    request_kind: RequestKind = "",
    partner: str | None = None,
) -> Commitment:
    """Make a commitment. Raises OverflowError or struct.error when an amount, a time or a name is out of range."""
    # Written out, as it is made on the way from a request to its quote.
    quote, command, used = quote_id.encode(), command_id.encode(), nonce.encode()
    decision, decision_length = b"", _SAME
    if decision_id != command_id:
        decision = decision_id.encode()
        decision_length = len(decision)
        if decision_length >= _SAME:
            raise OverflowError("the decision's id is too long")
    head = _HEAD.pack(
        sent_ns,
        deadline_ns,
        released_after_ns,
        len(quote),
        len(command),
        len(used),
        decision_length,
        amount_in.to_bytes(_AMOUNT_BYTES, "little", signed=True),
        amount_out.to_bytes(_AMOUNT_BYTES, "little", signed=True),
        edge.to_bytes(_AMOUNT_BYTES, "little", signed=True),
    )
    # Few partners ask for many quotes.
    partner = None if partner is None else intern(partner)
    return Commitment(
        quote_hash, side, asset_in, asset_out, request_kind, partner, head + quote + command + used + decision
    )
