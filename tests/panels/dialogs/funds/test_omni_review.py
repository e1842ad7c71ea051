"""The fees of the Omni bridge are named one by one, and a change of any of them needs another look."""

from decimal import Decimal

import msgspec

from cockpit.model.commands import FEE_CHANGED, WithdrawalOrder, WithdrawalReview
from panels.dialogs.funds.confirm_checks import order_summary, terms_changed
from panels.dialogs.funds.review import NEVER_REFUNDED, fee_line, review_lines
from panels.kit.rows.cells import Line
from tests.support.cockpit.samples import review

ORDER = WithdrawalOrder(asset_id="nBTC", amount="1000000", idempotency_key="k")


def nbtc(**changed: object) -> WithdrawalReview:
    plain = review(
        symbol="nBTC",
        route="intent",
        bridge="omni",
        gas_fee=Decimal("0.000012"),
        protocol_fee=Decimal("0.000003"),
        native_fee=Decimal(0),
        native_fee_units="0",
    )
    return msgspec.structs.replace(plain, **changed)


def texts(lines: list[Line]) -> str:
    return "\n".join("".join(cell.text for cell in line) for line in lines)


def test_every_fee_is_named_and_that_nothing_is_refunded() -> None:
    shown = texts(review_lines(nbtc(), 100))
    assert "via intent and the Omni bridge" in shown
    assert "bridge fee  0.000015 nBTC" in shown
    assert "0.000012 nBTC gas at most, 0.000003 nBTC protocol fee" in shown
    assert NEVER_REFUNDED in shown
    assert "NEAR," not in shown


def test_a_native_fee_is_named_in_the_review_and_in_the_confirmation() -> None:
    asked = nbtc(native_fee=Decimal("0.003"), native_fee_units=str(3 * 10**21))
    assert "0.003 NEAR, paid from your wNEAR on the Verifier" in texts(review_lines(asked, 100))
    assert "after a fee of 0.000015 nBTC and 0.003 NEAR beside it" in texts(order_summary(ORDER, asked, 100))
    assert "NEAR" not in texts(order_summary(ORDER, nbtc(), 100))


def test_a_native_fee_that_changes_needs_another_look() -> None:
    asked = nbtc(native_fee=Decimal("0.003"), native_fee_units=str(3 * 10**21))
    assert terms_changed(nbtc(), asked).startswith(f"{FEE_CHANGED} from 0 NEAR to 0.003 NEAR")
    assert terms_changed(asked, asked) == ""


def test_the_poa_bridge_has_one_fee_and_no_warning() -> None:
    shown = texts(review_lines(review(), 100))
    assert "via NEAR transaction" in shown
    assert "Omni" not in shown
    assert NEVER_REFUNDED not in shown


def test_a_fee_above_a_twentieth_is_named_as_a_part_of_the_amount() -> None:
    line = texts([fee_line(review("0.0003", fee=Decimal("0.000015")))])
    assert line.endswith("0.000015 BTC")
    much = fee_line(review("0.0003", fee=Decimal("0.0000151")))
    assert texts([much]).endswith("0.0000151 BTC, 5.0% of the amount")
    assert much[1].role == "warn"
    for unknown in (review(fee=None), review(amount="0")):
        assert "%" not in texts([fee_line(unknown)])
