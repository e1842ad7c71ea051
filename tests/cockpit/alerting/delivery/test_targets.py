"""apprise's own targets against real services on loopback, and what SANDBOX refuses."""

import logging
import sys

import pytest

from cockpit.alerting.delivery.outbox import Patience
from cockpit.alerting.delivery.sending import send_within
from cockpit.alerting.delivery.targets import AlertTarget, make_targets
from cockpit.alerting.errors import AppriseMissingError
from cockpit.alerting.messages import ONLY_LOOPBACK, UNUSABLE_URL
from cockpit.config.secret import Secret
from tests.cockpit.alerting.delivery.test_outbox import message
from tests.support.alert_services import SECRET, Manner, alert_service, mail_server

WITHIN_S = 30.0


def target(url: str) -> AlertTarget:
    targets, problems = make_targets({"x": Secret(url)}, sandbox=True)
    assert problems == ()
    return targets["x"]


def test_a_service_gets_title_text_and_time() -> None:
    with alert_service() as service:
        assert send_within(target(service.url), message("broken"), WITHIN_S) == ""
        (taken,) = service.received
    assert taken["title"] == "title"
    assert taken["message"] == "broken\n1970-01-01 00:00:00 UTC"
    assert taken["type"] == "failure"


@pytest.mark.parametrize(
    ("manner", "reason"), [("refuses", "HTTP 500"), ("hangs up", "no connection"), ("redirects", "HTTP 307")]
)
def test_a_failure_says_why_and_never_where(
    manner: Manner, reason: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with alert_service() as service:
        service.manner = manner
        found = send_within(target(service.url), message(), WITHIN_S)
        assert service.received == []
    assert reason in found
    assert SECRET not in found + caplog.text + "".join(capfd.readouterr())


def test_a_service_that_is_dead_or_stalls_is_told_within_its_time() -> None:
    with alert_service() as service:
        service.manner = "stalls"
        assert send_within(target(service.url), message(), 0.2) == "no answer within 0.2 s"
        url = service.url
    assert "no connection" in send_within(target(url), message(), WITHIN_S)


def test_a_mail_arrives() -> None:
    with mail_server() as (port, mails):
        url = f"mailto://127.0.0.1:{port}/?from=desk@example.org&to=maker@example.org"
        assert send_within(target(url), message("broken"), WITHIN_S) == ""
    assert "broken" in mails[0]


@pytest.mark.parametrize(
    "url",
    [
        f"json://example.org/{SECRET}",
        f"json://127.0.0.1.example.org/{SECRET}",
        f"tgram://123456789:{'a' * 35}/12345",
        f"discord://{'1' * 18}/{SECRET}",
        f"ntfy://127.0.0.1/{SECRET}",
        f"mailto://127.0.0.1/?smtp=example.org&from=a@example.org&to=b@example.org&x={SECRET}",
        f"mailtos://user:{SECRET}@gmail.com",
        f"https://discord.com/api/webhooks/{'1' * 18}/{SECRET}",
    ],
)
def test_sandbox_takes_only_targets_of_this_machine(url: str) -> None:
    targets, problems = make_targets({"x": Secret(url)}, sandbox=True)
    assert targets == {}
    assert problems in ((f"[targets.x]: {ONLY_LOOPBACK}",), (f"[targets.x]: {UNUSABLE_URL}",))


def test_a_proxy_of_the_environment_gets_no_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with alert_service() as service:
        assert send_within(target(service.url), message(), WITHIN_S) == ""


def test_a_url_that_apprise_does_not_know_is_named_by_its_target() -> None:
    _, problems = make_targets({"x": Secret(f"nonsense://{SECRET}")}, sandbox=False)
    assert problems == (f"[targets.x]: {UNUSABLE_URL}",)


def test_without_apprise_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(AppriseMissingError, match="pip install"):
        make_targets({}, sandbox=True)


def test_a_target_has_its_time_by_default() -> None:
    assert Patience().stalled_s <= 60
