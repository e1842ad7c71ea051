"""The cockpit in a real terminal: painted, armed and disarmed by keyboard, lost and found again."""

import os
import re
import signal
from pathlib import Path

import psutil
import pytest

from cockpit.app.terminal.process import NICENESS
from cockpit.client.desk_client import DeskInfo
from cockpit.processes.launch import wait_for_exit
from cockpit.processes.sandbox_run import DESK_SETTINGS, SandboxRun
from cockpit.reports.lists.pages import recorded_page
from panels.kit.messages import NO_LIVE_QUOTES
from storage.sqlite.reader import SqliteReader
from tests.support.processes.sandbox_session import Open, arm, link, newest, ready_for_live
from tests.support.processes.terminal import Terminal
from tests.support.waiting import until
from venue.protocol.tokens import DEFAULT_TOKENS


async def test_the_desk_is_armed_watched_and_stopped_by_keyboard(cockpit: Open, short_dir: Path) -> None:
    terminal = cockpit()
    await terminal.shows("○ DISARMED", 2)
    assert "SANDBOX" in terminal.text
    assert "maker.sandbox.near" in terminal.text
    run = SandboxRun.running(short_dir / "sandbox")
    assert run is not None
    await until(lambda: "blocked" not in terminal.text, 30, "the executor may be armed")

    terminal.press("ctrl+s")
    await terminal.shows("Arm the strategy?")
    terminal.press("enter")
    await terminal.shows("Arm the strategy?", 0)
    assert not (await newest(run)).strategy_armed

    await arm(terminal, "ctrl+s", "strategy", 1)
    await ready_for_live(run)
    await arm(terminal, "ctrl+e", "executor", 2)
    shot = await newest(run)
    assert (shot.strategy_armed, shot.executor_armed) == (True, True)

    async def sent() -> bool:
        return (await newest(run)).counts.sent > 0

    await until(sent, 30, "a quote is sent")
    await until(
        lambda: "live quote" in terminal.text and NO_LIVE_QUOTES not in terminal.text, 30, "a live quote is shown"
    )

    terminal.press("ctrl+x")
    await terminal.shows("○ DISARMED", 2)
    shot = await newest(run)
    assert (shot.strategy_armed, shot.executor_armed) == (False, False)

    pids = run.pids()
    terminal.press("q")
    await terminal.shows("Quit?")
    terminal.press("tab", "tab", " ")
    assert await terminal.ended() == 0
    assert await wait_for_exit(pids.desk)
    assert await wait_for_exit(pids.venue)
    assert SandboxRun.running(short_dir / "sandbox") is None


async def test_a_lost_cockpit_leaves_the_desk_and_the_next_one_attaches(cockpit: Open, short_dir: Path) -> None:
    terminal = cockpit()
    await terminal.shows("○ DISARMED", 2)
    run = SandboxRun.running(short_dir / "sandbox")
    assert run is not None
    await until(lambda: "blocked" not in terminal.text, 30, "the executor may be armed")
    await arm(terminal, "ctrl+s", "strategy", 1)
    await ready_for_live(run)
    await arm(terminal, "ctrl+e", "executor", 2)
    before = await link(run).health()
    assert isinstance(before, DeskInfo)

    terminal.hang_up()
    await terminal.ended()
    assert (await newest(run)).executor_armed

    terminal = cockpit()
    await terminal.shows("● ARMED", 2)
    os.kill(terminal.process.pid, signal.SIGKILL)
    await terminal.ended()
    assert (await newest(run)).executor_armed

    terminal = cockpit()
    await terminal.shows("● ARMED", 2)
    assert await link(run).health() == before
    assert len(list((short_dir / "sandbox").glob("2*"))) == 1
    terminal.press("q")
    await terminal.shows("are ARMED. Left running, the desk")
    terminal.press("tab", "enter")
    assert await terminal.ended() == 0
    assert (await newest(run)).executor_armed


async def test_a_cockpit_that_ignores_hangups_ends_without_its_terminal(cockpit: Open, short_dir: Path) -> None:
    terminal = cockpit(hang_ups=signal.SIG_IGN)
    await terminal.shows("○ DISARMED", 2)
    run = SandboxRun.running(short_dir / "sandbox")
    assert run is not None
    terminal.hang_up()
    await terminal.ended()
    assert isinstance(await link(run).health(), DeskInfo), "the desk keeps running"


async def test_the_cockpit_and_its_session_run_at_a_lower_priority_than_the_desk(
    cockpit: Open, short_dir: Path
) -> None:
    terminal = cockpit()
    await terminal.shows("○ DISARMED", 2)
    run = SandboxRun.running(short_dir / "sandbox")
    assert run is not None
    usual = os.nice(0)
    own = psutil.Process(terminal.process.pid)
    await until(lambda: own.nice() == usual + NICENESS, 30, "the cockpit lowers its priority")
    pids = run.pids()
    assert [psutil.Process(pid).nice() for pid in (pids.desk, pids.venue)] == [usual, usual]
    if session_niceness(own.pid):
        await until(lambda: session_niceness(own.pid) == str(NICENESS), 30, "its session does too")
        assert [session_niceness(pid) for pid in (pids.desk, pids.venue)] == ["0", "0"]


@pytest.mark.slow
async def test_one_write_of_keys_fills_in_the_form_that_its_first_key_opens(cockpit: Open) -> None:
    terminal = cockpit()
    await terminal.shows("○ DISARMED", 2)
    # What is measured: everything is in the terminal before the form is asked for.
    terminal.press("w\t0.03\tabc")
    await terminal.shows("─ Withdraw ─")
    await until(lambda: re.search(r"amount +0\.03 ", terminal.text) is not None, 30, "the amount is typed")
    await until(lambda: re.search(r"to +\S*abc ", terminal.text) is not None, 30, "the address follows")
    terminal.press("escape")
    await terminal.shows("─ Withdraw ─", 0)
    # Held keys open no second dialog, and press nothing of the first.
    terminal.press("\x13\t ")
    await terminal.shows("Arm the strategy?")
    await terminal.shows("came before this was shown")
    assert "strategy ● ARMED" not in terminal.text


@pytest.mark.slow
async def test_one_write_into_the_palette_runs_what_its_text_names(cockpit: Open) -> None:
    terminal = cockpit()
    await terminal.shows("○ DISARMED", 2)
    for text, title in (("signing", "─ Signing key ─"), ("track a", "─ Track a"), ("Startup findings", "─ Startup")):
        terminal.press(f"\x10{text}\r")
        await terminal.shows(title)
        await terminal.shows("Search for commands", 0)
        terminal.press("escape")
        await terminal.shows(title, 0)
    terminal.press("\x10strategy\r")
    await terminal.shows("choose one from the list")
    assert "strategy ○ DISARMED" in terminal.text


def session_niceness(pid: int) -> str:
    """The niceness of the process's session on Linux; empty where there is none."""
    group = Path(f"/proc/{pid}/autogroup")
    return group.read_text().split()[-1] if group.exists() else ""


async def withdraw(terminal: Terminal, amount: str) -> None:
    """Withdraw BTC to the sandbox's own address by keyboard: form, review, unfreezing, confirmation."""
    terminal.press("w")
    await terminal.shows("─ Withdraw ─")
    terminal.press("tab", *amount, "tab", "tab", "tab", "enter")
    await terminal.shows("Review the withdrawal")
    await terminal.shows("Not yet: withdrawals are frozen")
    terminal.press("shift+tab", "enter")
    await terminal.shows("Unfreeze withdrawals?")
    terminal.press("tab", " ")
    await terminal.shows("Withdrawals are OPEN")
    await terminal.shows("Not yet", 0)
    terminal.press("tab", "tab", "enter")
    await terminal.shows("Confirm the withdrawal")
    last = "and the address's last 6"
    terminal.press(*amount, "tab")
    await until(lambda: terminal.types_in(last), 30, "the keyboard is in the second field")
    tail = DESK_SETTINGS["TRADING_BTC_WITHDRAW_ADDRESS"][-6:]
    terminal.press(*tail)
    await until(lambda: re.search(rf"{tail} +✓", terminal.text) is not None, 30, "both fields are right")
    terminal.press("tab", "tab")
    await until(lambda: not terminal.types_in(last), 30, "the keyboard is on the buttons")
    terminal.press(" ")
    await terminal.shows("Accepted")
    terminal.press("enter")


@pytest.mark.slow
async def test_the_tour_is_offered_on_a_first_start_and_advances_with_each_step(cockpit: Open, short_dir: Path) -> None:
    terminal = cockpit()
    await terminal.shows("New here? T starts a seven-step tour")
    terminal.press("T")
    await terminal.shows("TOUR 1/7")
    assert (short_dir / "sandbox" / "tour").read_text() == "taken\n"
    await terminal.shows("TOUR 2/7", within_s=60)

    terminal.press("5")
    terminal.press("enter")
    await terminal.shows("marks the failed check")
    terminal.press("escape")
    await terminal.shows("TOUR 3/7")
    await until(lambda: "Not yet" not in terminal.text, 30, "the strategy may be armed")
    terminal.press("ctrl+s")
    await terminal.shows("Arm the strategy?")
    await terminal.shows("Enter never arms")
    terminal.press("tab", " ")
    await terminal.shows("● ARMED", 1)
    await terminal.shows("TOUR 4/7")
    run = SandboxRun.running(short_dir / "sandbox")
    assert run is not None
    await ready_for_live(run)
    await arm(terminal, "ctrl+e", "executor", 2)
    await terminal.shows("TOUR 5/7", within_s=60)
    terminal.press("n")
    await terminal.shows("TOUR 6/7", within_s=60)
    await withdraw(terminal, "0.001")
    await terminal.shows("TOUR 7/7", within_s=60)
    terminal.press("ctrl+x")
    await terminal.shows("Done:")
    await terminal.shows("○ DISARMED", 2)

    terminal.press("q")
    await terminal.shows("Quit?")
    terminal.press("tab", "tab", " ")
    assert await terminal.ended() == 0
    terminal = cockpit()
    await terminal.shows("○ DISARMED", 2)
    assert "New here?" not in terminal.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_leaves_the_terminal_as_it_was(cockpit: Open, number: signal.Signals) -> None:
    terminal = cockpit()
    await terminal.shows("○ DISARMED", 2)
    terminal.process.send_signal(number)
    assert await terminal.ended() == -number
    left = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l")
    await until(lambda: all(code in terminal.written for code in left), 5, "the picture mode is left")


async def test_a_terminal_that_takes_nothing_does_not_keep_the_process(cockpit: Open) -> None:
    terminal = cockpit()
    await terminal.shows("○ DISARMED", 2)
    terminal.stall()
    terminal.process.send_signal(signal.SIGTERM)
    await terminal.ended(15)


@pytest.mark.slow
async def test_what_a_rehearsal_recorded_is_paged_traced_and_rewound(cockpit: Open, short_dir: Path) -> None:
    terminal = cockpit()
    await terminal.shows("○ DISARMED", 2)
    run = SandboxRun.running(short_dir / "sandbox")
    assert run is not None

    def recorded() -> int:
        with SqliteReader(run.history_path) as reader:
            return len(recorded_page(reader, DEFAULT_TOKENS, "decisions", "").rows)

    await until(lambda: recorded() > 3, 60, "decisions are recorded")
    terminal.press("5", "H")
    await until(
        lambda: re.search(r"\[decisions\].* rows? ·", terminal.text, re.DOTALL), 30, "recorded decisions are shown"
    )
    for key, words in (("enter", "─ Trace "), ("o", "─ Report 2"), ("R", "◀◀ REWIND 2")):
        terminal.press(key)
        await terminal.shows(words)
        terminal.press("escape")
        await terminal.shows(words, 0)
    terminal.press("q")
    await terminal.shows("Quit?")
    terminal.press("tab", "tab", " ")
    assert await terminal.ended() == 0
