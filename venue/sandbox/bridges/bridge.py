"""The bridge's work: deposits seen on the chains and credited, withdrawals indexed, paid out once or returned."""

import hashlib
import random
from collections.abc import Callable

import base58

from venue.protocol.assets import Token
from venue.protocol.tokens import DEFAULT_TOKENS, TokenTable
from venue.protocol.units import NS_PER_S
from venue.sandbox.base.faults import FaultTable
from venue.sandbox.bridges.addresses import chain_address, read_address
from venue.sandbox.bridges.chains import Chain, ChainTransfer
from venue.sandbox.bridges.pace import BridgePace
from venue.sandbox.bridges.records import (
    BridgeToken,
    BridgeTotals,
    BridgeWithdrawal,
    Deposit,
    LostBurn,
    bridge_tokens,
)
from venue.sandbox.verifier.accounts import Burn
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.scalars import MAX_U128

MEMO_PREFIX = "WITHDRAW_TO:"


MOST_DEPOSITS = 10_000
"""All of them are listed to the end, and add up to what the Verifier holds: so they are refused, not forgotten."""


class Bridge:
    """Money between the Verifier and the chains; times in UTC nanoseconds by ``clock``.

    A withdrawal leaves the ledger first, is known here after ``index_after_ns``, paid after ``send_after_ns`` and
    completed after ``complete_after_ns``, each counted from the burn. ``advance`` does what is due. Whatever reaches a
    deposit address is a deposit, final after ``confirm_ns`` unless the transfer says otherwise. Several tokens may be
    of one chain: what arrives there becomes ``credited``, by default the chain's first token.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Callable[[], int],
        *,
        rng: random.Random,
        tokens: TokenTable = DEFAULT_TOKENS,
        credited: Token | None = None,
        faults: FaultTable | None = None,
        index_after_ns: int = 2 * NS_PER_S,
        send_after_ns: int = 6 * NS_PER_S,
        complete_after_ns: int = 20 * NS_PER_S,
        confirm_ns: int = 15 * NS_PER_S,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._rng = rng
        self.tokens = bridge_tokens(tokens)
        self._credited = credited
        self.faults = faults or FaultTable(clock, tokens)
        self._usual_ns = (index_after_ns, send_after_ns, complete_after_ns)
        self._index_ns, self._send_ns, self._complete_ns = BridgePace().times_ns(self._usual_ns)
        self._confirm_ns = confirm_ns
        self._owners: dict[tuple[str, str], str] = {}
        self.deposits: list[Deposit] = []
        self.withdrawals: list[BridgeWithdrawal] = []
        self.lost: list[LostBurn] = []
        self.coins: dict[str, Chain] = {}
        self.chains: dict[str, Chain] = {}
        for row in self.tokens:
            if row.identifier not in self.coins:
                self.coins[row.identifier] = Chain(row.asset.chain, row.identifier, rng=rng)
                self.coins[row.identifier].on_transfer(self._arrived)
            self.chains.setdefault(row.asset.chain, self.coins[row.identifier])
        ledger.on_burn(self._burned)

    def address(self, account: str, chain: str) -> str:
        """Return the account's deposit address on the chain; deposits to it are credited to the account."""
        address = deposit_address(account, chain)
        self._owners[chain, address] = account
        return address

    def deposit(
        self,
        account: str,
        token_id: str | None,
        amount: int,
        *,
        chain: str | None = None,
        confirm_after_ns: int,
        seen_after_ns: int = 0,
        sender: str | None = None,
        tx_hash: str | None = None,
        fails: bool = False,
    ) -> str:
        """Send base units to the account's deposit address and return the transaction's hash.

        They become the named token, or the one that the bridge credits now on the named ``chain``. The bridge sees the
        transfer ``seen_after_ns`` later. Raises ValueError for a token the bridge does not carry, an amount
        that is not positive, or an address or hash that is not valid on the chain.
        """
        token = self.check_deposit(token_id, amount, chain=chain, sender=sender, tx_hash=tx_hash)
        if len(self.deposits) >= MOST_DEPOSITS:
            raise ValueError(f"a venue takes {MOST_DEPOSITS:,} deposits; start another")
        chain = token.asset.chain
        given = None if sender is None else read_address(chain, sender)
        origin = deposit_address(f"sender of {account}", chain) if given is None else given
        now = self._clock()
        to = self.address(account, chain)
        transfer = self.coins[token.identifier].transfer(
            origin, to, amount, at_ns=now, confirm_ns=confirm_after_ns, tx_hash=tx_hash
        )
        record = self.deposits[-1]
        record.token, record.seen_ns, record.fails = token, now + seen_after_ns, fails
        return transfer.tx_hash

    def check_deposit(
        self, token_id: str | None, amount: int, *, chain: str | None, sender: str | None, tx_hash: str | None
    ) -> BridgeToken:
        """Return what such a deposit becomes. Raises ValueError as ``deposit`` does, and for more than can be held."""
        if token_id is None:
            token = None if chain is None else self.credited(chain)
        else:
            token = self.token(lambda known: known.asset.token_id == token_id)
        if token is None or amount <= 0:
            what = f"{amount} of {token_id or chain}"
            raise ValueError(f"the bridge cannot deposit {what}: use its own tokens and an amount above zero")
        if self._ledger.supply(token.asset.token_id) + amount > MAX_U128:
            raise ValueError(f"the venue cannot hold so much of {token.asset.token_id}")
        if sender is not None and read_address(token.asset.chain, sender) is None:
            raise ValueError(f"{sender[:100]} is not an address on {token.asset.chain}")
        if tx_hash is not None:
            self.coins[token.identifier].check_hash(tx_hash)
        return token

    def look(self, chain: str, tx_hash: str) -> None:
        """See the deposits of that transaction at once, if there are any."""
        now = self._clock()
        for deposit in self.deposits:
            if (deposit.transfer.chain, deposit.transfer.tx_hash) == (chain, tx_hash):
                deposit.seen_ns = min(deposit.seen_ns, now)

    def set_pace(self, pace: BridgePace) -> None:
        """Work off the withdrawals that leave from now on at this pace."""
        self._index_ns, self._send_ns, self._complete_ns = pace.times_ns(self._usual_ns)

    def advance(self, now_ns: int) -> None:
        """Do everything that is due at ``now_ns``; a second call does nothing more."""
        for deposit in self.deposits:
            if deposit.status == "PENDING" and deposit.seen_ns <= now_ns and deposit.transfer.final(now_ns):
                self._settle(deposit)
        for withdrawal in self.withdrawals:
            if withdrawal.open and withdrawal.indexed_ns <= now_ns:
                (self._return if withdrawal.reason else self._pay)(withdrawal, now_ns)

    def fee(self, token: BridgeToken) -> int:
        """Return the withdrawal fee now, base units."""
        return token.fee(self.faults.current.fee_factor)

    def credited(self, chain: str) -> BridgeToken | None:
        """Return the token that a deposit on the chain becomes now; None for a chain that is not the bridge's.

        Where a chain has several coins, this is a deposit of the first.
        """
        return self._credited_of(self.chains[chain].coin) if chain in self.chains else None

    def _credited_of(self, coin: str) -> BridgeToken:
        switched = self.faults.current.bridge_credits
        rows = [row for row in self.tokens if row.identifier == coin]
        for row in rows:
            if switched in (row.asset.symbol, row.asset.token_id):
                return row
        return next((row for row in rows if row.asset == self._credited), rows[0])

    def token(self, fits: Callable[[BridgeToken], bool]) -> BridgeToken | None:
        return next((token for token in self.tokens if fits(token)), None)

    def totals(self, token_id: str) -> BridgeTotals:
        burns = [row for row in self.withdrawals if row.token.asset.token_id == token_id]
        paid = [row for row in burns if row.payment is not None]
        return BridgeTotals(
            credited=sum(
                row.amount for row in self.deposits if row.status == "CREDITED" and row.token.asset.token_id == token_id
            ),
            burned=sum(row.amount for row in burns),
            paid=sum(row.payment.amount for row in paid if row.payment is not None),
            fees=sum(row.fee for row in paid),
            returned=sum(row.amount for row in burns if row.status == "RETURNED"),
            under_way=sum(row.amount for row in burns if row.payment is None and row.status != "RETURNED"),
            lost=sum(row.burn.amount for row in self.lost if row.burn.token_id == token_id),
        )

    def _arrived(self, transfer: ChainTransfer) -> None:
        account = self._owners.get((transfer.chain, transfer.to))
        if account is None:
            return
        self.deposits.append(
            Deposit(
                token=self._credited_of(transfer.coin),
                account=account,
                transfer=transfer,
                mint_tx_hash=base58.b58encode(self._rng.randbytes(32)).decode(),
                seen_ns=transfer.at_ns,
                fails=False,
                number=len(self.deposits),
            )
        )

    def _settle(self, deposit: Deposit) -> None:
        if deposit.fails or deposit.amount < deposit.token.min_deposit:
            deposit.status = "FAILED"
            return
        deposit.status = "CREDITED" if self._mint(deposit.account, deposit.token, deposit.amount) else "FAILED"

    def _burned(self, burn: Burn) -> None:
        token = self.token(lambda known: known.asset.near_token == burn.token)
        memo = burn.memo or ""
        if token is not None and burn.receiver_id == token.asset.never_to:
            self.lost.append(LostBurn(token, burn))
            return
        if token is None or burn.receiver_id != burn.token or burn.msg is not None or not memo.startswith(MEMO_PREFIX):
            return
        address = memo.removeprefix(MEMO_PREFIX)
        to = read_address(token.asset.chain, address)
        fee = self.fee(token)
        self.withdrawals.append(
            BridgeWithdrawal(
                token=token,
                account=burn.account,
                amount=burn.amount,
                fee=fee,
                address=address,
                to=to or "",
                reason=self._reason(token, burn.amount, fee, to),
                tx_hash=burn.tx_hash,
                created_ns=burn.at_ns,
                indexed_ns=burn.at_ns + self._index_ns,
                sent_ns=burn.at_ns + self._send_ns,
                due_ns=burn.at_ns + self._complete_ns,
                number=len(self.withdrawals),
            )
        )

    def _reason(self, token: BridgeToken, amount: int, fee: int, to: str | None) -> str:
        if to is None:
            return f"not an address of {token.asset.chain}"
        if amount - fee < max(1, token.min_withdrawal):
            return "below the minimum"
        return "rejected" if self.faults.count_down("withdrawal_rejects") else ""

    def _pay(self, withdrawal: BridgeWithdrawal, now_ns: int) -> None:
        if withdrawal.payment is None and withdrawal.sent_ns <= now_ns:
            chain = withdrawal.token.asset.chain
            withdrawal.payment = self.coins[withdrawal.token.identifier].transfer(
                deposit_address("hot wallet of the bridge", chain),
                withdrawal.to,
                withdrawal.amount - withdrawal.fee,
                at_ns=withdrawal.sent_ns,
                confirm_ns=max(1, withdrawal.due_ns - withdrawal.sent_ns),
            )
        if withdrawal.due_ns <= now_ns:
            withdrawal.status = "COMPLETED"

    def _return(self, withdrawal: BridgeWithdrawal, now_ns: int) -> None:
        withdrawal.status = "RETURNING" if withdrawal.sent_ns <= now_ns else "REJECTED"
        if withdrawal.due_ns <= now_ns and self._mint(withdrawal.account, withdrawal.token, withdrawal.amount):
            withdrawal.status = "RETURNED"

    def _mint(self, account: str, token: BridgeToken, amount: int) -> bool:
        try:
            self._ledger.mint(account, token.asset.token_id, amount)
        except ContractPanicError:
            return False
        return True


def deposit_address(account: str, chain: str) -> str:
    """Return the account's deposit address on the chain; always the same one."""
    return chain_address(chain, hashlib.sha256(f"{chain}|{account}".encode()).digest())
