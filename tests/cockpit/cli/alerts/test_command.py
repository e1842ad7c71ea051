"""`cockpit alerts`: check, try and list, without ever showing a URL."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cockpit.alerting.message import AlertMessage
from cockpit.alerting.messages import NO_UNDELIVERED
from cockpit.alerting.state_file import KeptState, write_state
from cockpit.cli.alerts.command import alerts
from cockpit.model.alerts.messages import NOT_CONFIGURED
from cockpit.model.alerts.state import UndeliveredRow
from tests.support.alert_services import SECRET, AlertService, alert_service
from tests.support.processes.command import GOOD

Run = Callable[..., Result]


@pytest.fixture
def phone() -> Iterator[AlertService]:
    with alert_service() as service:
        yield service


@pytest.fixture
def file(tmp_path: Path, phone: AlertService) -> Path:
    path = tmp_path / "alerts.toml"
    path.write_text(f'[targets.phone]\nurl = "{phone.url}"\n[[rules]]\nname = "all"\nto = ["phone"]\n')
    path.chmod(0o600)
    return path


@pytest.fixture
def run(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.chdir(tmp_path)
    settings = {**GOOD, "COCKPIT_ALERTS_FILE": str(file), "COCKPIT_STATE_DIR": str(tmp_path)}

    def invoke(*arguments: str, **changes: str) -> Result:
        found = CliRunner(env={**settings, **changes}).invoke(alerts, arguments)
        assert SECRET not in found.output
        return found

    return invoke


def test_check_names_every_rule_and_sends_nothing(run: Run, phone: AlertService) -> None:
    found = run("check")
    assert (found.exit_code, phone.calls) == (0, 0)
    assert "all: info and worse to phone" in found.output
    assert json.loads(run("check", "--json").output) == {"targets": ["phone"], "rules": {"all": ["phone"]}}


def test_check_refuses_a_target_that_sandbox_must_not_reach(run: Run, file: Path) -> None:
    file.write_text(file.read_text() + f'[targets.out]\nurl = "json://example.org/{SECRET}"\n')
    found = run("check")
    assert found.exit_code == 2
    assert "[targets.out]" in found.output


def test_a_test_alert_arrives_and_a_failure_is_told_with_its_reason(run: Run, phone: AlertService) -> None:
    assert run("test", "all").exit_code == 0
    assert phone.count("Test alert of rule all") == 1
    phone.manner = "refuses"
    found = run("test")
    assert found.exit_code == 1
    assert "all, phone: the service answered HTTP 500" in found.output
    (tried,) = json.loads(run("test", "--json").output)["tried"]
    assert (tried["rule"], tried["problem"]) == ("all", "the service answered HTTP 500")


def test_a_rule_that_is_not_there_is_refused_by_name(run: Run) -> None:
    found = run("test", "other")
    assert found.exit_code == 2
    assert "expected one of all" in found.output


def test_without_a_file_the_page_is_named(run: Run) -> None:
    found = run("check", COCKPIT_ALERTS_FILE="none")
    assert (found.exit_code, found.output.strip()) == (2, NOT_CONFIGURED)


def test_what_was_not_delivered_is_listed_from_disk(run: Run, tmp_path: Path) -> None:
    assert run("undelivered").output.strip() == NO_UNDELIVERED
    row = UndeliveredRow(rule="all", target="phone", text="broken", count=3, last_ns=0, reason="no connection")
    write_state(tmp_path, KeptState(undelivered=(row,), undelivered_count=3))
    assert "1970-01-01 00:00:00 UTC  all, phone: broken (3 times). no connection." in run("undelivered").output
    assert json.loads(run("undelivered", "--json").output)["count"] == 3
    (tmp_path / "alerts.json").write_text("{")
    assert run("undelivered").exit_code == 1


def test_a_message_knows_how_often_and_when() -> None:
    one = AlertMessage(
        rule="r", key="k", severity="info", title="t", text="x", count=2, first_ns=0, last_ns=10**9, queued_ns=0
    )
    assert one.body == "x\n2 times, 1970-01-01 00:00:00 UTC to 1970-01-01 00:00:01 UTC"
