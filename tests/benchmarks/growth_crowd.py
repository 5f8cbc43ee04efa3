"""Many environments of a function at once, as Lambda starts one for each call that is under way."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import measure
from .drive import percentile
from .process import Function, Program
from .runtime_api import FunctionError
from .table_proxy import TableProxy

Event = dict[str, Any]
WRITES = ("PutItem", "TransactWriteItems")


@dataclass
class Crowd:
    """What came of all commands, and what they took."""

    latencies: list[float]
    given_up: list[str]
    seconds: float
    calls: dict[str, int]
    # Whole CPUs that were busy meanwhile.
    functions_cpus: float
    engine_cpus: float
    harness_cpus: float

    @property
    def done(self) -> int:
        return len(self.latencies)

    def figures(self) -> dict[str, Any]:
        tries = sum(self.calls.get(name, 0) for name in WRITES)
        return {
            "done": self.done,
            "given_up": len(self.given_up),
            "per_second": self.done / self.seconds,
            "p50_ms": percentile(self.latencies, 0.5) or 0.0,
            "p99_ms": percentile(self.latencies, 0.99) or 0.0,
            "tries_per_success": tries / self.done,
            "calls": self.calls,
            "functions_cpus": self.functions_cpus,
            "cpu_ms": self.functions_cpus * self.seconds * 1e3 / self.done,
            "engine_cpus": self.engine_cpus,
            "harness_cpus": self.harness_cpus,
        }


@contextmanager
def environments(program: Program, count: int) -> Iterator[list[Function]]:
    """So many, all of them ready; to end one takes half a second, so they are ended together."""
    every: list[Function] = []
    try:
        for _ in range(count):
            every.append(Function(program))
        for one in every:
            one.start()
        yield every
    finally:
        with ThreadPoolExecutor(count) as pool:
            list(pool.map(Function.end, every))


def at_once(
    functions: Sequence[Function],
    events: Callable[[int], list[Event]],
    proxy: TableProxy,
    engine_pid: int,
) -> Crowd:
    """Each function handles the events of its place, one after the other, all functions at once."""
    planned = [events(place) for place in range(len(functions))]
    begin = threading.Barrier(len(functions) + 1)
    latencies: list[float] = []
    given_up: list[str] = []

    def handle(function: Function, mine: list[Event]) -> None:
        begin.wait()
        for event in mine:
            try:
                answer = function.invoke(event)
            except FunctionError as error:
                given_up.append(str(error))
                continue
            measure.expected(answer.body)
            latencies.append(answer.seconds * 1e3)

    def used() -> list[float]:
        theirs = sum(function.group.cpu_seconds() for function in functions)
        return [theirs, cpu_seconds(engine_pid), time.process_time()]

    with ThreadPoolExecutor(len(functions)) as pool:
        handled = [pool.submit(handle, *both) for both in zip(functions, planned, strict=True)]
        counted, before, at = proxy.count(), used(), time.perf_counter()
        begin.wait()
        for one in handled:
            one.result()
    seconds = time.perf_counter() - at
    busy = [(now - then) / seconds for now, then in zip(used(), before, strict=True)]
    return Crowd(latencies, given_up, seconds, dict(counted.calls), *busy)


def warm(functions: Sequence[Function], event: Callable[[int], Event]) -> None:
    """One invocation of each, since what comes first also connects."""
    for place, function in enumerate(functions):
        measure.expected(function.invoke(event(place)).body)


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
