"""One invocation at a time: what it costs by what is stored, by its legs, by its batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from . import measure
from .bench import say
from .budget import OWN
from .drive import percentile
from .growth_stage import Event, Stage
from .measure import Subject
from .process import Program

CALLS = 40
HISTORY = (1, 100, 10_000, 100_000)
LEGS = (1, 2, 5, 10, 20)
MESSAGES = (1, 2, 5, 10)
RECORDS = (1, 10, 100)


def curves(stage: Stage) -> list[dict[str, Any]]:
    world = stage.world
    debit, place_bet, publisher = (
        stage.program(one) for one in ("wallet-command", "place-bet", "publisher")
    )
    found = histories(stage, debit, place_bet)
    found.append(curve(stage, "legs", "place-bet", LEGS, place_bet, world.bet))
    consumer = stage.program("wallet-bonuses")
    found.append(curve(stage, "messages", "credit", MESSAGES, consumer, world.credit))
    with unpaced(stage):
        found.append(curve(stage, "records", "publisher", RECORDS, publisher, world.published))
    return found


def histories(stage: Stage, debit: Program, place_bet: Program) -> list[dict[str, Any]]:
    """Of wallets that differ in nothing but their past."""
    people = []
    for entries in HISTORY:
        say(f"a wallet of {entries:,} entries")
        people.append((entries, stage.person(entries)))
    owner = dict(people)
    return [
        curve(stage, "entries", "debit", HISTORY, debit, lambda n: stage.debit(owner[n])),
        curve(stage, "entries", "place-bet", HISTORY, place_bet, lambda n: stage.bet(owner[n])),
    ]


def curve(
    stage: Stage,
    by: str,
    does: str,
    sizes: tuple[int, ...],
    program: Program,
    event: Callable[[int], Event],
) -> dict[str, Any]:
    points = []
    for size in sizes:
        say(f"{does}: {size:,} {by}")
        subject = Subject(f"{does}, {size} {by}", OWN, program, lambda size=size: event(size))
        points.append({"size": size} | point(stage, subject))
    return {"by": by, "does": does, "points": points}


def point(stage: Stage, subject: Subject) -> dict[str, Any]:
    """What a warm invocation takes."""
    life = measure.live(subject, stage.proxy, CALLS)
    write_units, read_units = measure.units(subject, stage.proxy)
    found = {
        "calls": life.calls,
        "bytes": life.bytes,
        "write_units": write_units,
        "read_units": read_units,
        "warm_cpu_ms": life.warm_cpu,
        "p50_ms": percentile(life.latencies, 0.5),
    }
    if stage.counts_instructions:
        found["instructions"] = measure.counted_instructions(subject)["warm"]
    return found


@contextmanager
def unpaced(stage: Stage) -> Iterator[None]:
    """Calls that are answered as soon as the engine can: the function itself is looked at."""
    pace, stage.proxy.pace_seconds = stage.proxy.pace_seconds, 0.0
    try:
        yield
    finally:
        stage.proxy.pace_seconds = pace
