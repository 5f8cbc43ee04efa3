"""Sections of the page about the whole flow: under load, and what a million bets cost.

Made of `docs/benchmarks/flow.json`, which `benchmarks.flow` writes, and of the prices.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import cost, page_plots
from .budget import Line
from .cost import Term
from .page_text import table, told

FLOW, COST = "flow.json", "cost.json"
BACKLOG, COSTS = "flow-backlog.svg", "flow-cost.svg"
UNITS = {
    "write_unit": "write units",
    "read_unit": "read units",
    "event": "events",
    "rule_send": "sends by rules",
    "queue_request": "other requests of queues",
    "gb_second": "Lambda time",
    "invocation": "invocations",
    "http_request": "HTTP",
    "log_byte": "logs",
    "trace": "traces",
}
REST = "rest"
HEAVY = 12
LEAST, CENT = 0.08, 0.01
# What `cost.terms` does, for people.
FORMULA = """\
```
dollars per million bets = the sum over functions and events of what a bet has
    write units * 0.625 + read units * 0.125      DynamoDB; a transactional write takes two per kB
  + events * 1.00 + GB of events * 0.10 * 10^6    the bus, and its archives
  + requests of queues * 0.40                     SQS: sends, receives, deletes
  + invocations * 0.20 + GB-seconds * 13.33       Lambda
  + HTTP * 1.00 + GB of logs * 0.50 * 10^6 + traces * 5.00 + requests to KMS * 3.00
GB-seconds = invocations * GB * (calls * {call_ms} ms + CPU ms + {rounding_ms} ms) / 1000
```"""
Document = dict[str, Any]


def money(dollars: float) -> str:
    return f"{dollars:.2f}"


class Costs:
    """Terms of a bet's life, of its parts, and of the usual build."""

    def __init__(self, document: Document) -> None:
        found = {name: [Term(*one) for one in terms] for name, terms in document["terms"].items()}
        self.placing, self.settling = found["placing"], found["settling"]
        self.life = cost.merged([*self.placing, *self.settling])
        self.mix, self.usual, self.leanest = found["mix"], found["usual"], found["leanest"]
        self.lines = [Line(**line) for line in document["lines"]]
        self.prices = document["prices"]


def read(folder: Path) -> tuple[Document, Costs] | None:
    if not (folder / FLOW).exists():
        return None
    flow, found = (json.loads((folder / name).read_text()) for name in (FLOW, COST))
    return flow, Costs(found)


def sections(folder: Path) -> list[str]:
    """Both sections, where their figures are there."""
    if not (known := read(folder)):
        return []
    flow, costs = known
    return [*under_load(flow, folder.name), *of_a_million(flow, costs, folder.name)]


def under_load(document: Document, folder: str) -> list[str]:
    load, alone, backlog = document["load"], document["alone"], document["load"]["backlog"]
    seconds = [
        [what, *[f"{1000 * run[name][share]:,.0f}" for share in ("p50", "p95", "p99", "max")]]
        for what, run, name in (
            ("HTTP answer, one bet after the other", alone, "answer_s"),
            ("HTTP answer, under load", load, "answer_s"),
            ("from answer to last consumer, one after the other", alone, "effect_s"),
            ("from answer to last consumer, under load", load, "effect_s"),
        )
    ]
    best, cpus, asked = document["ceilings"], load["cpus"], load["asked"]
    rates = [["**bets answered**", f"**{told(load['rate'])}**"]]
    rates += [
        ["**bets, until all that follows from them is done**", f"**{told(load['whole_rate'])}**"]
    ]
    rates += [["bets, if each call took no longer than the ceilings below", told(load["ceiling"])]]
    rates += [[what, told(one)] for what, one in best.items()]
    checked = document["checks"]
    lost = {what: count for what, count in checked["lost"].items() if count}
    return [
        "## The whole flow under load",
        f"By `benchmarks.flow` on {document['at']}: {document['people']} people, "
        f"{document['workers']} workers that place {load['bets']:,} bets "
        f"({load['accumulators']} of them accumulators) over HTTP as fast as they are answered, on "
        f"{document['markets']} markets, which are then settled. Everything is on one machine: the "
        "emulator, which is one Python process, an unoptimised build of every function, and the "
        "client. **What is measured here is the emulator more than the platform**, and no rate of "
        "this table says anything about AWS. Its ceilings are those of the same run and client.",
        table(["what", "a second"], rates),
        f"A bet that is placed asks the emulator for {told(asked['invocations'])} invocations and "
        f"{told(asked['table_calls'])} calls of tables, with {told(deliveries(load['placing']))} "
        "messages delivered to consumers. If each invocation took as long as the cheapest request "
        "through the gateway, and each call as long as a PutItem, that would be "
        f"{told(load['ceiling'])} bets a second, with nothing for streams, rules, queues and the "
        f"client; what is found is {told(100 * load['whole_rate'] / load['ceiling'])} % of it. "
        f"Meanwhile its process took {told(cpus['emulator'])} CPUs, the functions "
        f"{told(cpus['functions'])}, and everything on the machine, other work included, "
        f"{told(cpus['machine'])}.",
        table(["ms", "p50", "p95", "p99", "max"], seconds),
        "The answer's time is the client's. The last consumer's is when the last message with the "
        "bet's request id was taken from its queue, by the same clock: events carry the id "
        "of the request that they follow from. Retries are in it, and so is what consumers wait "
        "to fill a batch: 2 s, those of low priority 5 s, those of high priority nothing. "
        "Every one of "
        f"{load['effects_known']:,} bets was followed.",
        f"At most {told(backlog['max'])} messages and records of the stream waited, "
        f"{told(backlog['when_placed'])} when the last bet was answered; "
        f"{told(backlog['empty_after_s'])} s later there were none, and "
        f"{told(backlog['settled_empty_after_s'])} s after the last result.",
        f"![backlog]({folder}/{BACKLOG})",
        nothing_lost(checked, lost),
    ]


def deliveries(part: Document) -> float:
    """Messages that consumers handled, for one bet."""
    keys = part["counts"].items()
    return sum(value for key, value in keys if key.endswith("|handled"))


def nothing_lost(checked: Document, lost: dict[str, int]) -> str:
    looked = (
        f"Of {checked['bets']:,} accepted bets (all parts of the run), each is in its owner's list "
        "as settled, was told to be placed and to be settled once in the journal, and "
        f"{checked['winners']:,} winners were paid once; every balance is what stakes and payouts "
        "make it; no dead letter; `quoin verify` checked "
        f"{checked['verified']['items']:,} items of {checked['verified']['wallets']:,} wallets."
    )
    if not lost:
        return f"**Nothing was lost.** {looked}"
    found = "; ".join(f"{count} {what}" for what, count in lost.items())
    return f"**Not everything is well: {found}.** Looked at: {looked}"


def of_a_million(document: Document, costs: Costs, folder: str) -> list[str]:
    assumed, usual, lines = costs.prices["assumptions"], costs.prices["usual"], costs.lines
    return [
        "## What a million bets cost",
        "Calls, units, events, messages and bytes of logs counted while "
        f"{document['singles']['bets']:,} singles were placed, settled (half of them won) and paid "
        "(the run's second part), times list prices of us-east-1, on demand, arm64, without free "
        "tiers. Dollars per million bets:",
        grouped(costs),
        f"![cost]({folder}/{COSTS})",
        table(
            ["dollars per million bets", "budget", "found", "holds"],
            [[one.what, one.limit, one.found, "yes" if one.holds else "**no**"] for one in lines],
        ),
        *missed(lines, costs.life),
        FORMULA.format(**assumed),
        by_kind(costs),
        "CPU is that of the tables above: of the function itself, or else, for each call, what a "
        "credit takes. Writes whose condition did not hold are counted at the least that they "
        "cost. What rules send to queues is counted as requests to SQS, which is the dearer "
        "reading, and the sum without it would be "
        f"${money(cost.total(costs.life) - of_kind(costs.life, 'rule_send'))}. "
        f"{told(100 * assumed['sampled'])} % of invocations are traced, "
        "and logs are the functions' own: Lambda logs warnings only. What functions do by the "
        "clock, and pollers that find nothing, cost the same without a bet and are not in it (what "
        "the clock does was counted while idle and taken off); neither are storage, backups, "
        "metrics, alarms, cold starts and what carriers take for text messages. Batches are what "
        "five pollers gather within each mapping's window at this rate; an authorizer's answer is "
        "kept for five minutes, so that fewer than one was asked per bet. Prices, each with its "
        "page, are in `tests/benchmarks/prices.yaml`.",
        "What was counted for a bet, by function (by table and operation it is in "
        f"`{folder}/{FLOW}`):",
        by_function(document["singles"]),
        "Terms that weigh most, of a bet's life:",
        table(["term", "for a bet", "$ per million"], map(shown, cost.heaviest(costs.life, HEAVY))),
        "**The usual build** is reckoned by the same formula over the same deliveries, in the "
        "same batches, with the same events and requests: Node with Powertools at "
        f"{usual['memory_mb']} MB, CPU of a delivery as that of the peer's warm debit. Each "
        f"delivery is one idempotency record ({usual['idempotency_calls']} calls, "
        f"{usual['idempotency_units']} units), one read and, where this platform writes at all, "
        f"one transaction of two small items ({usual['transaction_units']} units). Placing a bet "
        "takes as many units as was measured of the peer above, and two calls more than here. "
        "A chunk of a market's bets is one delivery, as it is here. *Leanest* has one plain put "
        "instead of the transaction, with nothing that tells of what it did. Both keep what Lambda "
        "says of each invocation in their logs, as is usual; this platform keeps warnings. "
        "Neither was built: CPU and deliveries are measured, the rest is this paragraph.",
    ]


def grouped(costs: Costs) -> str:
    """Dollars by group, with what others make of the same."""
    parts = (costs.placing, costs.settling, costs.life, costs.usual, costs.leanest)
    sums = [cost.by_group(part) for part in parts]
    rows = [
        [group, *[money(sum(part.get(group, Counter()).values())) for part in sums]]
        for group, units in cost.by_group(costs.life).items()
        # Less than a cent is what the clock's own work leaves.
        if sum(units.values()) >= CENT
    ]
    of_money = [money(cost.total(part, cost.MONEY)) for part in parts]
    every = [f"**{money(cost.total(part))}**" for part in parts]
    heads = ["group", "placing", "settling", "in all", "usual build", "leanest of these"]
    ends = [["**in all**", *every], ["of it " + ", ".join(cost.MONEY), *of_money]]
    return table(heads, [*rows, *ends])


def by_kind(costs: Costs) -> str:
    """Amounts and dollars by kind of unit."""
    units = {one.unit for one in costs.life}
    rows = []
    for unit in sorted(units, key=lambda unit: -of_kind(costs.life, unit)):
        price = costs.prices["units"][unit]
        amount = sum(one.amount for one in costs.life if one.unit == unit)
        rows.append(
            [
                unit_name(unit),
                told(amount),
                f"{price['price']:.10g} / {price['per']:,}",
                *[money(of_kind(part, unit)) for part in (costs.life, costs.mix, costs.usual)],
            ]
        )
    heads = ["unit", "of a bet", "price", "single", "mix with accumulators", "usual build"]
    return table(heads, rows)


def of_kind(found: Iterable[Term], unit: str) -> float:
    return sum(one.dollars for one in found if one.unit == unit)


COUNTED = {
    "messages": ("message", "handled"),
    "invocations": ("lambda", "Invoke"),
    "calls of tables": ("call", ""),
    "refused": ("refused", ""),
    "write units": ("write", ""),
    "read units": ("read", ""),
}


def by_function(run: Document) -> str:
    """What each function was counted for, for one bet from its placing to its payout."""
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for part in ("placing", "settling"):
        for key, value in run[part]["counts"].items():
            function, kind, place, operation = key.split("|")
            for name, (wanted, ending) in COUNTED.items():
                is_wanted = kind == wanted and operation.endswith(ending)
                # Of Lambda there are records, of calls those to other services.
                if is_wanted and place != "records" and (kind != "call" or place == "tables"):
                    sums[function][name] += value
    rows = [
        [function, *[told(counts[name]) if counts[name] else "" for name in COUNTED]]
        for function, counts in sorted(sums.items(), key=lambda item: -item[1]["write units"])
        # What is left of the clock's own work is no bet's.
        if max(counts.values()) >= LEAST
    ]
    return table(["function", *COUNTED], rows)


def unit_name(unit: str) -> str:
    return UNITS.get(unit, f"{unit.replace('_', ' ')}s")


def shown(one: Term) -> list[str]:
    return [f"{one.function}: {unit_name(one.unit)}", told(one.amount), money(one.dollars)]


def missed(lines: list[Line], found: list[Term]) -> list[str]:
    """By how much a line is missed, and what weighs most in it."""
    told_of = []
    for line, groups in zip(lines, (cost.MONEY, None), strict=True):
        if line.holds:
            continue
        limit = float(line.limit.rpartition("$")[2])
        over = cost.total(found, groups) - limit
        weights = ", ".join(
            f"{one.function}'s {unit_name(one.unit)} (${money(one.dollars)})"
            for one in cost.heaviest(found, 5, groups)
        )
        told_of.append(f"**Missed by ${money(over)}** ({line.what}): most of it is {weights}.")
    return told_of


def plots(folder: Path) -> None:
    """What waited over time, and what a bet's life costs by kind of unit."""
    if known := read(folder):
        flow, costs = known
        plot_backlog(flow["load"]["backlog"], folder / BACKLOG)
        plot_costs(costs, folder / COSTS)


def plot_backlog(backlog: Document, path: Path) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3))
    axes.fill_between(*zip(*backlog["looks"], strict=True), color="#1b7f5c", linewidth=0)
    for moment, text, height in (
        (backlog["placed_at_s"], "last bet answered", 0.98),
        (backlog["settled_at_s"], "results", 0.88),
    ):
        axes.axvline(moment, color="#9aa5b1", linewidth=1)
        axes.text(moment, height * axes.get_ylim()[1], f" {text}", va="top", fontsize=8)
    axes.set_xlabel("seconds")
    axes.set_ylabel("messages and records waiting")
    axes.spines[["top", "right"]].set_visible(False)
    page_plots.save(figure, path, bbox_inches="tight")


def plot_costs(costs: Costs, path: Path) -> None:
    from matplotlib import pyplot

    bars = {"Quoin": costs.life, "usual, leanest": costs.leanest, "usual": costs.usual}
    figure, axes = pyplot.subplots(figsize=(8, 2.5))
    left = dict.fromkeys(bars, 0.0)
    for unit in [*UNITS, REST]:
        sums = {
            name: sum(one.dollars for one in found if kind(one) == unit)
            for name, found in bars.items()
        }
        label = UNITS.get(unit, REST)
        # There are more kinds than colours.
        colour = "#444444" if unit == REST else None
        values, begins = list(sums.values()), list(left.values())
        axes.barh(list(bars), values, left=begins, label=label, color=colour)
        left = {name: left[name] + sums[name] for name in bars}
    axes.bar_label(axes.containers[-1], [f" ${one:.0f}" for one in left.values()])
    axes.invert_yaxis()
    axes.set_xlabel("dollars per million bets, placed, settled and paid")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=7, ncols=5, loc="upper center", bbox_to_anchor=(0.45, -0.3))
    page_plots.save(figure, path, bbox_inches="tight")


def kind(one: Term) -> str:
    return one.unit if one.unit in UNITS else REST
