"""Many who ask at the same time: each for themselves, all on one event, all on one wallet."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from client import Feed

from . import growth_crowd
from .bench import say
from .growth_crowd import Crowd
from .growth_stage import Event, Stage
from .process import Function, Program
from .world import ODDS

USERS = (1, 2, 4, 8, 16, 32, 64)
WRITERS = (1, 2, 4, 8, 16, 32)
# So many commands in all, but of each environment no less than the least.
COMMANDS, LEAST = 128, 8
TAKEN = Decimal("1.25")
ROUNDS = 3
OWN_EVENT, ONE_EVENT, DEBIT_ONE = "bet on own event", "bet on one event", "debit one wallet"


def crowds(stage: Stage) -> list[dict[str, Any]]:
    people = [stage.person() for _ in range(max(USERS))]
    feeds = [Feed(stage.world.platform) for _ in people]
    for feed in feeds:
        feed.odds(o1=ODDS, o2="1.80").expect(204)
    debit, bet = stage.program("wallet-command"), stage.program("place-bet")
    return [
        *crowded(stage, debit, {"debit": lambda n: stage.debit(people[n])}),
        *crowded(
            stage,
            bet,
            {
                OWN_EVENT: lambda n: stage.bet(people[n], feeds[n]),
                ONE_EVENT: lambda n: stage.bet(people[n], feeds[0]),
            },
        ),
        hot_wallet(stage, debit),
    ]


def crowded(
    stage: Stage, program: Program, jobs: dict[str, Callable[[int], Event]]
) -> list[dict[str, Any]]:
    """The jobs in turn, so that whatever the machine does meanwhile is shared out among them."""
    points: dict[str, list[dict[str, Any]]] = {does: [] for does in jobs}
    for size in USERS:
        say(f"{', '.join(jobs)}: {size} at once")
        runs: dict[str, list[Crowd]] = {does: [] for does in jobs}
        with growth_crowd.environments(program, size) as functions:
            growth_crowd.warm(functions, next(iter(jobs.values())))
            for _ in range(ROUNDS):
                for does, event in jobs.items():
                    runs[does].append(gathered(stage, functions, event))
        for does, found in runs.items():
            points[does].append({"size": size} | middle(found))
    return [{"does": does, "points": found} for does, found in points.items()]


def middle(runs: list[Crowd]) -> dict[str, Any]:
    """The run of the median rate, with the most tries of all."""
    figures = sorted((run.figures() for run in runs), key=lambda one: one["per_second"])
    tries = max(one["tries_per_success"] for one in figures)
    return figures[len(figures) // 2] | {"tries_per_success": tries}


def gathered(stage: Stage, functions: list[Function], event: Callable[[int], Event]) -> Crowd:
    each = max(LEAST, COMMANDS // len(functions))
    return growth_crowd.at_once(
        functions,
        lambda place: [event(place) for _ in range(each)],
        stage.proxy,
        stage.world.emulator.pid,
    )


def hot_wallet(stage: Stage, program: Program) -> dict[str, Any]:
    """Everybody debits the same wallet; what is left is what the answers say, to the cent."""
    points = []
    for size in WRITERS:
        person = stage.person()
        version, before = stage.wallet(person)
        say(f"{DEBIT_ONE}: {size} at once")

        def event(_: int, who: str = person) -> Event:
            return stage.debit(who)

        with growth_crowd.environments(program, size) as functions:
            growth_crowd.warm(functions, event)
            found = gathered(stage, functions, event)
        after = stage.wallet(person)
        # Each environment also had one to warm up.
        done = found.done + size
        if after != (version + done, before - done * TAKEN):
            raise ValueError(f"{done} debits of {before} left {after}")
        points.append({"size": size, "left": str(after[1])} | found.figures())
    return {"does": DEBIT_ONE, "points": points}
