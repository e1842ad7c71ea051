"""What a review says an amount is worth, and how it writes what is only looked at."""

from decimal import Decimal

import msgspec

from cockpit.cli.liquidity import review_text
from panels.dialogs.funds.review import review_lines
from tests.support.cockpit.samples import review


def texts(**changed: object) -> list[str]:
    reviewed = msgspec.structs.replace(review(), **changed)
    return ["".join(cell.text for cell in line).strip() for line in review_lines(reviewed, 70)]


def test_the_amount_is_named_in_euros_or_as_unknown() -> None:
    assert "worth  1,476.48 EUR" in texts(amount_eur=Decimal("1476.48"))
    assert any(line.startswith("worth  unknown") for line in texts(amount_eur=None))
    assert "worth      1,476.48 EUR" in review_text(review(amount_eur=Decimal("1476.48")))
    assert "worth      unknown EUR" not in review_text(review(amount_eur=None))


def test_the_command_line_writes_amounts_as_they_are_typed() -> None:
    padded = Decimal("15000.000000000000000000")
    text = review_text(review(str(padded), symbol="EURe", fee=Decimal("0.010000000000000000"), balance=padded))
    assert "withdraw   15000 EURe" in text
    assert "fee        0.01 EURe" in text
    assert "balance    15000 EURe;" in text
    assert "minimum    ? EURe" in review_text(review(symbol="EURe", minimum=None))


def test_what_is_signed_keeps_every_digit_and_balances_are_read() -> None:
    long = Decimal("17388.68644789742354")
    lines = texts(symbol="EURe", amount=long, arrives=long, balance=long, spendable=long, spendable_after=long)
    assert "withdraw  17,388.68644789742354 EURe" in lines
    assert "arrives  17,388.68644789742354 EURe" in lines
    for label in ("balance", "available", "afterwards"):
        assert f"{label}  17,388.6864 EURe" in lines
