"""What this cockpit noticed: a connection that never was is not lost."""

from cockpit.client.desk_client import ConnectionLost
from panels.kit.notices import NoticeLog
from tests.support.cockpit import samples


def test_a_start_before_the_desk_is_no_fault() -> None:
    log = NoticeLog(lambda: 0.0)
    log.received(None, ConnectionLost("no desk is running here"))
    shot = samples.disarmed(1)
    log.received(None, shot)
    assert [(notice.text, notice.weight) for notice in reversed(log.newest())] == [
        ("not connected yet: no desk is running here", "info"),
        (f"connected to {shot.account}", "good"),
    ]


def test_a_connection_that_breaks_is_lost() -> None:
    log = NoticeLog(lambda: 0.0)
    shot = samples.disarmed(1)
    log.received(None, shot)
    log.received(shot, ConnectionLost("closed"))
    assert (log.newest()[0].text, log.newest()[0].weight) == ("connection lost: closed", "bad")
