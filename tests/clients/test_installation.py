"""The installation of the clients and the walls around them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.driving import drive, node_order, python_order
from tests.clients.installation import (
    InstallationError,
    install_node_clients,
    install_python_clients,
    python_kind,
    require_node,
    why_no_node,
)

pytestmark = pytest.mark.slow

NOWHERE = "http://127.0.0.1:9/"
ELSEWHERE = ("192.0.2.1", "elsewhere.invalid")
"""An address and a name that are kept for documentation."""


def machine(directory: Path, *programs: str, version: str = "v20.1.0") -> str:
    """Return a search path on which these programs are, all of one version."""
    for name in programs:
        path = directory / name
        path.write_text(f"#!/bin/sh\necho {version}\n", "utf-8")
        path.chmod(0o700)
    return str(directory)


@pytest.mark.parametrize("ci", ["true", ""])
def test_clients_are_skipped_where_node_is_missing(tmp_path: Path, ci: str) -> None:
    assert why_no_node({"CI": ci}, machine(tmp_path)) == "needs Node 20 and npm"
    assert why_no_node({"CI": ci}, machine(tmp_path, "node")) == "needs Node 20 and npm"
    assert why_no_node({"CI": ci}, machine(tmp_path, "node", "npm")) is None


def test_an_old_node_is_a_reason_to_skip_but_not_in_ci(tmp_path: Path) -> None:
    search = machine(tmp_path, "node", "npm", version="v18.19.1")
    assert why_no_node({}, search) == "needs Node 20; this is v18.19.1"
    with pytest.raises(InstallationError, match=r"v18\.19\.1"):
        why_no_node({"CI": "true"}, search)


def unreachable(directory: Path) -> dict[str, str]:
    """Return this environment with registries that nobody can reach, and empty caches."""
    return {
        **os.environ,
        "npm_config_registry": NOWHERE,
        "npm_config_cache": str(directory / "npm"),
        "npm_config_fetch_retries": "0",
        "PIP_INDEX_URL": NOWHERE,
        "PIP_EXTRA_INDEX_URL": NOWHERE,
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
    }


def failed_installation(install: Callable[[Path, dict[str, str]], Path], directory: Path, kind: str) -> str:
    """Return what is said when the registry cannot be reached; nothing half installed may stay."""
    cache = directory / "cache"
    with pytest.raises(InstallationError) as caught:
        install(cache, unreachable(directory))
    assert [path.name for path in cache.iterdir() if path.name != f"{kind}.lock"] == []
    return str(caught.value)


def test_a_registry_out_of_reach_is_said_by_npm(tmp_path: Path) -> None:
    require_node()
    said = failed_installation(install_node_clients, tmp_path, "node")
    assert "npm could not install the clients; does it reach its registry?" in said


def test_a_registry_out_of_reach_is_said_by_pip(tmp_path: Path) -> None:
    said = failed_installation(install_python_clients, tmp_path, python_kind())
    assert "pip could not install the clients; does it reach its registry?" in said


async def test_a_client_in_javascript_reaches_this_machine_only(tmp_path: Path) -> None:
    require_node()
    driver = tmp_path / "elsewhere.cjs"
    driver.write_text(
        f"Promise.all({list(ELSEWHERE)}.map((host) => fetch(`http://${{host}}/`).then(() => 'reached', (error) =>"
        " error.cause.message))).then((found) => console.log(JSON.stringify(found)))",
        "utf-8",
    )
    found = await drive(node_order(str(driver)), {}, tmp_path)
    assert found == [f"not on this machine: {host}" for host in ELSEWHERE]


async def test_a_client_in_javascript_listens_on_this_machine_only(tmp_path: Path) -> None:
    require_node()
    driver = tmp_path / "listening.cjs"
    driver.write_text(
        "const { createServer } = require('node:http');"
        "const places = [[], [0], ['0'], [0, '0.0.0.0'], [{ port: 0, host: '::' }]];"
        "Promise.all(places.map((place) => new Promise((heard) => {"
        "  const server = createServer();"
        "  server.listen(...place, () => { heard(server.address().address); server.close(); });"
        "}))).then((found) => console.log(JSON.stringify(found)))",
        "utf-8",
    )
    assert await drive(node_order(str(driver)), {}, tmp_path) == ["127.0.0.1"] * 5


async def test_a_client_in_python_reaches_this_machine_only(tmp_path: Path, python_clients: Path) -> None:
    driver = tmp_path / "elsewhere.py"
    driver.write_text(
        "import json, socket\n"
        "found = []\n"
        f"for host in {ELSEWHERE}:\n"
        "    try:\n"
        "        socket.create_connection((host, 80), 1)\n"
        "    except PermissionError as error:\n"
        "        found.append(str(error))\n"
        "print(json.dumps(found))\n",
        "utf-8",
    )
    found = await drive(python_order(python_clients, str(driver)), {}, tmp_path)
    assert found == [f"not on this machine: {host!r}" for host in ELSEWHERE]
