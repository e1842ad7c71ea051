"""What the desk has signed, and what of it is committed: reserved from the balance.

A signed quote cannot be recalled: whoever holds it may settle it, whatever the relay said of it. So only three things
end it: its settlement confirmed by the Verifier, its nonce burned, or its expiry some margin after its deadline. Until
then a quote that the relay refused reserves nothing, and counts as signed all the same.
"""

from collections.abc import Iterator
from itertools import chain

import msgspec

from cockpit.desk.quote_book.commitment import Commitment
from cockpit.desk.quote_book.errors import NotCoveredError
from cockpit.desk.quote_book.strikes import Key, Strikes, strike_key
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S


class _Releases(msgspec.Struct, gc=False):
    """How many are released within one second, and when the last one that ever was among them is."""

    count: int = 0
    last_ns: int = 0


class _Summed(msgspec.Struct, gc=False):
    """What of a commitment is summed up. A quote that is refused leaves one set for another: it is read once."""

    strike: Key
    amount_in: int
    amount_out: int
    deadline_ns: int
    released_after_ns: int


class CommitmentSet:
    """Commitments by quote hash. Sums by token and by underlying are kept, releases by the second, and sums by price
    and deadline (``strikes``): thousands are signed at once, in dozens of tokens. Those that are being settled have
    sums of their own (``exercised``).
    """

    def __init__(self, tokens: TokenTable) -> None:
        self._tokens = tokens
        self._by_hash: dict[str, Commitment] = {}
        self._sums: dict[str, int] = {}
        self._worth: dict[str, int] = {}
        self._releases: dict[int, _Releases] = {}
        self.strikes, self.exercised = Strikes(), Strikes()
        self._exercised: set[str] = set()

    def __len__(self) -> int:
        return len(self._by_hash)

    def __iter__(self) -> Iterator[Commitment]:
        return iter(self._by_hash.values())

    def __contains__(self, quote_hash: object) -> bool:
        return quote_hash in self._by_hash

    def get(self, quote_hash: str) -> Commitment | None:
        return self._by_hash.get(quote_hash)

    def amount(self, token_id: str) -> int:
        """Return how much of the token they give together, base units."""
        return self._sums.get(token_id, 0)

    def worth(self, underlying: str) -> int:
        """Return how much they give together of the tokens of an underlying, by its name, in its base units."""
        return self._worth.get(underlying, 0)

    def add(self, commitment: Commitment) -> None:
        """Add one whose quote hash is not in the set."""
        self._put(commitment, _summed(commitment))

    def remove(self, quote_hash: str) -> Commitment | None:
        """Take one out; None when it is not in the set."""
        commitment = self._by_hash.get(quote_hash)
        if commitment is not None:
            self._take(commitment, _summed(commitment))
        return commitment

    def move(self, quote_hash: str, to: "CommitmentSet") -> bool:
        """Hand one on to another set; return whether it was in this one."""
        commitment = self._by_hash.get(quote_hash)
        if commitment is None:
            return False
        summed = _summed(commitment)
        self._take(commitment, summed)
        to._put(commitment, summed)
        return True

    def _put(self, commitment: Commitment, summed: _Summed) -> None:
        self._by_hash[commitment.quote_hash] = commitment
        self._sum(commitment.asset_out, summed.amount_out)
        second, released_after_ns = summed.released_after_ns // NS_PER_S, summed.released_after_ns
        releases = self._releases.get(second)
        if releases is None:
            releases = self._releases[second] = _Releases()
        releases.count += 1
        if released_after_ns > releases.last_ns:
            releases.last_ns = released_after_ns
        self.strikes.add(summed.strike, summed.amount_in, summed.amount_out, summed.deadline_ns)

    def _take(self, commitment: Commitment, summed: _Summed) -> None:
        quote_hash = commitment.quote_hash
        del self._by_hash[quote_hash]
        self._sum(commitment.asset_out, -summed.amount_out)
        second = summed.released_after_ns // NS_PER_S
        releases = self._releases[second]
        releases.count -= 1
        if not releases.count:
            del self._releases[second]
        strikes = self.strikes
        if quote_hash in self._exercised:
            self._exercised.discard(quote_hash)
            strikes = self.exercised
        strikes.remove(summed.strike, summed.amount_in, summed.amount_out, summed.deadline_ns)

    def _sum(self, token_id: str, amount: int) -> None:
        self._sums[token_id] = self._sums.get(token_id, 0) + amount
        _add_worth(self._worth, self._tokens.get(token_id), amount)

    def exercise(self, quote_hash: str) -> None:
        """Note that the quote is being settled: its holder chooses no more. One that is not in the set is ignored."""
        commitment = self._by_hash.get(quote_hash)
        if commitment is not None and quote_hash not in self._exercised:
            self._exercised.add(quote_hash)
            summed = _summed(commitment)
            amounts = summed.amount_in, summed.amount_out, summed.deadline_ns
            self.strikes.remove(summed.strike, *amounts)
            self.exercised.add(summed.strike, *amounts)

    def last_release_ns(self) -> int:
        """Return when the last of them will have expired, UTC; 0 when there is none.

        It may name, up to a second later, one of the same second that is over.
        """
        return self._releases[max(self._releases)].last_ns if self._releases else 0


def _add_worth(sums: dict[str, int], token: Token | None, amount: int) -> None:
    # A token of an earlier run's table may have gone from this one's.
    if token is not None:
        name = token.underlying.name
        sums[name] = sums.get(name, 0) + amount * token.scale


def _summed(commitment: Commitment) -> _Summed:
    amount_in, amount_out, deadline_ns, released_after_ns = commitment.summed
    key = strike_key(commitment.asset_in, commitment.asset_out, amount_in, amount_out, deadline_ns)
    return _Summed(key, amount_in, amount_out, deadline_ns, released_after_ns)


class Reservations:
    """The commitments of quotes that are not over: those that reserve their amount, and those that the relay refused.

    Amounts are base units of the token, worths those of an underlying, over all its tokens. Iterating, counting and
    ``get`` are about those that reserve.
    """

    def __init__(self, tokens: TokenTable) -> None:
        self._tokens = tokens
        self._live = CommitmentSet(tokens)
        self._refused = CommitmentSet(tokens)
        self._leaving: dict[str, int] = {}
        self._leaving_worth: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._live)

    def __iter__(self) -> Iterator[Commitment]:
        return iter(self._live)

    def get(self, quote_hash: str) -> Commitment | None:
        return self._live.get(quote_hash)

    @property
    def strikes(self) -> tuple[Strikes, Strikes, Strikes]:
        """Sums by price and deadline: of the quotes that reserve, of the refused ones, and of those being settled."""
        return self._live.strikes, self._refused.strikes, self._live.exercised

    def exercise(self, quote_hash: str) -> None:
        """Note that a live quote is being settled."""
        self._live.exercise(quote_hash)

    @property
    def refused(self) -> CommitmentSet:
        """The quotes that the relay refused: they reserve nothing and could still settle."""
        return self._refused

    def signed(self) -> Iterator[Commitment]:
        """Iterate over every quote that could still settle: those that reserve, then the refused ones."""
        return chain(self._live, self._refused)

    def signed_count(self) -> int:
        return len(self._live) + len(self._refused)

    def is_signed(self, quote_hash: str) -> bool:
        """Return whether the quote could still settle, reserved or refused."""
        return quote_hash in self._live or quote_hash in self._refused

    def committed(self, asset: str) -> int:
        """Return what live quotes may still take of the asset."""
        return self._live.amount(asset)

    def signed_amount(self, asset: str) -> int:
        """Return what all quotes could still take of the asset, refused ones included."""
        return self._live.amount(asset) + self._refused.amount(asset)

    def leaving(self, asset: str) -> int:
        """Return what withdrawals take of the asset and the balance may still show."""
        return self._leaving.get(asset, 0)

    def reserved(self, asset: str) -> int:
        """Return what is not available of the asset: committed or leaving."""
        return self._live.amount(asset) + self._leaving.get(asset, 0)

    def committed_worth(self, underlying: str) -> int:
        """Return what live quotes may still take of an underlying, by its name."""
        return self._live.worth(underlying)

    def signed_worth(self, underlying: str) -> int:
        """Return what all quotes could still take of an underlying, refused ones included."""
        return self._live.worth(underlying) + self._refused.worth(underlying)

    def reserved_worth(self, underlying: str) -> int:
        """Return what is committed or leaving of an underlying."""
        return self._live.worth(underlying) + self._leaving_worth.get(underlying, 0)

    def set_leaving(self, asset: str, amount: int) -> None:
        """Set what withdrawals take of the asset. It may exceed the balance: then nothing is available."""
        _add_worth(self._leaving_worth, self._tokens.get(asset), amount - self.leaving(asset))
        self._leaving[asset] = amount

    def reserve(self, commitment: Commitment, balance: int) -> None:
        """Reserve the quote's amount.

        Raises NotCoveredError when balance - reserved does not cover it, ValueError when it is reserved already.
        """
        amount = commitment.amount_out
        reserved = self.reserved(commitment.asset_out)
        if amount <= 0 or reserved + amount > balance:
            raise NotCoveredError(f"{amount} exceeds the available {balance - reserved} of {balance} base units")
        if self.is_signed(commitment.quote_hash):
            raise ValueError("the quote is reserved already")
        self._live.add(commitment)

    def restore(self, commitment: Commitment, *, refused: bool = False) -> None:
        """Take over a quote of an earlier run, covered or not: it may take its amount all the same."""
        if not self.is_signed(commitment.quote_hash):
            (self._refused if refused else self._live).add(commitment)

    def refuse(self, quote_hash: str) -> None:
        """The relay refused the quote: it reserves nothing any more, and stays signed."""
        self._live.move(quote_hash, self._refused)

    def put_back(self, quote_hash: str) -> bool:
        """Reserve a refused quote again, covered or not; return False, and do nothing, when it is not a refused one."""
        return self._refused.move(quote_hash, self._live)

    def release(self, quote_hash: str) -> Commitment | None:
        """End a signature; return None when it is over (so that a second release does nothing)."""
        return self._live.remove(quote_hash) or self._refused.remove(quote_hash)

    def last_release_ns(self) -> int:
        """Return when the last live quote will have expired, UTC; 0 when none is live."""
        return self._live.last_release_ns()
