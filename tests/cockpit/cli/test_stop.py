"""Stopping needs the socket and nothing else: no TLS settings, no proxy, no settings file that may be used."""

import re
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from cockpit.cli.common import DONE
from cockpit.cli.stop import BURN_ALL
from cockpit.model.snapshot import LiveQuotes
from tests.support.cockpit import samples
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.processes.command import env_file, run

ROOT = Path(__file__).parents[3]
STALE = {
    "SSL_CERT_FILE": "/nonexistent/ca.pem",
    "SSL_CERT_DIR": "/nonexistent",
    "SSLKEYLOGFILE": "/nonexistent/keys",
    "REQUESTS_CA_BUNDLE": "/nonexistent/ca.pem",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "TMPDIR": "/nonexistent",
    "TERM": "nonsense",
}
"""What shells of other programs leave behind; none of it may matter."""
DISARMED = [("trade-executor", "disarm"), ("strategy-engine", "disarm")]


@pytest.mark.parametrize("name", STALE)
def test_a_stale_variable_does_not_keep_it_from_stopping(desk: FakeDesk, tmp_path: Path, name: str) -> None:
    done = run("stop", "--socket", str(desk.path), cwd=tmp_path, environ={name: STALE[name]})
    assert (done.returncode, desk.verbs()) == (DONE, DISARMED), done.stderr


def test_a_settings_file_that_others_can_read_still_says_where_the_desk_is(desk: FakeDesk, tmp_path: Path) -> None:
    settings = env_file(tmp_path, {"COCKPIT_STATE_DIR": str(desk.path.parent)}, mode=0o666)
    done = run("stop", "--env-file", str(settings), cwd=tmp_path, environ={"COCKPIT_STATE_DIR": ""})
    assert (done.returncode, desk.verbs()) == (DONE, DISARMED), done.stderr


def test_every_client_of_the_socket_is_made_in_one_place() -> None:
    sources = [path for top in ("cockpit", "panels", "bench") for path in (ROOT / top).rglob("*.py")]
    made = [path.name for path in sources if re.search(r"HTTPTransport\(\s*uds=", path.read_text())]
    assert made == ["unix_http.py"]


@pytest.mark.parametrize("quotes", [0, 1])
def test_it_asks_about_burning_only_where_there_is_something_to_burn(
    desk: FakeDesk, tmp_path: Path, quotes: int
) -> None:
    alive = LiveQuotes(quotes=quotes, btc=Decimal(0), eure=Decimal(quotes), last_death_ms=9_000 * quotes)
    desk.current = msgspec.structs.replace(samples.snapshot(), alive=alive)
    ran = run("stop", "--hard", "--socket", str(desk.path), cwd=tmp_path)
    assert desk.verbs() == DISARMED
    assert (BURN_ALL in ran.stdout, ran.returncode) == (bool(quotes), 1 if quotes else DONE)
