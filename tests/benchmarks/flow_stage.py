"""People with money, markets and bets, for the flow under load."""

from __future__ import annotations

import itertools
import os
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from client import Feed, Platform, Shop, User
from local import deployment, paths, server

from .counted import Watch

STAKE, ODDS = Decimal("1.25"), Decimal("2.00")
LEGS = 3
CASH = 1_000_000
# The local stack hashes passwords slowly.
SETTING_UP = 4


@dataclass(frozen=True)
class Bet:
    """A bet to be placed, and what its results will make of it."""

    user: User
    feeds: tuple[Feed, ...]
    wins: bool

    @property
    def payout(self) -> Decimal:
        return STAKE * ODDS ** len(self.feeds) if self.wins else Decimal(0)


@dataclass(frozen=True)
class Placed:
    """What became of asking for a bet; moments by this machine's clock, in seconds."""

    bet: Bet
    request_id: str
    bet_id: str | None
    status: int
    asked: float
    answered: float


class Stage:
    """A deployed stack that counts, and who plays on it."""

    def __init__(self, emulator: server.Server, people: int) -> None:
        self.emulator = emulator
        self.platform = Platform(deployment.write_outputs(emulator))
        self.watch = Watch(paths.LOGS)
        shop = Shop(self.platform)
        with ThreadPoolExecutor(SETTING_UP) as pool:
            self.people = list(pool.map(lambda _: shop.customer(cash=CASH), range(people)))
        self.expected = {user.user_id: Decimal(CASH) for user in self.people}

    def calm(self) -> None:
        """Nothing of what set the stage up is on its way any more."""
        begun = time.time()
        self.watch.drained(begun, ("waiting", "stream", "running"))
        # Operators have no contact points, so the message about their login is tried for an hour.
        queues = self.platform.aws("sqs")
        url = queues.get_queue_url(QueueName=f"{deployment.STACK}-notify")["QueueUrl"]
        queues.purge_queue(QueueUrl=url)
        self.watch.drained(begun)

    def log_in(self) -> None:
        """Tokens do not last for a whole run."""
        with ThreadPoolExecutor(SETTING_UP) as pool:
            list(pool.map(User.login, self.people))

    def markets(self, count: int) -> list[Feed]:
        """Open markets; of every second one, the first outcome is going to win."""
        feeds = [Feed(self.platform) for _ in range(count)]
        for feed in feeds:
            feed.odds(o1=str(ODDS), o2="1.80").expect(204)
        return feeds

    def bets(self, feeds: list[Feed], count: int, every: int = 0) -> list[Bet]:
        """So many bets, half of which win; each `every`th is an accumulator of three legs."""
        people = itertools.cycle(self.people)
        found = []
        for place in range(count):
            wins = place % 2 == 0
            chosen = feeds[0::2] if wins else feeds[1::2]
            at = (place // 2) % len(chosen)
            is_accumulator = every and place % every == every - 1
            legs = [chosen[(at + leg) % len(chosen)] for leg in range(LEGS)]
            found.append(Bet(next(people), tuple(legs if is_accumulator else legs[:1]), wins))
        return found

    def place(self, bets: list[Bet], workers: int) -> list[Placed]:
        """Places all, as fast as so many workers are answered."""
        with ThreadPoolExecutor(workers) as pool:
            placed = list(pool.map(ask, bets))
        for one in placed:
            if one.bet_id:
                self.expected[one.bet.user.user_id] += one.bet.payout - STAKE
        return placed

    @staticmethod
    def settle(feeds: list[Feed]) -> None:
        for place, feed in enumerate(feeds):
            won, lost = ("1", "0") if place % 2 == 0 else ("0", "1")
            feed.settle(o1=won, o2=lost).expect(204)

    def cpu_seconds(self) -> dict[str, float]:
        """CPU taken so far: by the emulator's own process, by its functions, by all of them."""
        own, functions = 0.0, 0.0
        for file in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = file.read_text().rpartition(")")[2].split()
                if int(fields[2]) != self.emulator.pid:
                    continue
                taken = int(fields[11]) + int(fields[12])
                if file.parent.name == str(self.emulator.pid):
                    # Functions that have ended are told with whoever started them.
                    own, functions = taken, functions + int(fields[13]) + int(fields[14])
                else:
                    functions += taken
        machine = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        ticks = os.sysconf("SC_CLK_TCK")
        # Of user, nice, system, idle, waiting and the rest: all but the fourth and fifth.
        busy = sum(map(int, machine[:3])) + sum(map(int, machine[5:8]))
        found = {"emulator": own, "functions": functions, "machine": busy}
        return {name: value / ticks for name, value in found.items()}


def ask(bet: Bet) -> Placed:
    request_id = f"req_{uuid.uuid4().hex}"
    selections = [feed.selection(str(ODDS)) for feed in bet.feeds]
    asked = time.time()
    answer = bet.user.bet(selections, STAKE, headers={"x-request-id": request_id})
    answered = time.time()
    bet_id = answer.body["bet_id"] if answer.status == 201 else None
    return Placed(bet, request_id, bet_id, answer.status, asked, answered)


@contextmanager
def counted(say: Callable[[str], None], people: int) -> Iterator[Stage]:
    """A stack of its own whose emulator counts, ended at the end."""
    say("deploying the local stack")
    os.environ |= {"QUOIN_COUNT": "1", "QUOIN_WINDOWS": "1"}
    try:
        emulator = server.start()
        deployment.deploy(emulator, {"MinStake": "1", "MaxStake": "1000"})
        say(f"setting up {people} people")
        yield Stage(emulator, people)
    finally:
        for name in ("QUOIN_COUNT", "QUOIN_WINDOWS"):
            os.environ.pop(name)
        server.stop()
