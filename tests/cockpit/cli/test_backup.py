"""`cockpit backup` as an operator runs it."""

from pathlib import Path

from storage.sqlite.history import SqliteHistory
from tests.support.history import rows as facts
from tests.support.processes.command import GOOD, env_file, run


async def test_it_copies_the_history_of_the_state_directory_and_prints_its_rows(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "state" / "history.sqlite")
    await history.open(facts.run())
    await history.write([facts.demand(n) for n in range(3)])
    await history.close(facts.START_NS)
    done = run("backup", "copy.sqlite", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "verified" in done.stdout
    assert [line.split()[-1] for line in done.stdout.splitlines() if "swap_demand_events" in line] == ["3"]
    again = run("backup", "copy.sqlite", cwd=tmp_path)
    assert again.returncode == 1
    assert "exists already" in again.stderr


def test_without_a_history_it_is_refused(tmp_path: Path) -> None:
    done = run("backup", "copy.sqlite", cwd=tmp_path)
    assert done.returncode == 1
    assert "there is no history" in done.stderr


def test_postgresql_is_left_to_its_own_tool_and_no_password_is_shown(tmp_path: Path) -> None:
    env_file(tmp_path, {**GOOD, "POSTGRES_URL": "postgresql://desk:hunter2@127.0.0.1:5432/cockpit"})
    done = run("backup", "copy.dump", cwd=tmp_path)
    assert done.returncode == 1
    assert "pg_dump --format=custom --file=copy.dump 'postgresql://desk@127.0.0.1:5432/cockpit'" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
