"""What systemd does to a process of the shipped unit: its files are read-only, its limits and its mask are set."""

import ctypes
import os
import resource
from collections.abc import Callable
from pathlib import Path

UNIT = Path(__file__).parents[3] / "docs" / "near-cockpit.service"
CLONE_NEWNS = 0x0002_0000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_SET_NO_NEW_PRIVS = 38
_WRITABLE = ("/dev", "/proc", "/sys")
"""What ``ProtectSystem=strict`` leaves as it is."""


def directives(section: str = "Service") -> dict[str, str]:
    """The directives of a section of the unit; none stands there twice."""
    found: dict[str, str] = {}
    within = ""
    for line in UNIT.read_text("utf-8").splitlines():
        if line.startswith("["):
            within = line.strip("[]")
        elif line and not line.startswith("#") and within == section:
            name, _, value = line.partition("=")
            assert name not in found, f"{name} stands twice in [{section}]"
            found[name] = value
    return found


def confine(state_dir: Path) -> Callable[[], None]:
    """Make what turns a new process of root into one of the unit whose state directory is this one.

    The unit's user is left out: root's Python may lie where no other user can read it.
    """
    unit = directives()
    assert unit["ProtectSystem"] == "strict"
    assert unit["ReadWritePaths"] in unit["Environment"], "the unit's state directory is what it may write to"
    mask = int(unit["UMask"], 8)
    cores = int(unit["LimitCORE"])
    assert unit["NoNewPrivileges"] == "true"
    libc = ctypes.CDLL(None, use_errno=True)
    mounts = Path("/proc/self/mounts").read_text("utf-8").splitlines()
    points = [mount.split()[1].encode().decode("unicode_escape") for mount in mounts]
    frozen = [point for point in points if not point.startswith(_WRITABLE)]

    def mount(source: str, target: str, flags: int) -> None:
        if libc.mount(source.encode(), target.encode(), None, flags, None):
            raise OSError(ctypes.get_errno(), f"mount {target}")

    def enter() -> None:
        if libc.unshare(CLONE_NEWNS):
            raise OSError(ctypes.get_errno(), "unshare")
        mount("none", "/", MS_REC | MS_PRIVATE)
        mount(str(state_dir), str(state_dir), MS_BIND)
        for point in frozen:
            mount("none", point, MS_REMOUNT | MS_BIND | MS_RDONLY)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        resource.setrlimit(resource.RLIMIT_CORE, (cores, cores))
        os.umask(mask)

    return enter


def can_confine() -> bool:
    """Whether this process may make a mount namespace of its own."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if ctypes.CDLL(None).unshare(CLONE_NEWNS) == 0 else 1)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0
