"""Which of a desk's work a slow answer waited for."""

from pathlib import Path

import msgspec

from bench.work_log import BEHIND, FILE, QUEUE, STARVED, Work, WorkLog, cause

TICK = Work("tick", 10.000, 10.008, 0.008)


def test_a_slow_answer_waited_for_what_overlaps_it_most() -> None:
    before = Work("inventory", 9.0, 9.9, 0.9)
    short = Work("api", 10.008, 10.0095, 0.001)
    assert cause([before, short, TICK], 10.001, 10.010) == "tick"


def test_a_pause_of_the_collector_counts_before_the_step_that_it_lies_in() -> None:
    pause = Work("gc of generation 2", 10.001, 10.007, 0.006)
    assert cause([TICK, pause], 10.000, 10.009) == "gc of generation 2"
    assert cause([pause, TICK], 10.000, 10.009) == "gc of generation 2"


def test_work_that_did_not_run_is_starved_and_without_work_something_else_ran() -> None:
    assert cause([Work("tick", 10.0, 10.008, 0.002)], 10.0, 10.009) == "tick, starved"
    assert cause([], 10.0, 10.009) == STARVED
    assert cause([TICK], 10.0, 10.2) == STARVED
    assert cause([TICK], 10.0, 10.2, before=QUEUE) == BEHIND
    assert cause([TICK], 10.0, 10.009, before=QUEUE) == "tick"


def test_only_whole_new_lines_are_read(tmp_path: Path) -> None:
    log, text = WorkLog(tmp_path), msgspec.json.encode(TICK)
    assert log.newest() == []
    with (tmp_path / FILE).open("ab", buffering=0) as file:
        file.write(text + b"\n" + text[:5])
        assert log.newest() == [TICK]
        assert log.newest() == []
        file.write(text[5:] + b"\n" + text + b"\n")
        assert log.newest() == [TICK, TICK]
