"""Measures functions from outside: cold, warm, with a share of a CPU; and what their calls cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import callgrind
from .drive import percentile
from .process import Function, Program, expected, instructions
from .table_proxy import TableProxy

Event = Callable[[], Any]
WARM_UP = 10
# Invocations that the longer of two lives has more; their difference is what a warm one takes.
MORE = 20


@dataclass(frozen=True)
class Subject:
    """Something to measure: `by` whom the job `does` is done."""

    does: str
    by: str
    program: Program
    event: Event
    is_native: bool = True


@dataclass
class Life:
    """One process: CPU and latencies in ms, memory in MB; traffic is of a warm invocation."""

    cold_cpu: float
    first: float
    warm_cpu: float
    latencies: list[float]
    memory: float
    calls: dict[str, float]
    bytes: float


@dataclass
class Figures:
    """All lives of a subject."""

    lives: list[Life] = field(default_factory=list)
    write_units: float = 0.0
    read_units: float = 0.0
    instructions: dict[str, int] = field(default_factory=dict)
    components: dict[str, int] = field(default_factory=dict)
    at_memory: dict[int, dict[str, float]] = field(default_factory=dict)

    def latency(self, share: float) -> float:
        every = [one for life in self.lives for one in life.latencies]
        return percentile(every, share) or 0.0


def live(subject: Subject, proxy: TableProxy, calls: int) -> Life:
    """One life: init and first invocation, some to warm up, and then `calls` that are measured."""
    with Function(subject.program) as function:
        function.start()
        answer = function.invoke(subject.event())
        expected(answer.body)
        cold = function.group.cpu_seconds()
        for _ in range(WARM_UP):
            expected(function.invoke(subject.event()).body)
        # Made beforehand: the harness should be idle while it waits.
        events = [subject.event() for _ in range(calls)]
        counted, before = proxy.count(), function.group.cpu_seconds()
        latencies = [function.invoke(event).seconds * 1e3 for event in events]
        warm = (function.group.cpu_seconds() - before) / calls
        if counted.calls["SendMessage"]:
            raise ValueError(f"messages were set aside: {function.said()}")
        return Life(
            cold_cpu=cold * 1e3,
            first=answer.seconds * 1e3,
            warm_cpu=warm * 1e3,
            latencies=latencies,
            memory=function.peak_memory_mb(),
            calls={name: count / calls for name, count in counted.calls.items()},
            bytes=counted.bytes / calls,
        )


def units(subject: Subject, proxy: TableProxy) -> tuple[float, float]:
    """Write and read units that the engine says a warm invocation consumes."""
    with Function(subject.program) as function:
        function.start()
        function.invoke(subject.event())
        counted = proxy.count(units=True)
        for _ in range(WARM_UP):
            expected(function.invoke(subject.event()).body)
        proxy.count()
    return counted.write_units / WARM_UP, counted.read_units / WARM_UP


def counted_instructions(subject: Subject) -> dict[str, int]:
    """Of a cold start with its first invocation, and of a warm invocation."""
    return instructions_of(subject)[0]


def instructions_of(subject: Subject) -> tuple[dict[str, int], dict[str, int]]:
    """The same, and those of a warm invocation by component, most first."""
    cold, warm = _instructions(subject)
    components = callgrind.by_component(warm).most_common()
    counts = {"cold": cold, "warm": sum(warm.values()) // MORE}
    return counts, {name: count // MORE for name, count in components}


def _instructions(subject: Subject) -> tuple[int, Counter[str]]:
    """Of a cold start with its first invocation, and of so many `MORE` invocations."""
    first = instructions(subject.program, [subject.event()])
    more = instructions(subject.program, [subject.event() for _ in range(1 + MORE)])
    # Not by `-`, which would drop what callgrind saw less often the second time.
    more.subtract(first)
    return sum(first.values()), more


def at_memory(subject: Subject, memory_mb: int, calls: int) -> dict[str, float]:
    """First and median warm call, in ms, with the CPU that so much memory has after init."""
    with Function(subject.program) as function:
        function.start()
        function.group.limit(memory_mb)
        first = function.invoke(subject.event()).seconds * 1e3
        latencies = [function.invoke(subject.event()).seconds * 1e3 for _ in range(calls)]
    return {"first": first, "p50": percentile(latencies, 0.5) or 0.0}
