"""What the emulator counted, as figures: differences, what a bet has of them, what waited, delays.

All of it is pure, but for `Watch`, which reads what `local.counting` writes.
"""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client import eventually

from .drive import percentile

Counts = dict[str, float]
WAITING = ("waiting", "taken", "stream", "running")
# So many looks in a row have to find nothing: what is between two stages is seen nowhere.
QUIET_LOOKS = 10
DRAIN_SECONDS = 900
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}


def difference(before: Mapping[str, float], after: Mapping[str, float]) -> Counts:
    """What was counted between two moments."""
    found = {key: value - before.get(key, 0) for key, value in after.items()}
    return {key: value for key, value in found.items() if value}


def without_clock(
    counts: Mapping[str, float], idle: Mapping[str, float], times: float, clocked: set[str]
) -> Counts:
    """Without what functions called by the clock do anyway, `times` as often as while idle."""
    found = {}
    for key, value in counts.items():
        if key.partition("|")[0] in clocked:
            value = max(0.0, value - times * idle.get(key, 0))
        if value:
            found[key] = value
    return found


def each(counts: Mapping[str, float], count: int) -> Counts:
    """Of one of so many."""
    return {key: value / count for key, value in counts.items()}


def summed(counts: Mapping[str, float], *, kind: str, by: int = 0) -> Counter[str]:
    """The counters of a kind, summed by a part of their key: 0 function, 2 place, 3 operation."""
    found: Counter[str] = Counter()
    for key, value in counts.items():
        parts = key.split("|")
        if parts[1] == kind:
            found[parts[by]] += value
    return found


def spread(values: Iterable[float]) -> dict[str, float]:
    known = list(values)
    return {name: percentile(known, share) or 0.0 for name, share in SHARES.items()}


def delays(answered: Mapping[str, float], handled: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Seconds from the answer to a request until the last message that follows from it was done.

    A request of which no message is known is left out, so that it is missed.
    """
    last: defaultdict[str, float] = defaultdict(float)
    for one in handled:
        if (request := one["request_id"]) in answered:
            last[request] = max(last[request], one["at"])
    # What was done before the answer arrived was not waited for.
    return {request: max(0.0, at - answered[request]) for request, at in last.items()}


def waiting(look: Mapping[str, float]) -> float:
    """Messages in queues, being handled or not, and records of streams that were not read."""
    return look["waiting"] + look["taken"] + look["stream"]


def emptied_at(looks: list[dict[str, float]], names: Iterable[str] = WAITING) -> float | None:
    """Since when nothing is left, if looks enough have found nothing."""
    empty = list(
        itertools.takewhile(lambda look: not any(look[one] for one in names), reversed(looks))
    )
    return empty[-1]["at"] if len(empty) >= QUIET_LOOKS else None


@dataclass(frozen=True)
class Watch:
    """The files that `local.counting` writes."""

    folder: Path

    def counts(self) -> Counts:
        """Everything counted up to now."""
        now = time.time()
        told = eventually(self._told, lambda seen: seen["at"] > now, 60)
        return told["counts"]

    def looks(self, since: float) -> list[dict[str, float]]:
        return [look for look in self._lines("backlog.jsonl") if look["at"] >= since]

    def handled(self, since: float) -> list[dict[str, Any]]:
        return [one for one in self._lines("handled.jsonl") if one["at"] >= since]

    def drained(self, since: float, names: Iterable[str] = WAITING) -> float:
        """Waits until nothing waits anywhere, and tells since when."""
        at = eventually(lambda: emptied_at(self.looks(since), names), seconds=DRAIN_SECONDS)
        assert at is not None
        return at

    def log_bytes(self) -> dict[str, int]:
        """What each function has written to its log, by function."""
        return {file.stem: file.stat().st_size for file in self.folder.glob("quoin-*.log")}

    def log_lines(self, function: str) -> int:
        file = self.folder / f"{function}.log"
        return file.read_bytes().count(b"\n") if file.exists() else 0

    def _told(self) -> dict[str, Any]:
        return json.loads((self.folder / "counts.json").read_text())

    def _lines(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / name
        text = path.read_text() if path.exists() else ""
        # The last line may be under way.
        return [json.loads(line) for line in text.split("\n")[:-1]]
