"""Report, trace and replay give the same for a history in PostgreSQL as for the same history in a file."""

import asyncio
from pathlib import Path

import pytest

from cockpit.reports import quote_trace_text
from cockpit.reports.decision_replay import RuleChanges, replay
from cockpit.reports.trading_report import trading_report
from storage.errors import HistoryError
from storage.history import Run
from storage.journal import Journal, JournalEntry
from storage.postgres.history import PostgresHistory
from storage.postgres.reader import PostgresReader
from storage.reader import Span, find_run
from storage.reporting.decisions import recorded_decisions
from storage.reporting.quote_trace import find_quote, trace_quote
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history import small_history as small
from tests.support.processes.command import GOOD, env_file, run
from venue.protocol.tokens import DEFAULT_TOKENS


@pytest.fixture
def url(postgres_url: str, tmp_path: Path) -> str:
    asyncio.run(small.fill(PostgresHistory(postgres_url, Journal(tmp_path / "history.journal"))))
    return postgres_url


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return asyncio.run(small.write(tmp_path / "history.sqlite"))


def test_all_output_is_the_same(path: Path, url: str) -> None:
    names = ["quote-a", "hash-b", "tx-b", "hash-c"]
    with SqliteReader(path) as file, PostgresReader(url) as server:
        for reader in (file, server):
            with pytest.raises(HistoryError, match="start with quote-"):
                find_quote(reader, "quote-")
        span = find_run(file, "last").span
        assert find_run(server, "run-").span == span
        for part in (span, Span(span.from_ns + 15 * 10**9, span.to_ns - 20 * 10**9), Span(0, 1)):
            assert trading_report(server, part, DEFAULT_TOKENS, with_fills=True) == trading_report(
                file, part, DEFAULT_TOKENS, with_fills=True
            )
            assert list(recorded_decisions(server, part)) == list(recorded_decisions(file, part))
        for name in names:
            lives = [
                quote_trace_text.as_json(trace_quote(reader, *find_quote(reader, name))) for reader in (file, server)
            ]
            assert lives[0] == lives[1]
        again = replay(recorded_decisions(server, span), RuleChanges(), DEFAULT_TOKENS)
    assert again.same == again.decisions > 0


def test_a_report_neither_sees_nor_delays_a_desk_that_writes(url: str, tmp_path: Path) -> None:
    with PostgresReader(url) as reader:
        before = trading_report(reader, Span(0, 2**62), DEFAULT_TOKENS)
        history = PostgresHistory(url, Journal(tmp_path / "history.journal"))

        async def live() -> None:
            await history.open(Run(run_id="run-2", mode="SANDBOX", account="maker.near", started_ns=NOW))
            await history.write(small.refused("z", 40, 10**7))
            await history.close(NOW)

        asyncio.run(live())
        assert trading_report(reader, Span(0, 2**62), DEFAULT_TOKENS) == before
    with PostgresReader(url) as reader:
        assert trading_report(reader, Span(0, 2**62), DEFAULT_TOKENS).runs == 2


def test_the_command(url: str, tmp_path: Path) -> None:
    env_file(tmp_path, {**GOOD, "POSTGRES_URL": url})
    by_settings = run("report", "--json", "--fills", cwd=tmp_path)
    assert (by_settings.returncode, by_settings.stderr) == (0, "")
    assert run("report", "--json", "--fills", "--history", url, cwd=tmp_path).stdout == by_settings.stdout
    assert "signed and sent" in run("trace", "tx-b", cwd=tmp_path).stdout
    assert run("replay", "--run", "last", cwd=tmp_path).returncode == 0


def test_an_unreadable_history_is_reported_without_the_password(postgres_url: str, tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="there is no history in PostgreSQL"):
        PostgresReader(postgres_url)
    env_file(tmp_path, {**GOOD, "POSTGRES_URL": "postgresql://desk:hunter2@127.0.0.1:9/history"})
    done = run("report", cwd=tmp_path)
    assert done.returncode == 1
    assert "PostgreSQL history at 127.0.0.1:9 cannot be reached" in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [("report", "--history"), ("trace", "tx", "--history"), ("replay", "--history"), ("export",), ("import",)],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize("form", ["desk:hunter2@127.0.0.1:9/history", "desk@127.0.0.1:9/history?password=hunter2"])
def test_a_password_in_an_argument_is_refused_and_not_repeated(
    command: tuple[str, ...], form: str, tmp_path: Path
) -> None:
    done = run(*command, f"postgresql://{form}", cwd=tmp_path)
    assert done.returncode == 2
    assert "other users of this machine can see arguments" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_what_waits_in_the_journal_is_named(url: str, tmp_path: Path) -> None:
    file = env_file(tmp_path, {**GOOD, "POSTGRES_URL": url})
    whole = run("report", "--env-file", str(file), cwd=tmp_path)
    assert (whole.returncode, whole.stderr) == (0, "")
    journal = Journal(tmp_path / "state" / "history.journal")
    journal.open()
    journal.append(JournalEntry("run-1", NOW, False, (small.mid(40, "49000"),)))
    journal.close()
    lacking = run("report", "--env-file", str(file), cwd=tmp_path)
    assert lacking.returncode == 0
    assert lacking.stdout == whole.stdout
    assert "what follows lacks some of it: " in lacking.stderr
    assert "history.journal holds events that are not in the database yet; start the desk once" in lacking.stderr
