"""The process of the alert service; its standard input is the socket to the desk."""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from typing import Any

from cockpit.alerting.service import serve
from cockpit.desk.runtime.core_dumps import keep_memory_private
from cockpit.model.environment import Environment


def _tell(kind: type[BaseException], trace: Any) -> None:
    # The text of an error, and its lines of source, may hold a URL: only its kind and place are printed.
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace is not None else "?"
    os.write(2, f"alert service: {kind.__name__} at {place}\n".encode())


def main() -> None:
    keep_memory_private()
    sys.excepthook = lambda kind, _, trace: _tell(kind, trace)
    threading.excepthook = lambda found: _tell(found.exc_type, found.exc_traceback)
    logging.disable(logging.INFO)
    for noisy in ("asyncio", "httpx", "urllib3"):
        logging.getLogger(noisy).disabled = True
    for name in (signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    with socket.socket(fileno=os.dup(0)) as channel:
        asyncio.run(serve(channel, env=Environment()))
    # Threads that wait for a stalled service must not keep the process.
    os._exit(0)


if __name__ == "__main__":
    main()
