"""What the desk has promised: every signed quote holds its amount until it can no longer be settled.

A signed quote cannot be recalled: whoever holds it may settle it. So only four things end a commitment: its settlement
confirmed by the Verifier, the relay's refusal, its nonce burned, or its death some margin after its deadline.
"""

from collections.abc import Iterator

import msgspec

from cockpit.model.events import Side


class NotCoveredError(Exception):
    """The commitment is larger than what is held and not yet promised."""


class Commitment(msgspec.Struct, frozen=True, kw_only=True):
    """A signed quote and what it binds. Amounts in base units, times UTC ns.

    ``edge`` is the earning against the mid at which it was priced, in base units of EURe.
    From ``released_after_ns`` on no block can settle it: the deadline and the margin by which block time may lag.
    """

    quote_hash: str
    quote_id: str
    command_id: str
    decision_id: str
    nonce: str
    side: Side
    asset_in: str
    asset_out: str
    amount_in: int
    amount_out: int
    edge: int
    sent_ns: int
    deadline_ns: int
    released_after_ns: int


class Reservations:
    """The commitments alive, by quote hash, and their sum by asset."""

    def __init__(self) -> None:
        self._alive: dict[str, Commitment] = {}
        self._reserved: dict[str, int] = {}
        self._leaving: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._alive)

    def __iter__(self) -> Iterator[Commitment]:
        return iter(self._alive.values())

    def get(self, quote_hash: str) -> Commitment | None:
        """The live commitment with this hash."""
        return self._alive.get(quote_hash)

    def committed(self, asset: str) -> int:
        """Base units of the asset that live commitments may still take."""
        return self._reserved.get(asset, 0)

    def leaving(self, asset: str) -> int:
        """Base units of the asset that withdrawals take and the balance may still show."""
        return self._leaving.get(asset, 0)

    def reserved(self, asset: str) -> int:
        """Base units of the asset that are not free: promised or leaving."""
        return self._reserved.get(asset, 0) + self._leaving.get(asset, 0)

    def set_leaving(self, asset: str, amount: int) -> None:
        """Set how much of the asset withdrawals bind. It may exceed the balance: then nothing is free."""
        self._leaving[asset] = amount

    def reserve(self, commitment: Commitment, balance: int) -> None:
        """Hold the commitment's amount; NotCovered when balance - reserved does not cover it, ValueError if held."""
        asset, amount = commitment.asset_out, commitment.amount_out
        reserved = self.reserved(asset)
        if amount <= 0 or reserved + amount > balance:
            raise NotCoveredError(f"{amount} promised over {reserved} reserved and {balance} held")
        if commitment.quote_hash in self._alive:
            raise ValueError("the quote is reserved already")
        self._alive[commitment.quote_hash] = commitment
        self._reserved[asset] = self._reserved.get(asset, 0) + amount

    def restore(self, commitment: Commitment) -> None:
        """Hold the amount of a commitment made by an earlier run, covered or not: it may take it all the same."""
        if commitment.quote_hash not in self._alive:
            self._alive[commitment.quote_hash] = commitment
            self._reserved[commitment.asset_out] = self._reserved.get(commitment.asset_out, 0) + commitment.amount_out

    def release(self, quote_hash: str) -> Commitment | None:
        """Let go of a commitment; None when it is not held (so that a second release does nothing)."""
        commitment = self._alive.pop(quote_hash, None)
        if commitment is not None:
            self._reserved[commitment.asset_out] -= commitment.amount_out
        return commitment

    def last_release_ns(self) -> int:
        """When the last live commitment will be dead; 0 when none is alive."""
        return max((commitment.released_after_ns for commitment in self._alive.values()), default=0)
