"""The service looks, writes and reports more often than it does for a desk."""

import pytest


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the service look, write and report more often than it does for a desk."""
    for name, seconds in (("STEP_S", 0.02), ("REPORT_S", 0.05), ("RELOAD_S", 0.05)):
        monkeypatch.setattr(f"cockpit.alerting.service.{name}", seconds)
