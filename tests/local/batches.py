"""Batches as Lambda's pollers gather them: of more than one receive, and within a window."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from typing import Any

# A receive brings at most so many messages.
RECEIVE = 10
# So many pollers begin to read a queue, each with a batch of its own.
POLLERS = 5


@dataclass
class Window:
    """How long a queue's pollers gather, and what each of them may take of what they gathered."""

    seconds: float
    share: int = 0

    def allowed(self, sent: list[float], most: int, now: float) -> int:
        """How many of messages that wait since `sent` a poller takes now."""
        if len(sent) >= most * POLLERS:
            return most
        if not sent or now - min(sent) < self.seconds:
            self.share = 0
            return 0
        self.share = self.share or -(-len(sent) // POLLERS)
        return min(self.share, most)


def install(*, waits: bool) -> None:
    """Batches are filled; where `waits`, the windows of mappings are kept, which AWS always does:
    tests need not wait for what they do not look at.
    """
    from ministack.services import sqs

    receive, windows = sqs._receive_messages_for_esm, {}

    @functools.wraps(receive)
    def gathered(queue_url: str, most: int) -> list[dict[str, Any]]:
        left, found = most, []
        if waits and (window := _window(windows, queue_url)):
            left = window.allowed(_waiting(queue_url), most, time.time())
        while left > 0:
            more = receive(queue_url, min(left, RECEIVE))
            found += more
            left -= len(more)
            if len(more) < RECEIVE:
                break
        return found

    sqs._receive_messages_for_esm = gathered


def _waiting(queue_url: str) -> list[float]:
    """Since when each of a queue's messages can be received."""
    from ministack.services import sqs

    now = time.time()
    messages = list(sqs._queues.get(queue_url, {}).get("messages", []))
    return [one["visible_at"] for one in messages if one["visible_at"] <= now]


def _window(known: dict[str, Window | None], queue_url: str) -> Window | None:
    """The window of the mapping that reads a queue, which is asked for once."""
    if queue_url not in known:
        from ministack.services import lambda_svc

        name = queue_url.rpartition("/")[2]
        mappings = [esm for _, _, esm in lambda_svc._iter_all_esms()]
        own = [esm for esm in mappings if esm["EventSourceArn"].rpartition(":")[2] == name]
        seconds = float(own[0].get("MaximumBatchingWindowInSeconds") or 0) if own else 0.0
        known[queue_url] = Window(seconds) if seconds else None
    return known[queue_url]
