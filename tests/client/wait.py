"""Waiting for what happens after the answer: events travel, consumers act."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE_SECONDS = 0.05


def eventually(look: Callable[[], T], until: Callable[[T], bool] = bool, seconds: float = 30) -> T:
    """What `look` sees once `until` holds of it; fails with the last sight when it never does."""
    stop = time.monotonic() + seconds
    while True:
        seen = look()
        # A bound `__eq__` says NotImplemented of another type, which is no yes.
        said = until(seen)
        if said is not NotImplemented and said:
            return seen
        if time.monotonic() > stop:
            raise AssertionError(f"not within {seconds} s; last seen: {seen!r}")
        time.sleep(PAUSE_SECONDS)
