"""Where a venue is reached: ports in the order of its services, hosts that a client can name, and clear refusals."""

import os
import socket
from collections.abc import Iterator

import msgspec
import pytest

from tests.support.sandbox.rig import Launch
from venue.sandbox.base.hosting import HttpHost
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue
from venue.sandbox.serving.addresses import SERVICES, is_loopback, resolved, settings, urls, usable


async def nothing(*_: object) -> None: ...


PORTS = {name: 21_000 + place for place, name in enumerate(SERVICES)}


def test_the_services_are_the_endpoints_in_the_order_of_the_ports() -> None:
    assert list(Venue(VenueConfig()).apps()) == list(SERVICES)


def test_the_highest_first_port_leaves_room_for_every_service() -> None:
    VenueConfig(port=65_536 - len(SERVICES))
    with pytest.raises(msgspec.ValidationError, match="65526"):
        msgspec.convert({"port": 65_536 - len(SERVICES) + 1}, VenueConfig)


def test_urls_name_the_host_that_was_given() -> None:
    assert urls("10.0.0.7", PORTS)["relay_ws"] == "ws://10.0.0.7:21000/ws"
    assert urls("::1", PORTS, secure=True)["bridge"] == "https://[::1]:21003/rpc"
    env = settings(urls("venue.test", PORTS, secure=True))
    assert env["NEAR_RPC_URL"] == "https://venue.test:21001,https://venue.test:21002"
    assert env["NEAR_INTENTS_RELAY_WS_URL"] == "wss://venue.test:21000/ws"
    assert env["SANDBOX_CONTROL_URL"] == "https://venue.test:21008"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.5.5.5", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_only_loopback_is_unseen_by_others(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_all_addresses_are_printed_as_ones_that_can_be_used() -> None:
    hosts = usable("0.0.0.0")
    assert hosts[0] == "127.0.0.1"
    assert "0.0.0.0" not in hosts
    assert len(set(hosts)) == len(hosts)
    assert usable("::")[0] == "::1"
    assert usable("127.0.0.1") == ("127.0.0.1",)


@pytest.fixture
def taken() -> Iterator[tuple[int, int]]:
    """The first of two consecutive ports of which the second is in use, and that one."""
    # Below the ports that outgoing connections have, and not where another process of the tests looks.
    for first in range(21_000 + os.getpid() % 1_000 * 10, 32_000, 2):
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind(("127.0.0.1", first))
                other.bind(("127.0.0.1", first + 1))
            except OSError:
                continue
            one.close()
            other.listen()
            yield first, first + 1
            return
    pytest.fail("no two ports are free")


def test_a_port_in_use_names_itself_its_service_and_the_remedy(taken: tuple[int, int]) -> None:
    apps = {"relay": nothing, "near_a": nothing}
    with pytest.raises(OSError, match=f"^port {taken[1]} of 127.0.0.1, for near_a, is in use; choose another --port "):
        HttpHost(apps, taken[0])
    with socket.socket() as again:
        again.bind(("127.0.0.1", taken[0]))


def test_two_venues_cannot_both_have_a_port(taken: tuple[int, int]) -> None:
    first = HttpHost({"relay": nothing}, taken[0])
    with pytest.raises(OSError, match="is in use"):
        HttpHost({"relay": nothing}, taken[0])
    for listener in first._sockets:
        listener.close()


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(OSError, match="is not an address of this machine"):
        HttpHost({"relay": nothing}, 0, at=resolved("198.51.100.7"))


def test_a_name_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(OSError, match=r"--host nobody: there is no such address; 0.0.0.0 stands for all"):
        resolved("nobody")


async def test_a_venue_listens_where_it_is_told(launch: Launch) -> None:
    rig = await launch(host="127.0.0.2")
    assert all("127.0.0.2" in url for name, url in rig.env.items() if name.endswith("_URL"))
    assert (await rig.state())["account"] == rig.env["NEAR_INTENTS_ACCOUNT_ID"]
