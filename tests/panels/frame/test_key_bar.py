"""The key bar names what is done already in place of its key."""

from panels.frame.key_bar import entry
from panels.kit.actions import ACTIONS
from panels.kit.messages import already, result_there

ARM = next(action for action in ACTIONS if action.id == "arm.strategy")


def text(reason: str) -> str:
    return "".join(cell.text for cell in entry(ARM, reason))


def test_an_armed_part_is_named_and_no_key_offers_to_arm_it() -> None:
    assert text("") == "^s Arm strategy"
    assert text("no connection") == "✗^s Arm strategy"
    assert text(already("the strategy is", "armed")) == "● strategy armed"


def test_what_is_there_is_named_without_its_verb() -> None:
    assert result_there(already("withdrawals are", "frozen")) == "withdrawals frozen"
