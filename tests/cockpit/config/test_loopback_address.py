"""What is served on a port is served to this machine alone."""

import pytest

from cockpit.config.errors import InvalidSettingError, SettingsError
from cockpit.config.loopback_address import EXPECTED, NOT_LOOPBACK, loopback_address
from cockpit.config.settings import load
from tests.support.settings import loopback


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("127.0.0.1:9464", "http://127.0.0.1:9464/metrics"),
        ("127.8.9.1:1", "http://127.8.9.1:1/metrics"),
        ("localhost:65535", "http://127.0.0.1:65535/metrics"),
        ("[::1]:9464", "http://[::1]:9464/metrics"),
    ],
)
def test_an_address_of_this_machine_is_accepted(text: str, url: str) -> None:
    found = loopback_address(text)
    assert found is not None
    assert found.url == url


@pytest.mark.parametrize("text", ["0.0.0.0:9464", "192.168.1.4:9464", "[::]:9464", "[2001:db8::1]:9464"])
def test_any_other_address_is_refused_with_a_way_to_do_it(text: str) -> None:
    with pytest.raises(InvalidSettingError, match="proxy with a password"):
        loopback_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "9464",
        ":9464",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.1:9464",
        "example.org:9464",
        "::1:9464",
        "127.0.0.1:94 64",
        "http://127.0.0.1:9464",
        "[127.0.0.1]:9464",
        "x" * 9_999,
    ],
)
def test_what_is_no_address_with_a_port_is_refused(text: str) -> None:
    with pytest.raises(InvalidSettingError, match="expected none, or an address and port of this machine"):
        loopback_address(text)


def test_the_setting_is_off_unless_it_is_set() -> None:
    assert load(None, loopback()).metrics_address is None
    assert load(None, loopback(METRICS_ADDRESS="None")).metrics_address is None
    found = load(None, loopback(METRICS_ADDRESS=" 127.0.0.1:9464 ")).metrics_address
    assert str(found) == "127.0.0.1:9464"
    with pytest.raises(SettingsError) as refused:
        load(None, loopback(METRICS_ADDRESS="0.0.0.0:9464"))
    assert refused.value.problems == (f"METRICS_ADDRESS: {NOT_LOOPBACK}",)
    assert NOT_LOOPBACK.startswith(EXPECTED)
