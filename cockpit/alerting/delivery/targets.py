"""Targets as apprise knows them: made from secret URLs, and in SANDBOX only on this machine."""

import logging
import os
import re
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from cockpit.alerting.errors import AppriseMissingError, DeliveryError
from cockpit.alerting.message import AlertMessage
from cockpit.alerting.messages import APPRISE_MISSING, NOT_TAKEN, ONLY_LOOPBACK, UNUSABLE_URL
from cockpit.config.secret import Secret
from cockpit.config.urls import is_loopback
from cockpit.model.alerts.alert import Severity

if TYPE_CHECKING:
    from apprise import NotifyBase, NotifyType

LOCAL_SCHEMAS = ("json", "form", "xml", "mailto")
"""Of apprise's schemas those that talk to the host in their URL and to no other."""
_STATUS = re.compile(r"error=(\d{3})\b")


class AlertTarget(Protocol):
    """Where messages go."""

    def send(self, message: AlertMessage) -> None:
        """Deliver the message, however long it takes. Raises DeliveryError."""


def make_targets(urls: Mapping[str, Secret], *, sandbox: bool) -> tuple[dict[str, AlertTarget], tuple[str, ...]]:
    """Return the targets that can be used, and what is wrong with the others. Raises AppriseMissingError."""
    try:
        from apprise import Apprise, AppriseAsset, OverflowMode
    except ImportError:
        raise AppriseMissingError(APPRISE_MISSING) from None
    _silence()
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        # As for everything that the desk sends: nothing but the URL says where it goes.
        del os.environ[name]
    asset = AppriseAsset(app_id="near-cockpit", app_desc="NEAR Intents cockpit", async_mode=False)
    targets: dict[str, AlertTarget] = {}
    problems = []
    for name, url in urls.items():
        # apprise names the URL in its errors, so that none of them may be told.
        try:
            service = Apprise.instantiate(url.reveal(), asset=asset, suppress_exceptions=True)
        except (TypeError, ValueError, AttributeError, KeyError):
            service = None
        if service is None or not hasattr(service, "notify"):
            problems.append(f"[targets.{name}]: {UNUSABLE_URL}")
        elif sandbox and not _is_local(url, service):
            problems.append(f"[targets.{name}]: {ONLY_LOOPBACK}")
        else:
            if sandbox:
                service.redirects = False
            service.overflow_mode = OverflowMode.SPLIT
            targets[name] = AppriseTarget(service)
    return targets, tuple(problems)


def _is_local(url: Secret, service: "NotifyBase") -> bool:
    if url.reveal().partition("://")[0].lower() not in LOCAL_SCHEMAS:
        return False
    # A mail's URL may name another server than its host.
    hosts = {str(service.host), str(getattr(service, "smtp_host", service.host))}
    return all(is_loopback(f"http://{f'[{host}]' if ':' in host else host}") for host in hosts)


class AppriseTarget:
    """One service of apprise."""

    def __init__(self, service: "NotifyBase") -> None:
        self._service = service

    def send(self, message: AlertMessage) -> None:
        _heard.reason = ""
        picture = message.picture or None
        taken = self._service.notify(
            body=message.body, title=message.title, notify_type=_type_of(message.severity), attach=picture
        )
        if not taken:
            raise DeliveryError(_heard.reason or NOT_TAKEN)


def _type_of(severity: Severity) -> "NotifyType":
    from apprise import NotifyType

    types = {"info": NotifyType.INFO, "warning": NotifyType.WARNING, "critical": NotifyType.FAILURE}
    return types[severity]


class _Heard(threading.local):
    reason = ""


_heard = _Heard()


class _Reasons(logging.Handler):
    """Takes from apprise's log why a delivery of this thread failed, and nothing else: the log may hold URLs."""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        status = _STATUS.search(text)
        if status is not None:
            _heard.reason = f"the service answered HTTP {status.group(1)}"
        elif "onnection" in text and not _heard.reason:
            _heard.reason = "no connection to the service"


def _silence() -> None:
    for name in ("urllib3", "requests"):
        # Both write paths and hosts.
        logging.getLogger(name).propagate = False
    log = logging.getLogger("apprise")
    log.propagate = False
    if not any(isinstance(handler, _Reasons) for handler in log.handlers):
        log.handlers = [_Reasons(logging.WARNING)]
    log.setLevel(logging.WARNING)
