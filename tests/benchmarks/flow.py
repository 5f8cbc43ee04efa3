"""The whole flow on the local stack under load: how fast, how late, what waits, what it costs.

    python -m benchmarks.flow [--bets 1000] [--singles 500] [--workers 8] [--people 100]

Bets are placed over HTTP as fast as they are answered, then their markets are settled, and every
consumer has to come to rest. The emulator counts meanwhile whatever costs money on AWS. What is
found goes to `docs/benchmarks/flow.json`, and its cost to `cost.json`; `benchmarks.page` makes
sections of both.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from local import deployment, paths

from . import cost, counted, flow_ceiling, flow_checks, flow_stage, reckon
from .bench import say
from .counted import Counts
from .documents import FOLDER, cpu
from .flow_stage import Placed, Stage

FUNCTIONS = paths.ROOT / "functions"
IDLE_SECONDS = 60
# Each fifth bet is an accumulator.
EVERY = 5
MEMORY = 256
# Outside parties that the stack has stand-ins for.
OUTSIDE = {"sandbox"}
EXPORT = "warehouse-export"


class Loader(yaml.SafeLoader):
    """Takes CloudFormation's short forms for what they name."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: suffix)


def declared() -> dict[str, cost.Function]:
    """Service, memory and clock of each function, by its name."""
    found = {}
    for file in FUNCTIONS.glob("*/service.yaml"):
        document = yaml.load(file.read_text(), Loader)
        for name, function in document["functions"].items():
            memory, clocked = function.get("memory", MEMORY), "schedule" in function
            found[name] = cost.Function(document["service"], memory, clocked)
    return found


class Meter:
    """Reads what was counted, in the names that the project has for functions."""

    def __init__(self, stage: Stage, functions: Mapping[str, cost.Function]) -> None:
        self.watch = stage.watch
        self.functions = functions
        self.clocked = {name for name, one in functions.items() if one.is_clocked}
        self.idle: Counts = {}
        self.idle_logs: dict[str, float] = {}

    def rest(self) -> None:
        """Counts for a while what the clock alone does."""
        before = self.read()
        time.sleep(IDLE_SECONDS)
        self.idle, self.idle_logs = self.since(before)[:2]

    def read(self) -> tuple[Counts, dict[str, float], float]:
        lines = cost.prices()["assumptions"]["log_line_bytes"]
        logs = {
            short(name): size + lines * self.watch.log_lines(name)
            for name, size in self.watch.log_bytes().items()
        }
        counts = {
            "|".join(map(short, key.split("|"))): value
            for key, value in self.watch.counts().items()
        }
        return counts, logs, time.time()

    def since(
        self, before: tuple[Counts, dict[str, float], float]
    ) -> tuple[Counts, dict[str, float], float]:
        now = self.read()
        times = (now[2] - before[2]) / IDLE_SECONDS
        found = []
        for old, new, idle in zip(before[:2], now[:2], (self.idle, self.idle_logs), strict=True):
            rest = counted.difference(old, new)
            rest = counted.without_clock(rest, idle, times, self.clocked)
            found.append({key: value for key, value in rest.items() if self.is_own(key)})
        return found[0], found[1], now[2] - before[2]

    def asked(self, before: tuple[Counts, dict[str, float], float]) -> Counts:
        """Everything that the emulator was asked for, stand-ins and the clock included."""
        counts = counted.difference(before[0], self.read()[0])
        invocations = [v for k, v in counts.items() if k.endswith("lambda|invocations|Invoke")]
        calls = counted.summed(counts, kind="call", by=2)["tables"]
        return {"invocations": sum(invocations), "table_calls": calls}

    def is_own(self, key: str) -> bool:
        function, _, rest = key.partition("|")
        if function == "bus":
            # A queue of a stand-in is paid for by nobody.
            queue = rest.split("|")[1]
            known = self.functions.get(queue)
            return known is None or known.service not in OUTSIDE
        known = self.functions.get(function)
        return known is not None and known.service not in OUTSIDE


def short(name: str) -> str:
    """The project's name for a function or a table, without the stack's."""
    table = re.fullmatch(r".*?(\w+Table)-[0-9A-F]+", name)
    return table.group(1) if table else name.removeprefix(f"{deployment.STACK}-")


def placed_and_settled(
    stage: Stage, meter: Meter, options: Any, count: int, every: int
) -> tuple[list[Placed], dict[str, Any]]:
    """One part of the run: `count` bets are placed, every consumer rests, the same when settled."""
    stage.log_in()
    feeds = stage.markets(options.markets)
    bets = stage.bets(feeds, count, every)
    stage.watch.drained(time.time())
    before, begun, cpu_before = meter.read(), time.time(), stage.cpu_seconds()
    placed = stage.place(bets, options.workers)
    answered = max(one.answered for one in placed)
    cpu_after, lasted = stage.cpu_seconds(), answered - begun
    rested = stage.watch.drained(begun)
    asked = meter.asked(before)
    export(stage)
    counts, logs, _ = meter.since(before)
    say(f"{count / (answered - begun):.1f} bets a second; settling {len(feeds)} markets")
    before, settling = meter.read(), time.time()
    stage.settle(feeds)
    told = time.time()
    settled = stage.watch.drained(settling)
    export(stage)
    settle_counts, settle_logs, _ = meter.since(before)
    late = counted.delays(
        {one.request_id: one.answered for one in placed}, stage.watch.handled(begun)
    )
    looks = stage.watch.looks(begun)
    at_the_end = [counted.waiting(look) for look in looks if look["at"] <= answered]
    return placed, {
        "bets": count,
        "accumulators": sum(len(bet.feeds) > 1 for bet in bets),
        "accepted": sum(one.bet_id is not None for one in placed),
        "rate": count / (answered - begun),
        "whole_rate": count / (rested - begun),
        "asked": counted.each(asked, count),
        "cpus": {name: (cpu_after[name] - cpu_before[name]) / lasted for name in cpu_after},
        "answer_s": counted.spread(one.answered - one.asked for one in placed),
        "effect_s": counted.spread(late.values()),
        "effects_known": len(late),
        "backlog": {
            "max": max(map(counted.waiting, looks)),
            "when_placed": at_the_end[-1] if at_the_end else 0.0,
            "empty_after_s": max(0.0, rested - answered),
            "settled_empty_after_s": max(0.0, settled - told),
            "placed_at_s": answered - begun,
            "settled_at_s": settling - begun,
            "looks": [[round(look["at"] - begun, 2), counted.waiting(look)] for look in looks],
        },
        "placing": {"counts": counted.each(counts, count), "logs": counted.each(logs, count)},
        "settling": {
            "counts": counted.each(settle_counts, count),
            "logs": counted.each(settle_logs, count),
        },
    }


def export(stage: Stage) -> None:
    """What the warehouse staged is taken out at once, rather than by the clock."""
    name = f"{deployment.STACK}-{EXPORT}"
    answer = stage.platform.aws("lambda").invoke(FunctionName=name, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()
    stage.watch.drained(time.time())


def one_by_one(stage: Stage, count: int) -> tuple[list[Placed], dict[str, Any]]:
    """What a bet takes while the stack has nothing else to do."""
    stage.log_in()
    feeds, placed = stage.markets(2), []
    stage.watch.drained(time.time())
    begun = time.time()
    for bet in stage.bets(feeds, count):
        placed += stage.place([bet], 1)
        stage.watch.drained(placed[-1].asked)
    stage.settle(feeds)
    stage.watch.drained(time.time())
    answered = {one.request_id: one.answered for one in placed}
    late = counted.delays(answered, stage.watch.handled(begun))
    return placed, {
        "bets": count,
        "answer_s": counted.spread(one.answered - one.asked for one in placed),
        "effect_s": counted.spread(late.values()),
    }


def run(stage: Stage, options: Any) -> dict[str, Any]:
    functions = declared()
    meter = Meter(stage, functions)
    stage.calm()
    say(f"idle for {IDLE_SECONDS} s")
    meter.rest()
    say("ceilings")
    ceilings = flow_ceiling.ceilings(stage, options.bets, options.workers)
    say("one bet after the other")
    placed, alone = one_by_one(stage, options.alone)
    say(f"{options.bets} bets, some of them accumulators")
    more, load = placed_and_settled(stage, meter, options, options.bets, EVERY)
    say(f"{options.singles} singles")
    last, singles = placed_and_settled(stage, meter, options, options.singles, 0)
    load["ceiling"] = flow_ceiling.bets(ceilings, load["asked"])
    say("nothing lost?")
    stage.log_in()
    checked = flow_checks.checks(stage, [*placed, *more, *last])
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": {"cpu": cpu()},
        "people": options.people,
        "workers": options.workers,
        "markets": options.markets,
        "stake": str(flow_stage.STAKE),
        "idle_seconds": IDLE_SECONDS,
        "ceilings": ceilings,
        "alone": alone,
        "load": load,
        "singles": singles,
        "checks": checked,
        "functions": {name: asdict(one) for name, one in sorted(functions.items())},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bets", type=int, default=1000, help="of the mix, under load")
    parser.add_argument("--singles", type=int, default=500, help="whose counts are the cost")
    parser.add_argument("--alone", type=int, default=20, help="one after the other")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--markets", type=int, default=20)
    parser.add_argument("--out", type=Path, default=FOLDER, help="the folder to write to")
    options = parser.parse_args()
    with flow_stage.counted(say, options.people) as stage:
        found = run(stage, options)
    (options.out / reckon.FLOW).write_text(json.dumps(found) + "\n")
    reckon.write(options.out)
    say(f"written to {options.out}")
    lost = {what: count for what, count in found["checks"]["lost"].items() if count}
    for what, count in lost.items():
        say(f"NOT WELL: {count} {what}")
    return int(bool(lost))


if __name__ == "__main__":
    sys.exit(main())
