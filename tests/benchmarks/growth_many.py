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
from .process import Program
from .world import ODDS

USERS = (1, 2, 4, 8, 16, 32, 64)
WRITERS = (1, 2, 4, 8, 16, 32)
# So many commands in all, but of each environment no less than the least.
COMMANDS, LEAST = 128, 8
TAKEN = Decimal("1.25")
DEBIT_ONE = "debit one wallet"


def crowds(stage: Stage) -> list[dict[str, Any]]:
    people = [stage.person() for _ in range(max(USERS))]
    feeds = [Feed(stage.world.platform) for _ in people]
    for feed in feeds:
        feed.odds(o1=ODDS, o2="1.80").expect(204)
    debit, bet = stage.program("wallet-command"), stage.program("place-bet")
    return [
        crowd(stage, "debit", USERS, debit, lambda n: stage.debit(people[n])),
        crowd(stage, "bet on own event", USERS, bet, lambda n: stage.bet(people[n], feeds[n])),
        crowd(stage, "bet on one event", USERS, bet, lambda n: stage.bet(people[n], feeds[0])),
        hot_wallet(stage, debit),
    ]


def crowd(
    stage: Stage, does: str, sizes: tuple[int, ...], program: Program, event: Callable[[int], Event]
) -> dict[str, Any]:
    points = [
        {"size": size} | gathered(stage, does, size, program, event).figures() for size in sizes
    ]
    return {"does": does, "points": points}


def gathered(
    stage: Stage, does: str, size: int, program: Program, event: Callable[[int], Event]
) -> Crowd:
    say(f"{does}: {size} at once")
    each = max(LEAST, COMMANDS // size)
    with growth_crowd.environments(program, size) as functions:
        growth_crowd.warm(functions, event)
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
        found = gathered(stage, DEBIT_ONE, size, program, lambda _, who=person: stage.debit(who))
        after = stage.wallet(person)
        # Each environment also had one to warm up.
        done = found.done + size
        if after != (version + done, before - done * TAKEN):
            raise ValueError(f"{done} debits of {before} left {after}")
        points.append({"size": size, "left": str(after[1])} | found.figures())
    return {"does": DEBIT_ONE, "points": points}
