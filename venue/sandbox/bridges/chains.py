"""Bitcoin, Gnosis and other chains as small ledgers: addresses hold one coin, and transfers become final with time."""

import random
from collections.abc import Callable

import msgspec

CONFIRMATIONS = {"btc:mainnet": 3}
_MOST = 12
"""Confirmations after which a transfer is final, by chain and elsewhere; their duration is the transfer's own."""


class ChainTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """Base units of a coin from one address to another, final ``confirm_ns`` after ``at_ns`` (UTC nanoseconds)."""

    chain: str
    coin: str
    tx_hash: str
    sender: str
    to: str
    amount: int
    at_ns: int
    confirm_ns: int

    def final(self, now_ns: int) -> bool:
        return now_ns >= self.at_ns + self.confirm_ns

    def confirmations(self, now_ns: int) -> int:
        """Return how many confirmations it has, at most those required."""
        needed = CONFIRMATIONS.get(self.chain, _MOST)
        return needed if self.final(now_ns) else max(0, now_ns - self.at_ns) * needed // self.confirm_ns


class Chain:
    """One coin on its chain. ``name`` is the bridge's of the chain, ``btc:mainnet`` or ``eth:100``, ``coin`` its
    identifier of the coin. ``rng`` makes the hashes; addresses are in canonical form.
    """

    def __init__(self, name: str, coin: str, *, rng: random.Random) -> None:
        self.name = name
        self.coin = coin
        self._rng = rng
        self._listeners: list[Callable[[ChainTransfer], None]] = []
        self._hashes: set[str] = set()
        self.balances: dict[str, int] = {}
        self.transfers: list[ChainTransfer] = []

    def transfer(
        self, sender: str, to: str, amount: int, *, at_ns: int, confirm_ns: int, tx_hash: str | None = None
    ) -> ChainTransfer:
        """Move base units; a sender that holds too little here has the rest from elsewhere.

        Raises ValueError for an amount that is not positive, or an invalid or used hash.
        """
        if amount <= 0:
            raise ValueError("the amount of a transfer must be above zero")
        made = ChainTransfer(
            chain=self.name,
            coin=self.coin,
            tx_hash=self._hash() if tx_hash is None else self.check_hash(tx_hash),
            sender=sender,
            to=to,
            amount=amount,
            at_ns=at_ns,
            confirm_ns=confirm_ns,
        )
        self._hashes.add(made.tx_hash)
        if sender in self.balances:
            self.balances[sender] = max(0, self.balances[sender] - amount)
        self.balances[to] = self.balances.get(to, 0) + amount
        self.transfers.append(made)
        for listener in self._listeners:
            listener(made)
        return made

    def on_transfer(self, listener: Callable[[ChainTransfer], None]) -> None:
        """Call ``listener`` with every transfer, once the balances hold it."""
        self._listeners.append(listener)

    def _hash(self) -> str:
        return self._prefix + self._rng.randbytes(32).hex()

    @property
    def _prefix(self) -> str:
        return "0x" if self.name.startswith("eth:") else ""

    def check_hash(self, tx_hash: str) -> str:
        digits = tx_hash.removeprefix(self._prefix)
        plain = len(digits) == 64 and all(digit in "0123456789abcdef" for digit in digits)
        if not plain or self._prefix + digits != tx_hash or tx_hash in self._hashes:
            raise ValueError(
                f"a transaction hash on {self.name} must be new and of the form {self._prefix}<64 hex digits>"
            )
        return tx_hash
