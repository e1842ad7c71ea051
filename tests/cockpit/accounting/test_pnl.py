"""Average cost: golden sums, and realised + unrealised is the change in value, to the base unit."""

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.accounting.pnl import InventoryChange, Pnl, average_cost_pnl, value_at_mid
from venue.protocol.tokens import BITCOIN, EURO

EURE = 10**18
MIDS = st.decimals(Decimal(1), Decimal(10**6), places=8)
SATS = st.integers(-(10**12), 10**12)
FILLS = st.builds(lambda base, paid: InventoryChange(base, -paid if base > 0 else paid), SATS, st.integers(1, 10**26))
FLOWS = st.builds(lambda base, mid: InventoryChange(base, 0, mid), SATS, MIDS)


def pnl(*args: Any) -> Pnl:
    return average_cost_pnl(BITCOIN, EURO, *args)


def test_a_bitcoin_bought_and_sold_realises_the_difference() -> None:
    moves = [InventoryChange(10**8, -49_900 * EURE), InventoryChange(-(10**8), 50_100 * EURE)]
    assert pnl(0, Decimal(50_000), moves, Decimal(60_000)) == Pnl(realised=200 * EURE, unrealised=0, total=200 * EURE)


def test_held_btc_is_marked_and_costs_the_average() -> None:
    moves = [
        InventoryChange(10**8, -40_000 * EURE),
        InventoryChange(10**8, -50_000 * EURE),
        InventoryChange(-(10**8), 46_000 * EURE),
    ]
    assert pnl(0, Decimal(1), moves, Decimal(47_000)) == Pnl(
        realised=1_000 * EURE, unrealised=2_000 * EURE, total=3_000 * EURE
    )


def test_opening_btc_costs_the_opening_mid() -> None:
    moves = [InventoryChange(-(10**7), 5_100 * EURE)]
    assert pnl(10**8, Decimal(50_000), moves, Decimal(49_000)) == Pnl(
        realised=100 * EURE, unrealised=-900 * EURE, total=-800 * EURE
    )


def test_a_deposit_is_no_pnl_and_a_withdrawal_realises_the_gain() -> None:
    moves = [InventoryChange(10**8, 0, Decimal(50_000)), InventoryChange(-(10**8), 0, Decimal(51_000))]
    assert pnl(0, Decimal(50_000), moves, Decimal(1)) == Pnl(realised=1_000 * EURE, unrealised=0, total=1_000 * EURE)


def test_eure_in_or_out_is_no_pnl() -> None:
    assert pnl(0, Decimal(1), [InventoryChange(0, 5 * EURE, Decimal(1))], Decimal(2)).total == 0


def test_sold_short_and_bought_back_past_zero() -> None:
    moves = [InventoryChange(-(10**8), 100 * EURE), InventoryChange(3 * 10**8, -270 * EURE)]
    assert pnl(0, Decimal(1), moves, Decimal(95)) == Pnl(realised=10 * EURE, unrealised=10 * EURE, total=20 * EURE)


@given(st.integers(0, 10**14), MIDS, st.lists(FILLS | FLOWS, max_size=12), MIDS)
def test_realised_and_unrealised_are_the_change_in_value_less_money_in_and_out(
    held: int, first: Decimal, moves: list[InventoryChange], last: Decimal
) -> None:
    sums = pnl(held, first, moves, last)
    base = held + sum(move.base for move in moves)
    cash = sum(move.quote for move in moves if move.mid is None)
    brought = sum(value_at_mid(BITCOIN, EURO, move.base, move.mid) for move in moves if move.mid is not None)
    change = value_at_mid(BITCOIN, EURO, base, last) + cash - value_at_mid(BITCOIN, EURO, held, first)
    assert sums.total == sums.realised + sums.unrealised == change - brought


def exactly_realised(held: int, first: Decimal, moves: list[InventoryChange]) -> Fraction:
    """What average cost realises without any rounding."""
    position, cost, realised = Fraction(held), Fraction(value_at_mid(BITCOIN, EURO, held, first)), Fraction(0)
    for move in moves:
        paid = move.quote if move.mid is None else -value_at_mid(BITCOIN, EURO, move.base, move.mid)
        if move.base == 0:
            realised += paid if move.mid is None else 0
        elif position == 0 or (position > 0) == (move.base > 0):
            position, cost = position + move.base, cost - paid
        else:
            closed = Fraction(min(Fraction(abs(move.base)), abs(position)))
            realised += Fraction(paid * closed, abs(move.base)) - cost * closed / abs(position)
            crosses = abs(move.base) > abs(position)
            cost = -paid * (1 - closed / abs(move.base)) if crosses else cost * (1 - closed / abs(position))
            position += move.base
    return realised


@given(st.integers(0, 10**14), MIDS, st.lists(FILLS | FLOWS, max_size=30))
def test_rounding_costs_at_most_two_base_units_a_sale(held: int, first: Decimal, moves: list[InventoryChange]) -> None:
    assert abs(pnl(held, first, moves, first).realised - exactly_realised(held, first, moves)) <= 2 * len(moves)


def test_a_hundred_thousand_fills_on_both_sides_add_up() -> None:
    # Kept as a fraction, their cost would take an hour: each sale makes its denominator longer.
    sides = random.Random(7)
    moves = [
        InventoryChange(size, -size * 5 * 10**14 - sides.randrange(10**12))
        for size in (sides.choice((-1, 1)) * sides.randrange(1, 10**6) for _ in range(100_000))
    ]
    sums = pnl(10**9, Decimal(50_000), moves, Decimal(50_000))
    assert sums.total == sum(move.base * 5 * 10**14 + move.quote for move in moves)


@given(st.integers(1, 10**14), MIDS, MIDS)
def test_without_a_move_nothing_is_realised(held: int, first: Decimal, last: Decimal) -> None:
    sums = pnl(held, first, [], last)
    assert (sums.realised, sums.total) == (
        0,
        value_at_mid(BITCOIN, EURO, held, last) - value_at_mid(BITCOIN, EURO, held, first),
    )


def test_a_mid_with_too_many_decimals_is_refused() -> None:
    with pytest.raises(ValueError, match="8 decimals"):
        value_at_mid(BITCOIN, EURO, 1, Decimal("1.000000001"))


@given(SATS, MIDS, st.integers(0, 18))
def test_a_value_is_in_whole_base_units_however_few_decimals_the_quote_has(
    base: int, mid: Decimal, decimals: int
) -> None:
    quote = msgspec.structs.replace(EURO, decimals=decimals)
    value = value_at_mid(BITCOIN, quote, base, mid)
    assert isinstance(value, int)
    assert 0 <= Fraction(mid) * base * Fraction(10) ** (decimals - BITCOIN.decimals) - value < 1
