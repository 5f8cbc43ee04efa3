"""Spares the emulator what keeps it busy for nobody; nothing here changes an answer."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import queue
import socket
import socketserver
import types
from typing import Any

LOG_WAIT_SECONDS = 0.001
# An idle environment sleeps so long before it looks whether it is still wanted; work wakes it.
IDLE_SECONDS = 60.0


def answer_without_delay() -> None:
    """The Runtime API's small answers must not wait 40 ms for Nagle's algorithm."""
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True


def wait_less_for_logs() -> None:
    """A function that logs nothing must not cost 50 ms an invocation."""
    from ministack.core.lambda_runtime import Worker

    drain = Worker._drain_stderr_bounded

    @functools.wraps(drain)
    def bounded(self: Any, *_: Any, **__: Any) -> str:
        return drain(self, first_line_wait=LOG_WAIT_SECONDS, idle_confirm=LOG_WAIT_SECONDS)

    Worker._drain_stderr_bounded = bounded


class _Invocations(queue.Queue):
    """The one invocation that an environment may have before it; sleeps until there is one."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        return super().get(block, IDLE_SECONDS if timeout else timeout)


def sleep_while_idle() -> None:
    """Hundreds of idle environments, each looking around twenty times a second, would take a third
    of a machine.
    """
    from ministack.core import lambda_runtime

    def made(maxsize: int = 0) -> queue.Queue:
        return _Invocations(maxsize) if maxsize == 1 else queue.Queue(maxsize)

    lambda_runtime.queue = types.SimpleNamespace(Queue=made, Empty=queue.Empty, Full=queue.Full)
    serve, shut = socketserver.BaseServer.serve_forever, socketserver.BaseServer.shutdown

    @functools.wraps(serve)
    def serve_forever(self: Any, *_: Any, **__: Any) -> None:
        serve(self, IDLE_SECONDS)

    @functools.wraps(shut)
    def shutdown(self: Any) -> None:
        self._BaseServer__shutdown_request = True
        # A connection wakes the server, which then sees that it is to end.
        with contextlib.suppress(OSError):
            socket.create_connection(self.server_address).close()
        shut(self)

    socketserver.BaseServer.serve_forever = serve_forever
    socketserver.BaseServer.shutdown = shutdown


class _Gathered:
    """A connection's writer that sends what one answer is made of in one piece."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    def write(self, data: bytes) -> None:
        if not self._parts:
            asyncio.get_running_loop().call_soon(self._send)
        self._parts.append(data)

    def write_eof(self) -> None:
        self._send()
        self._writer.write_eof()

    def close(self) -> None:
        self._send()
        self._writer.close()

    def _send(self) -> None:
        parts, self._parts = self._parts, []
        if parts:
            self._writer.write(b"".join(parts))


def send_answers_whole() -> None:
    """An answer's head, body and end are one packet, not three."""
    from hypercorn.asyncio.tcp_server import TCPServer

    make = TCPServer.__init__

    @functools.wraps(make)
    def made(self: Any, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        self.writer = _Gathered(self.writer)

    TCPServer.__init__ = made


def install() -> None:
    answer_without_delay()
    wait_less_for_logs()
    sleep_while_idle()
    send_answers_whole()
