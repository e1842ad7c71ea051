"""What the form says when the chosen token has nothing, and which setting names an address."""

from decimal import Decimal

import msgspec
import pytest

from cockpit.model.errors import InvalidAmountError
from cockpit.model.snapshot import InventoryRow, Snapshot
from panels.dialogs.funds.withdraw import amount_hint, parse_order, parse_units
from tests.support.cockpit import samples


def two_kinds() -> Snapshot:
    """Everything is in nBTC, and no address is configured."""
    shot = samples.open_for_withdrawals()
    btc = next(row for row in shot.inventory.rows if row.symbol == "BTC")
    legacy = msgspec.structs.replace(btc, underlying="BTC", spendable=Decimal(0))
    other = msgspec.structs.replace(btc, symbol="nBTC", underlying="BTC", spendable=Decimal("0.02"))
    inventory = msgspec.structs.replace(shot.inventory, rows=(legacy, other))
    return msgspec.structs.replace(shot, inventory=inventory, withdrawal_defaults=())


@pytest.mark.parametrize("typed", ["0.01", "max"])
def test_nothing_available_names_the_other_token(typed: str) -> None:
    with pytest.raises(InvalidAmountError, match=r"0 BTC available; 0\.02 is in nBTC; choose that asset"):
        parse_units(typed, "BTC", two_kinds())
    assert parse_units("0.01", "nBTC", two_kinds()) == 1_000_000


@pytest.mark.parametrize("symbol", ["BTC", "nBTC"])
def test_one_setting_serves_both_kinds(symbol: str) -> None:
    problems = parse_order(symbol, "0.01", "", two_kinds()).problems
    assert "TRADING_BTC_WITHDRAW_ADDRESS is not configured" in problems["destination"]


def token(symbol: str, spendable: str | None) -> InventoryRow:
    row = next(row for row in samples.snapshot().inventory.rows if row.symbol == symbol)
    return msgspec.structs.replace(row, spendable=None if spendable is None else Decimal(spendable))


@pytest.mark.parametrize(
    ("symbol", "spendable", "hint"),
    [
        ("BTC", "0.48", "0.015, or max"),
        ("BTC", "0.015", "0.015, or max"),
        ("BTC", "0.01499999", "max"),
        ("BTC", "0.00000001", "max"),
        ("BTC", "0", ""),
        ("BTC", None, "0.015"),
        ("EURe", "100", "100, or max"),
        ("EURe", "99.99", "max"),
    ],
)
def test_the_hint_names_only_amounts_that_the_form_takes(symbol: str, spendable: str | None, hint: str) -> None:
    row = token(symbol, spendable)
    assert amount_hint(row) == hint
    shot = samples.snapshot()
    held = msgspec.structs.replace(shot, inventory=msgspec.structs.replace(shot.inventory, rows=(row,)))
    for typed in filter(None, hint.split(", or ")):
        assert parse_units(typed, symbol, held) > 0
