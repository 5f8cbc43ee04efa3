"""A Lambda Runtime API for one function process: hands out invocations, takes what they answer.

The clock of an invocation runs from the moment its event is handed out until its answer is there.
"""

from __future__ import annotations

import json
import queue
import socketserver
import threading
import time
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

HOST = "127.0.0.1"
LIFETIME_MS = 60_000


class FunctionError(Exception):
    """The function said that it failed, or said nothing; the message is its own."""


@dataclass(frozen=True)
class Answered:
    """What a function answered, and how long that took."""

    body: Any
    seconds: float


class RuntimeApi:
    """Serves `/2018-06-01/runtime/…` on a port of its own until it is closed."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[tuple[str, bytes]] = queue.Queue(1)
        self._answers: queue.Queue[tuple[bytes, bool, float]] = queue.Queue()
        self._ready = threading.Event()
        self._handed_out = 0.0
        self._server = _Server((HOST, 0), _handler(self))
        self.address = f"{HOST}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def await_init(self, seconds: float) -> None:
        """Returns once the function has asked for its first event."""
        if not self._ready.wait(seconds):
            raise FunctionError(f"the function asked for no event within {seconds} s")

    def invoke(self, event: Any, seconds: float = 60) -> Answered:
        self._waiting.put((uuid.uuid4().hex, json.dumps(event).encode()))
        try:
            body, failed, at = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise FunctionError(f"no answer within {seconds} s") from None
        if failed:
            raise FunctionError(body.decode(errors="replace"))
        return Answered(json.loads(body or b"null"), at - self._handed_out)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _next(self) -> tuple[str, bytes]:
        self._ready.set()
        return self._waiting.get()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A function that is ended leaves its connection; nobody misses it."""


def _handler(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            request_id, body = api._next()
            deadline = int(time.time() * 1000) + LIFETIME_MS
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Lambda-Runtime-Aws-Request-Id", request_id)
            self.send_header("Lambda-Runtime-Deadline-Ms", str(deadline))
            arn = "arn:aws:lambda:us-east-1:000000000000:function:benchmark"
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", arn)
            self.end_headers()
            self.wfile.write(body)
            api._handed_out = time.perf_counter()
            self.wfile.flush()

        def do_POST(self) -> None:
            body = self._body()
            at = time.perf_counter()
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()
            self.wfile.flush()
            api._answers.put((body, self.path.endswith("/error"), at))

        def _body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

    return Handler
