"""What the desk has committed: every signed quote reserves its amount until it can no longer be settled.

A signed quote cannot be recalled: whoever holds it may settle it. So only four things end a commitment: its settlement
confirmed by the Verifier, the relay's refusal, its nonce burned, or its expiry some margin after its deadline.
"""

from collections.abc import Iterator

import msgspec

from cockpit.desk.quote_book.errors import NotCoveredError
from cockpit.model.events import RequestKind, Side


class Commitment(msgspec.Struct, frozen=True, kw_only=True):
    """A signed quote and what it commits. Amounts in base units, times UTC ns.

    ``edge`` is the gain against the mid at which it was priced, in base units of the quote asset. From
    ``released_after_ns`` on no block can settle it: the deadline and the margin by which block time may lag.
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
    request_kind: RequestKind = ""


class Reservations:
    """The live commitments by quote hash, and their sum by asset. Amounts are base units of the asset."""

    def __init__(self) -> None:
        self._live: dict[str, Commitment] = {}
        self._committed: dict[str, int] = {}
        self._leaving: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._live)

    def __iter__(self) -> Iterator[Commitment]:
        return iter(self._live.values())

    def get(self, quote_hash: str) -> Commitment | None:
        return self._live.get(quote_hash)

    def committed(self, asset: str) -> int:
        """Return what live quotes may still take of the asset."""
        return self._committed.get(asset, 0)

    def leaving(self, asset: str) -> int:
        """Return what withdrawals take of the asset and the balance may still show."""
        return self._leaving.get(asset, 0)

    def reserved(self, asset: str) -> int:
        """Return what is not available of the asset: committed or leaving."""
        return self._committed.get(asset, 0) + self._leaving.get(asset, 0)

    def set_leaving(self, asset: str, amount: int) -> None:
        """Set what withdrawals take of the asset. It may exceed the balance: then nothing is available."""
        self._leaving[asset] = amount

    def reserve(self, commitment: Commitment, balance: int) -> None:
        """Reserve the quote's amount.

        Raises NotCoveredError when balance - reserved does not cover it, ValueError when it is reserved already.
        """
        asset, amount = commitment.asset_out, commitment.amount_out
        reserved = self.reserved(asset)
        if amount <= 0 or reserved + amount > balance:
            raise NotCoveredError(f"{amount} exceeds the available {balance - reserved} of {balance} base units")
        if commitment.quote_hash in self._live:
            raise ValueError("the quote is reserved already")
        self._live[commitment.quote_hash] = commitment
        self._committed[asset] = self._committed.get(asset, 0) + amount

    def restore(self, commitment: Commitment) -> None:
        """Reserve the amount of a quote of an earlier run, covered or not: it may take it all the same."""
        if commitment.quote_hash not in self._live:
            asset = commitment.asset_out
            self._live[commitment.quote_hash] = commitment
            self._committed[asset] = self._committed.get(asset, 0) + commitment.amount_out

    def release(self, quote_hash: str) -> Commitment | None:
        """End a commitment; return None when it is not live (so that a second release does nothing)."""
        commitment = self._live.pop(quote_hash, None)
        if commitment is not None:
            self._committed[commitment.asset_out] -= commitment.amount_out
        return commitment

    def last_release_ns(self) -> int:
        """Return when the last live quote will have expired, UTC; 0 when none is live."""
        return max((one.released_after_ns for one in self._live.values()), default=0)
