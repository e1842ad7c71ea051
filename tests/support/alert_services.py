"""Services on loopback that alerts are sent to: they take them, refuse, stall or hang up."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Manner = Literal["takes", "refuses", "stalls", "hangs up", "redirects"]
SECRET = "hunter2-token"
"""Part of every URL: it must appear nowhere but in requests to the service."""


class AlertService:
    """``received``: what was taken, as JSON; ``calls``: how many requests came; ``gets``: paths of the heartbeats."""

    def __init__(self) -> None:
        self.manner: Manner = "takes"
        self.received: list[dict[str, Any]] = []
        self.gets: list[str] = []
        self.calls = 0
        self.port = 0
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/{SECRET}?rto=3600&cto=60"

    @property
    def texts(self) -> list[str]:
        return [f"{one['title']}: {one['message']}" for one in self.received]

    def count(self, part: str) -> int:
        return sum(part in text for text in self.texts)


@contextmanager
def alert_service() -> Iterator[AlertService]:
    service = AlertService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            service.calls += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            manner = service.manner
            if manner == "stalls":
                service.released.wait(60)
                return
            if manner == "hangs up":
                self.connection.close()
                return
            if manner == "takes":
                service.received.append(json.loads(body))
            self._answer({"takes": 200, "refuses": 500, "redirects": 307}[manner])

        def do_GET(self) -> None:
            service.gets.append(self.path)
            self._answer(200)

        def _answer(self, code: int) -> None:
            self.send_response(code)
            if code == 307:
                self.send_header("Location", f"http://127.0.0.1:{service.port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        service.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield service
        finally:
            service.released.set()
            server.shutdown()
            thread.join()


@contextmanager
def mail_server() -> Iterator[tuple[int, list[str]]]:
    """Yield the port of an SMTP server and the messages that it took."""
    mails: list[str] = []

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 ready")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self._say("354 go on")
                    text = b""
                    while (part := self.rfile.readline()) not in (b".\r\n", b""):
                        text += part
                    mails.append(text.decode("utf-8", "replace"))
                self._say("221 bye" if word == b"QUIT" else "250 ok")
                if word == b"QUIT":
                    return

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1], mails
        finally:
            server.shutdown()
            thread.join()
