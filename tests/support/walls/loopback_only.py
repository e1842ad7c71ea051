"""Runs the driver that is named first, and lets it connect to this machine only."""

import ipaddress
import runpy
import sys


def _is_here(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def _refuse(event: str, arguments: "tuple[object, ...]") -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if not _is_here(host):
        raise PermissionError(f"not on this machine: {host!r}")


sys.addaudithook(_refuse)
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
