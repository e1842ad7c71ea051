"""How the outcome of a command is described."""

from cockpit.client.desk_client import UnknownOutcome
from cockpit.model.commands import Result
from panels.dialogs import messages
from panels.dialogs.outcome import describe


def test_only_an_answer_of_the_desk_is_done() -> None:
    done = Result(command_id="1", command="arm", accepted=True, reason="", at_ns=1)
    assert describe(done).done
    assert not describe(Result(command_id="1", command="arm", accepted=False, reason="no", at_ns=1)).done
    assert messages.MAY_HAVE_DONE_IT in describe(UnknownOutcome("arm", "no answer within 5 s")).text
    assert describe(UnknownOutcome("arm", "gone", sent=False)).text == "arm: not sent (gone). Nothing changed."
    assert not describe(UnknownOutcome("arm", "no answer within 5 s")).done
