"""What balances, deposits and fills prove of a withdrawal that an earlier run made."""

from collections.abc import Sequence
from typing import cast

from hypothesis import assume, given
from hypothesis import strategies as st

from cockpit.desk.funding.balance_evidence import BalanceEvidence
from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.withdrawal import RecordedOrder, Withdrawal
from cockpit.desk.inventory.balance_reader import Reading
from cockpit.desk.inventory.movements import Movement, total
from cockpit.desk.inventory.reconciliation import BalanceLedger, OpeningBalances
from cockpit.desk.inventory.sync import Inventory
from cockpit.model.events import ExecuteTrade, WithdrawalPrepared
from storage.history import RecordedQuote
from tests.support.amounts import btc_eure
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.tokens import BTC, EURE

SIGNED_NS = 10**15
AMOUNT = 250_000
BEFORE = btc_eure(10**9, 10**20)


class Held:
    """Balances of a run that has just started, explained but for what is given."""

    explained = True

    def __init__(self, opening: TokenAmounts, unexplained: TokenAmounts = NOTHING) -> None:
        self.ledger = BalanceLedger()
        reading = Reading(amounts=opening, height=9, requested_ns=SIGNED_NS + 9)
        self.ledger.open(OpeningBalances(reading=reading, unexplained=unexplained, deposits=frozenset()), ())

    async def sync(self, cause: str) -> str:
        return "the balances are explained"


class Incoming:
    """Deposits that the bridge lists."""

    def __init__(self, listed: list[Movement]) -> None:
        self._listed = listed

    async def read(self) -> None:
        return

    def incoming(self, since_ns: int) -> list[Movement]:
        return self._listed


def inherited() -> Withdrawal:
    order = RecordedOrder(
        withdrawal_id="w-1",
        asset=BTC,
        amount=AMOUNT,
        fee=1_500,
        destination="bc1q",
        route="intent",
        actor="ann",
        requested_ns=SIGNED_NS,
    )
    prepared = WithdrawalPrepared(
        at_ns=SIGNED_NS,
        withdrawal_id="w-1",
        idempotency_key="key",
        actor="ann",
        route="intent",
        asset=BTC.token_id,
        amount=AMOUNT,
        fee=1_500,
        destination="bc1q",
        chain=BTC.chain,
        hash="hash",
        signed="AAAA",
        nonce="7",
        expires_ns=99,
    )
    withdrawal = Withdrawal(order, prepared)
    withdrawal.state, withdrawal.inherited = "unknown", True
    return withdrawal


def fill(number: int, btc: int, eure: int, *, buys: bool, later: bool) -> RecordedQuote:
    given_away, taken = ((EURE, eure), (BTC, btc)) if buys else ((BTC, btc), (EURE, eure))
    command = ExecuteTrade(
        at_ns=SIGNED_NS + (1 if later else -1),
        command_id=f"c{number}",
        decision_id=f"d{number}",
        quote_id=f"i{number}",
        quote_hash=f"q{number}",
        asset_in=taken[0].token_id,
        asset_out=given_away[0].token_id,
        amount_in=taken[1],
        amount_out=given_away[1],
        deadline_ns=SIGNED_NS + 10,
        reaction_ns=1,
        nonce=f"n{number}",
    )
    return RecordedQuote(command=command, edge=None, outcomes=("settled",))


def moved(quote: RecordedQuote) -> TokenAmounts:
    one = quote.command
    return TokenAmounts({one.asset_in: one.amount_in, one.asset_out: -one.amount_out})


async def judge(
    opening: TokenAmounts,
    fills: Sequence[RecordedQuote],
    deposits: Sequence[Movement] = (),
    unexplained: TokenAmounts = NOTHING,
    left: Sequence[Movement] = (),
) -> bool:
    async def before(asset: str, at_ns: int) -> int | None:
        return BEFORE[asset]

    async def settled(at_ns: int) -> Sequence[RecordedQuote]:
        return fills

    evidence = BalanceEvidence(
        cast(Inventory, Held(opening, unexplained)),
        cast(DepositTracker, Incoming(list(deposits))),
        list,
        lambda since_ns: list(left),
        before,
        settled,
    )
    return await evidence.still_there(inherited(), 9)


moves = st.lists(
    st.tuples(st.integers(1, 3 * AMOUNT), st.integers(1, 10**18), st.booleans(), st.booleans()), max_size=5
).map(lambda drawn: [fill(n, a, b, buys=buys, later=later) for n, (a, b, buys, later) in enumerate(drawn)])
incoming = st.lists(st.integers(1, 2 * AMOUNT) | st.just(AMOUNT), max_size=3).map(
    lambda drawn: [Movement(f"deposit:{n}", btc_eure(amount, 0)) for n, amount in enumerate(drawn)]
)


@given(moves, incoming, st.data())
async def test_what_left_is_never_said_to_be_there(
    fills: list[RecordedQuote], deposits: list[Movement], data: st.DataObject
) -> None:
    """Whatever fills are on record, and whichever deposits and earlier fills the balances of before it hold already."""
    new = [one for one in fills if one.command.at_ns > SIGNED_NS or data.draw(st.booleans())]
    came = [one for one in deposits if data.draw(st.booleans())]
    change = sum((moved(one) for one in new), total(came))
    assert not await judge(BEFORE + change + btc_eure(-AMOUNT, 0), fills, deposits)


@given(moves, st.data())
async def test_what_is_there_is_known_beside_any_fills(fills: list[RecordedQuote], data: st.DataObject) -> None:
    new = [one for one in fills if one.command.at_ns > SIGNED_NS or data.draw(st.booleans())]
    change = sum((moved(one) for one in new), NOTHING)
    assume(len({one.command.amount_out for one in fills}) == len(fills))
    assert await judge(BEFORE + change, fills)


async def test_a_deposit_of_before_does_not_stand_for_a_later_one_that_hides_what_left() -> None:
    deposits = [Movement(f"deposit:{n}", btc_eure(amount, 0)) for n, amount in enumerate((5_000, 5_000 + AMOUNT))]
    assert not await judge(BEFORE + btc_eure(5_000, 0), [], deposits)
    assert await judge(BEFORE + btc_eure(5_000, 0), [], deposits[:1])


async def test_another_withdrawal_that_left_since_then_is_taken_out() -> None:
    one, other = fill(1, 7_000, 10**18, buys=True, later=True), Movement("w-2:out", btc_eure(0, -(10**19)))
    assert await judge(BEFORE + moved(one) + other.amounts, [one], left=[other])
    assert not await judge(BEFORE + moved(one) + other.amounts + btc_eure(-AMOUNT, 0), [one], left=[other])


async def test_beside_what_is_unexplained_fills_prove_nothing() -> None:
    one = fill(1, 7_000, 10**18, buys=True, later=True)
    assert await judge(BEFORE + moved(one), [one])
    assert not await judge(BEFORE + moved(one) + btc_eure(0, 5), [one], unexplained=btc_eure(0, 5))
    assert not await judge(BEFORE + moved(one), [])
