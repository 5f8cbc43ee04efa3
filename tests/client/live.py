"""A WebSocket connection of somebody who listens."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from types import TracebackType
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from .user import User

SECONDS = 30
Message = dict[str, Any]


class Refused(Exception):
    """The handshake came to nothing."""


class Live:
    """Connected as `user`, or with a ticket that is given."""

    def __init__(self, user: User, ticket: str | None = None) -> None:
        if ticket is None:
            ticket = user.post("/api/realtime/tickets").expect(201)["ticket"]
        url = f"{user.platform.outputs['websocket_url']}?ticket={ticket}"
        self._open = ExitStack()
        try:
            opening = connect(url, open_timeout=SECONDS, compression=None, proxy=None)
            self._socket = self._open.enter_context(opening)
        except InvalidStatus as error:
            raise Refused(error.response.status_code) from error
        self.waiting: list[Message] = []

    def __enter__(self) -> Live:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def send(self, text: str) -> None:
        self._socket.send(text)

    def ask(self, **message: Any) -> Message:
        """The answer to a message; what is told meanwhile waits."""
        self.send(json.dumps(message))
        return self.answer()

    def answer(self) -> Message:
        """The next answer to a message: whatever tells of no event."""
        return self._next(lambda message: "event" not in message)

    def told(self, event: str) -> Message:
        """The next message that tells of `event`."""
        return self._next(lambda message: message.get("event") == event)

    def waits(self, about: str) -> list[Message]:
        """What came of a kind and nobody asked for yet."""
        return [message for message in self.waiting if about in message["event"]]

    def subscribed(self, channel: str) -> Live:
        answer = self.ask(action="subscribe", channel=channel)
        assert answer == {"action": "subscribed", "channel": channel}, answer
        return self

    def _next(self, is_wanted: Callable[[Message], bool]) -> Message:
        for index, message in enumerate(self.waiting):
            if is_wanted(message):
                return self.waiting.pop(index)
        while True:
            try:
                text = self._socket.recv(timeout=SECONDS)
            except (TimeoutError, ConnectionClosed) as error:
                raise AssertionError(f"{error!r}; came meanwhile: {self.waiting}") from error
            message = json.loads(text, parse_float=Decimal)
            if is_wanted(message):
                return message
            self.waiting.append(message)
