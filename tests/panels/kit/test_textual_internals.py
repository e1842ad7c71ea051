"""The private names of Textual that the cockpit uses still exist."""

import gc

import pytest
from rich.segment import Segment
from textual.strip import Strip

from panels.kit.textual_internals import free_lines_at_once, private_names


def test_every_private_name_of_textual_exists() -> None:
    gone = [
        f"{name.owner!r} has no {name.name} any more: it is used for {name.used_for}"
        for name in private_names()
        if not hasattr(name.owner, name.name)
    ]
    assert not gone, "panels/kit/textual_internals.py needs work for this Textual:\n" + "\n".join(gone)


@pytest.mark.parametrize(("start", "end"), [(0, 5), (0, 3), (1, 5), (0, 9), (2, 4)])
def test_a_line_is_cut_and_extended_as_by_textual_and_never_keeps_itself(start: int, end: int) -> None:
    cut = textual_line().crop_extend(start, end, None)
    divided = textual_line().divide([start, end])
    free_lines_at_once()
    line = textual_line()
    assert line.crop_extend(start, end, None) == cut
    assert list(line.divide([start, end])) == list(divided)
    assert line.crop_extend(0, 5, None) is line
    assert line.divide([5, 9]) == [line]
    assert not [held for held in gc.get_referrers(line) if held is not locals()], "it is not freed at once"


def textual_line() -> Strip:
    return Strip([Segment("abc"), Segment("de")])
