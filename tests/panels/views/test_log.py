"""The log names the parts of the desk as operators do."""

from cockpit.model.snapshot import JournalRow
from panels.views.log import journal_entry


def test_a_command_to_a_part_has_no_name_of_a_service() -> None:
    row = JournalRow(
        command_id="c",
        age_ms=0,
        actor="root on pts/0",
        command="disarm trade-executor",
        accepted=False,
        reason="trade-executor is disarmed",
    )
    entry = journal_entry(row)
    assert (entry.what, entry.text) == ("disarm executor", "refused: executor is disarmed")
