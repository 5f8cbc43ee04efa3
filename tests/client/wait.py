"""Waiting for what happens after the answer: events travel, consumers act."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# What waits long looks less often: each look takes from what it waits for.
PAUSE_SECONDS = 0.05
PAUSE_SECONDS_MAX = 0.5
LONGER = 1.2
# Only a failure waits for so long, or a machine that compiles meanwhile.
WAIT_SECONDS = 120


def eventually(
    look: Callable[[], T], until: Callable[[T], bool] = bool, seconds: float = WAIT_SECONDS
) -> T:
    """What `look` sees once `until` holds of it; fails with the last sight when it never does."""
    stop = time.monotonic() + seconds
    pause = PAUSE_SECONDS
    while True:
        seen = look()
        # A bound `__eq__` says NotImplemented of another type, which is no yes.
        said = until(seen)
        if said is not NotImplemented and said:
            return seen
        if time.monotonic() > stop:
            raise AssertionError(f"not within {seconds} s; last seen: {seen!r}")
        time.sleep(pause)
        pause = min(pause * LONGER, PAUSE_SECONDS_MAX)
