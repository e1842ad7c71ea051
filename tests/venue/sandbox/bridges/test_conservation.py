"""Base units are on the Verifier, on a chain, a fee or under way, and no withdrawal is paid twice."""

import base64
import contextlib
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sandbox.near_transactions import transaction
from tests.support.sandbox.signing import BTC_ADDRESS, GNOSIS_ADDRESS, withdrawal
from tests.venue.sandbox.bridges.conftest import MAKER, World
from venue.protocol.assets import Token
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.sandbox.near.errors import InvalidTransactionError
from venue.sandbox.near.transactions import Transactions
from venue.sandbox.wire.borsh import read_transaction
from venue.sandbox.wire.errors import ContractPanicError

Step = Callable[[World, Transactions], None]

ASSETS = st.sampled_from(DEFAULT_TOKENS.tokens)
AMOUNTS = st.integers(min_value=1, max_value=30_000) | st.integers(min_value=1, max_value=10**18)
MEMOS = st.sampled_from([f"WITHDRAW_TO:{BTC_ADDRESS}", f"WITHDRAW_TO:{GNOSIS_ADDRESS}", "WITHDRAW_TO:x", "own"])


def withdraw_fields(asset: Token, amount: int, memo: str) -> dict[str, object]:
    address = f"WITHDRAW_TO:{BTC_ADDRESS if asset.chain == BTC.chain else GNOSIS_ADDRESS}"
    return withdrawal(
        amount, token=asset.near_token, receiver_id=asset.near_token, memo=address if memo == "own" else memo
    )


def deposit(asset: Token, amount: int, delay: int, fails: bool) -> Step:
    def step(world: World, _: Transactions) -> None:
        world.bridge.deposit(
            MAKER, asset.token_id, amount, confirm_after_ns=delay * 10**9, seen_after_ns=delay, fails=fails
        )

    return step


def arrival(chain: str, amount: int) -> Step:
    def step(world: World, _: Transactions) -> None:
        world.bridge.deposit(MAKER, None, amount, chain=chain, confirm_after_ns=10**9)

    return step


def by_intent(asset: Token, amounts: list[int], memo: str) -> Step:
    def step(world: World, _: Transactions) -> None:
        intents = [withdraw_fields(asset, amount, memo) for amount in amounts]
        with contextlib.suppress(ContractPanicError):
            world.ledger.execute_intents([world.maker.sign(*intents, deadline_ns=world.clock.now_ns)])

    return step


def by_transaction(asset: Token, amount: int, memo: str, copies: int) -> Step:
    def step(world: World, transactions: Transactions) -> None:
        fields = withdraw_fields(asset, amount, memo)
        del fields["intent"]
        signed, tx_hash = transaction(world.maker, world.ledger, "ft_withdraw", fields)
        before = world.ledger.supply(asset.token_id)
        refusals = []
        for _ in range(copies):
            try:
                transactions.send(read_transaction(base64.b64decode(signed)))
            except InvalidTransactionError as invalid:
                refusals.append(str(invalid))
        assert all("InvalidNonce" in refusal for refusal in refusals)
        assert world.ledger.supply(asset.token_id) in (before, before - amount)
        assert transactions.find(tx_hash) is not None

    return step


def wait(seconds: int) -> Step:
    return lambda world, _: world.wait(seconds)


def fault(order: dict[str, object]) -> Step:
    def step(world: World, _: Transactions) -> None:
        world.faults.apply(order)

    return step


FAULTS = st.sampled_from(
    [
        {"withdrawal_rejects": 2},
        {"ft_transfer_fails": 1},
        {"fee_factor": "40.1"},
        {"fee_factor": 0},
        {"near_resend": "invalid_nonce"},
        {"bridge_not_found_s": 5},
        {"bridge_credits": "nBTC"},
        {"bridge_credits": "BTC"},
        {"mend": True},
    ]
)
STEPS = st.one_of(
    st.builds(deposit, ASSETS, AMOUNTS, st.integers(0, 20), st.booleans()),
    st.builds(arrival, st.sampled_from([BTC.chain, EURE.chain]), AMOUNTS),
    st.builds(by_intent, ASSETS, st.lists(AMOUNTS, min_size=1, max_size=3), MEMOS),
    st.builds(by_transaction, ASSETS, AMOUNTS, MEMOS, st.integers(1, 3)),
    st.builds(wait, st.integers(0, 15)),
    st.builds(fault, FAULTS),
)


def explained(world: World, asset: Token) -> int:
    """Add up the opening supply from where every base unit is now."""
    totals = world.bridge.totals(asset.token_id)
    assert totals.burned == totals.paid + totals.fees + totals.returned + totals.under_way
    supply = world.ledger.supply(asset.token_id)
    return supply + totals.paid + totals.fees + totals.under_way + totals.lost - totals.credited


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_every_base_unit_is_explained(steps: list[Step]) -> None:
    world = World()
    world.ledger.add_access_key(MAKER, world.maker.public_key)
    transactions = Transactions(world.ledger, world.faults)
    opening = {asset.symbol: world.ledger.supply(asset.token_id) for asset in DEFAULT_TOKENS.tokens}
    for step in [*steps, wait(40), wait(40)]:
        step(world, transactions)
        for asset in DEFAULT_TOKENS.tokens:
            assert explained(world, asset) == opening[asset.symbol]
    paid = [row.payment.tx_hash for row in world.bridge.withdrawals if row.payment is not None]
    assert len(paid) == len(set(paid))
    for row in world.bridge.withdrawals:
        assert row.status == ("RETURNED" if row.reason else "COMPLETED")
        assert (row.payment is None) == bool(row.reason)
    for name, chain in world.bridge.chains.items():
        out = [move for move in chain.transfers if move.to in (BTC_ADDRESS, GNOSIS_ADDRESS)]
        assert len(out) == sum(
            1 for row in world.bridge.withdrawals if row.payment is not None and row.payment.chain == name
        )
