"""Keeps the memory of this process, where the signing key is, out of files."""

import ctypes
import os
import resource
import sys

_PR_SET_DUMPABLE = 4


def keep_memory_private() -> None:
    """Switch core dumps off, and reading by other processes of the user; drop the setting that logs TLS keys."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # A core that is piped to a program heeds no limit.
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    # With it, whoever records the traffic reads the relay's bearer token.
    os.environ.pop("SSLKEYLOGFILE", None)
