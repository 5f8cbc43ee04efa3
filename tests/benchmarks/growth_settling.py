"""A market of many open bets is settled: what it takes to find them, and to settle each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from client import Feed
from local import deployment, paths

from . import growth_seed as seed
from . import measure
from .bench import say
from .growth_stage import Stage
from .process import Function
from .runtime_api import FunctionError
from .table_proxy import TableProxy
from .world import ODDS, sample

OPEN_BETS = (1, 10, 100, 1_000, 10_000)
# Of more chunks than these, the first stand for all: each is the same work.
CHUNKS = 20
# What the stack runs: calls are counted, and they do not depend on how a function was built.
DEPLOYED = paths.ROOT / "target" / "lambda"


def settling(stage: Stage) -> list[dict[str, Any]]:
    proxy = TableProxy(stage.world.emulator.url)
    try:
        return settled_markets(stage, proxy)
    finally:
        proxy.close()


def settled_markets(stage: Stage, proxy: TableProxy) -> list[dict[str, Any]]:
    queues = deployment.client(stage.world.emulator, "sqs")
    finder = stage.world.program("settle-market", DEPLOYED, proxy.url, str(proxy.bundle))
    markets = finder.environment["QUEUE_SETTLEMENT"]
    chunks = finder.environment["QUEUE_SETTLEMENT_BETS"]
    points = []
    for count in OPEN_BETS:
        say(f"a market of {count:,} open bets")
        for queue in (markets, chunks):
            list(taken(queues, queue))
        feed = Feed(stage.world.platform)
        feed.odds(o1=ODDS, o2="1.80").expect(204)
        bet = placed(stage, feed)
        bets = dict(seed.alike(bet, count))
        table = finder.environment["TABLE_SPORTSBOOK"]
        seed.put_all(stage.tables, table, (seed.index_row(one, bet) for one in bets))
        feed.settle(o1="1", o2="0").expect(204)
        with Function(finder) as function:
            function.start()
            found, invocations = proxy.count(), 0
            # Each may leave the rest to a message of its own.
            while tasks := list(taken(queues, markets)):
                for task in tasks:
                    handled(function, "settle-market", task)
                    invocations += 1
            finding = dict(found.calls)
        tasks = list(taken(queues, chunks))
        if sorted(one for task in tasks for one in told(task)) != sorted(bets):
            raise ValueError("the bets found are not those that are open")
        points.append(
            {
                "size": count,
                "invocations": invocations,
                "finding": finding,
                "chunks": len(tasks),
                "settling": settled(stage, tasks[:CHUNKS], bets),
            }
        )
    return points


def placed(stage: Stage, feed: Feed) -> seed.Item:
    """The journal's item of a bet on `feed`'s event."""
    person = stage.person()
    with Function(stage.program("place-bet")) as function:
        answer = function.start().invoke(stage.bet(person, feed)).body
    measure.expected(answer)
    bet_id = json.loads(answer["body"])["bet_id"]
    key = {"pk": {"S": f"bet#{bet_id}"}, "sk": {"N": "1"}}
    return stage.tables.get_item(TableName=stage.journal, Key=key, ConsistentRead=True)["Item"]


def settled(stage: Stage, tasks: list[str], bets: dict[str, seed.Item]) -> dict[str, Any]:
    """Settles the bets of these chunks; says what that takes, and fails unless every one is."""
    every = [bet for task in tasks for bet in told(task)]
    seed.put_all(stage.tables, stage.journal, (bets[one] for one in every))
    with Function(stage.program("settle-bets")) as function:
        function.start()
        counted, before = stage.proxy.count(units=True), function.group.cpu_seconds()
        for task in tasks:
            handled(function, "settle-bets", task)
        cpu = function.group.cpu_seconds() - before
    stage.proxy.count()
    for one in every:
        key = {"pk": {"S": f"bet#{one}"}, "sk": {"N": "2"}}
        if "Item" not in stage.tables.get_item(TableName=stage.journal, Key=key):
            raise ValueError(f"{one} is not settled")
    return {
        "bets": len(every),
        "calls": dict(counted.calls),
        "write_units": counted.write_units,
        "cpu_ms": cpu * 1e3,
    }


def told(task: str) -> list[str]:
    """The bets of a chunk."""
    return json.loads(task)["bets"]


def handled(function: Function, name: str, body: str) -> None:
    """Invokes it with a message as its queue delivers it."""
    event = sample(name)
    event["Records"][0]["body"] = body
    answer = function.invoke(event).body
    if answer["batchItemFailures"]:
        raise FunctionError(function.said())


def taken(queues: Any, url: str) -> Iterator[str]:
    """The messages of a queue, until it is empty."""
    while got := queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        entries = [
            {"Id": str(place), "ReceiptHandle": one["ReceiptHandle"]}
            for place, one in enumerate(got)
        ]
        queues.delete_message_batch(QueueUrl=url, Entries=entries)
        yield from (one["Body"] for one in got)
