"""What a venue prints for other machines and for scripts: hosts, TLS, JSON, and a warning."""

import json
import os
import re
import ssl
from pathlib import Path

import httpx
import pytest

from cockpit.cli.venue.announcement import EXPOSED
from cockpit.config.settings import load
from tests.support.processes.command import run
from tests.support.processes.processes import Process, bare_environment
from tests.support.waiting import until
from venue.sandbox.serving.addresses import SERVICES

QUIET = ("venue", "--rate", "0")


async def test_one_line_of_json_says_when_it_is_ready_and_where(tmp_path: Path) -> None:
    options = [*QUIET, "--json", "--host", "0.0.0.0", "--account", "solver.near", "--write-env", str(tmp_path / "env")]
    process = Process(options, tmp_path / "log", bare_environment())
    try:
        await until(lambda: "}\n" in process.output(), 30, "the line is printed")
        warning, line = process.output().splitlines()
        found = json.loads(line)
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{found['urls']['control']}/healthz")).json() == {"ok": True}
    finally:
        assert process.stop() == 0
    assert warning == EXPOSED.format(host="0.0.0.0")
    assert found["hosts"][0] == "127.0.0.1"
    assert [one["account"] for one in found["accounts"]] == ["maker.sandbox.near", "solver.near"]
    assert all(re.fullmatch(r"ed25519:\w+", one["private_key"]) for one in found["accounts"])
    assert {name.removesuffix("_ws") for name in found["urls"]} == set(SERVICES)
    assert "0.0.0.0" not in json.dumps(found)
    settings = load(tmp_path / "env", {"HOME": "/nowhere"})
    assert settings.mode == "SANDBOX"
    assert settings.relay_ws_url == found["env"]["NEAR_INTENTS_RELAY_WS_URL"] == found["urls"]["relay_ws"]
    others = re.findall(
        r"^# from elsewhere, in place of 127.0.0.1: (.+)$", (tmp_path / "env").read_text(), re.MULTILINE
    )
    assert others == found["hosts"][1:]


async def test_the_lines_say_how_to_trust_the_certificate(tmp_path: Path) -> None:
    process = Process([*QUIET, "--tls"], tmp_path / "log", bare_environment(TMPDIR=str(tmp_path)))
    try:
        await until(lambda: "CURL_CA_BUNDLE" in process.output(), 30, "the last line is printed")
        env = dict(line.split("=", 1) for line in process.output().splitlines() if not line.startswith("#"))
        context = ssl.create_default_context(cafile=env["SSL_CERT_FILE"])
        async with httpx.AsyncClient(trust_env=False, verify=context) as client:
            assert (await client.get(f"{env['SANDBOX_CONTROL_URL']}/healthz")).json() == {"ok": True}
        trust = {"SSL_CERT_FILE": env["SSL_CERT_FILE"]}
        control = ("venue", "fault", "--control", env["SANDBOX_CONTROL_URL"])
        assert run(*control, "near_a=429", cwd=tmp_path, environ=trust).stdout == '{"near_a": "429"}\n'
        assert "CERTIFICATE_VERIFY_FAILED" in run(*control, cwd=tmp_path, environ={}).stderr
    finally:
        assert process.stop() == 0
    assert env["NODE_EXTRA_CA_CERTS"] == env["CURL_CA_BUNDLE"] == env["SSL_CERT_FILE"]
    assert not any(name.startswith("cockpit-venue-") for name in os.listdir(tmp_path))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--host", "198.51.100.7"), "198.51.100.7 is not an address of this machine; name one of its own with --host"),
        (("--host", "a b"), "host: expected address or name of this machine"),
        (("--tls-cert", "{file}"), "give --tls-cert and --tls-key together"),
        (("--tls-cert", "{file}", "--tls-key", "{file}"), "cannot serve TLS with"),
    ],
)
def test_what_cannot_be_served_is_reported_in_one_line(tmp_path: Path, options: tuple[str, ...], told: str) -> None:
    file = tmp_path / "no.pem"
    file.write_text("no")
    ran = run(*QUIET, *(option.format(file=file) for option in options), cwd=tmp_path)
    assert ran.returncode == 1
    assert told in ran.stderr
    assert len(ran.stderr.splitlines()) == 1, ran.stderr


@pytest.mark.parametrize("setting", ["host=0.0.0.0", "tls=true"])
def test_a_rehearsal_stays_on_loopback(tmp_path: Path, setting: str) -> None:
    ran = run("sandbox", "--headless", "--set", setting, cwd=tmp_path)
    assert ran.returncode == 2
    assert "a rehearsal stays on loopback" in ran.stderr
    assert list(tmp_path.iterdir()) == []
