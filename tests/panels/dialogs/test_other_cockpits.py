"""Who else is attached, as the question on quitting says it, and who stopped a desk that is gone."""

import msgspec
import pytest

from cockpit.model.snapshot import JournalRow, Snapshot
from panels.dialogs.quit import other_cockpits, quit_situation
from panels.frame.banners import banner
from panels.kit.messages import desk_stopped
from panels.kit.view import View
from tests.support.cockpit import samples


def attached(count: int, *names: str) -> Snapshot:
    return msgspec.structs.replace(samples.snapshot(), attached=count, cockpits=names)


@pytest.mark.parametrize(
    ("count", "names", "others"),
    [
        (1, ("me",), ""),
        (1, (), ""),
        (2, ("me", "root on pts/3"), "root on pts/3"),
        (2, ("me", "me"), "me"),
        (2, ("me",), "one that only looks"),
        (5, ("a", "b", "me"), "a, b, 2 that only look"),
        (0, (), ""),
    ],
)
def test_others_are_named_and_this_one_is_not(count: int, names: tuple[str, ...], others: str) -> None:
    assert other_cockpits(attached(count, *names), "me") == others
    said = quit_situation(View(snapshot=attached(count, *names), actor="me"))
    assert ("Also attached" in said) == bool(others)
    assert others in said


def test_a_desk_that_was_stopped_is_no_lost_connection() -> None:
    row = JournalRow(
        command_id="s",
        age_ms=0,
        actor="root on pts/3",
        command="shutdown",
        accepted=True,
        reason="the desk is stopping",
    )
    stopped = msgspec.structs.replace(samples.snapshot(), journal=(row,))

    def line(view: View) -> str:
        return "".join(cell.text for cell in banner(view) or ())

    for mode, command in (("SANDBOX", "`cockpit sandbox`"), ("LIVE", "`cockpit`")):
        shown = line(View(snapshot=msgspec.structs.replace(stopped, mode=mode), link_lost="the desk closed the stream"))
        assert desk_stopped("root on pts/3", mode) in shown
        assert command in shown
        idle = msgspec.structs.replace(samples.disarmed(), mode=mode)
        assert f"{command} opens it again" in quit_situation(View(snapshot=idle))
    assert "reconnecting" in line(View(snapshot=samples.snapshot(), link_lost="the desk closed the stream"))
    refused = msgspec.structs.replace(samples.snapshot(), journal=(msgspec.structs.replace(row, accepted=False),))
    assert "reconnecting" in line(View(snapshot=refused, link_lost="gone"))
