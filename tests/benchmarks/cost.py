"""What a million bets cost: counts of one bet times list prices, every term of it visible.

Pure. Prices, and what is taken for granted where nothing is counted, are in `prices.yaml`.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .budget import OWN, Line

MILLION = 1_000_000
NODE = "Node + Powertools"
COMMAND, PUBLISH, TOLD, WALLET = "command", "publishing", "publishing of others", "wallet"
SETTLEMENT, CLOCK = "settlement", "by the clock"
MONEY = (COMMAND, PUBLISH, WALLET)
OF_THE_COMMAND = ("place-bet", "authorizer")
# What was measured of a function, or of one that does as much for each of its calls.
MEASURED = {"place-bet": "place-bet", "settle-bets": "settle one bet"}
LIKE_MOST = "credit from an event"
# Who sends what rules copy to queues, as `local.counting` has it.
RULES = "bus"
OTHERS = {"kms": "kms_request", "secretsmanager": "secret_request"}


@dataclass(frozen=True)
class Function:
    """What is declared of a function."""

    service: str
    memory: int
    is_clocked: bool = False


@dataclass(frozen=True)
class Term:
    """`amount` units of one kind for one bet, and what a million bets pay for them."""

    group: str
    function: str
    unit: str
    amount: float
    dollars: float


@dataclass(frozen=True)
class Cpu:
    """CPU of an invocation in ms, from what `make bench` found; units of a bet elsewhere."""

    per_call: Mapping[str, float]
    without_calls: float
    publisher: tuple[float, float]
    node: float
    node_bet_units: float

    @classmethod
    def of(cls, rows: list[dict[str, Any]]) -> Cpu:
        every = {(row["does"], row["by"]): row for row in rows}

        def median(does: str, by: str = OWN) -> float:
            return statistics.median(every[does, by]["warm_cpu_ms"])

        def of_a_call(does: str) -> float:
            return median(does) / sum(every[does, OWN]["calls"].values())

        one, hundred = median("publisher, 1 event"), median("publisher, 100 events")
        return cls(
            per_call={does: of_a_call(does) for does in (*MEASURED.values(), LIKE_MOST)},
            without_calls=median("authorizer"),
            publisher=(one, (hundred - one) / 99),
            node=median("debit", NODE),
            node_bet_units=every["place-bet", NODE]["write_units"],
        )

    def ms(self, function: str, calls: float, events: float) -> float:
        """Of an invocation that makes so many calls and publishes so many events."""
        if function == "publisher":
            first, more = self.publisher
            return first + more * max(0.0, events - 1)
        return max(self.without_calls, calls * self.per_call[MEASURED.get(function, LIKE_MOST)])


@cache
def prices() -> dict[str, Any]:
    # Who only shows what was reckoned has no YAML.
    import yaml

    return yaml.safe_load(Path(__file__).with_name("prices.yaml").read_text())


def dollars(unit: str, amount: float) -> float:
    """What a million times so many units cost."""
    price = prices()["units"][unit]
    return amount * MILLION * price["price"] / price["per"]


def billed_ms(calls: float, cpu_ms: float) -> float:
    """Of one invocation: it waits for each call, and works in between."""
    assumed = prices()["assumptions"]
    return calls * assumed["call_ms"] + cpu_ms + assumed["rounding_ms"]


def gb_seconds(invocations: float, ms: float, memory_mb: int) -> float:
    return invocations * ms / 1000 * memory_mb / 1024


def group_of(function: str, declared: Mapping[str, Function]) -> str:
    known = declared.get(function)
    if function in OF_THE_COMMAND:
        return COMMAND
    if known is None:
        return function
    if known.service == "event-publisher":
        return PUBLISH
    return {"sportsbook": SETTLEMENT}.get(known.service, known.service)


def is_money(event: str) -> bool:
    """Whether an event tells of bets and wallets, or of what consumers made of these."""
    return event.startswith(("Bet", "wallet."))


class Amounts:
    """Units of one bet by function, out of its counts."""

    def __init__(self, counts: Mapping[str, float], logs: Mapping[str, float]) -> None:
        self.by: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.events: Counter[str] = Counter()
        self.event_bytes: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.invocations: Counter[str] = Counter()
        self.deliveries: Counter[str] = Counter()
        keys = [(tuple(key.split("|")), value) for key, value in counts.items()]
        readers = {key[2]: key[0] for key, _ in keys if key[1::2] == ("sqs", "ReceiveMessage")}
        for (function, kind, place, operation), value in keys:
            self._count(function, kind, place, operation, value, readers)
        for function, size in logs.items():
            self.by[function]["log_byte"] += size

    def _count(
        self,
        function: str,
        kind: str,
        place: str,
        operation: str,
        value: float,
        readers: Mapping[str, str],
    ) -> None:
        match kind:
            case "write" | "read":
                self.by[function][f"{kind}_unit"] += value
            case "http":
                self.by[function]["http_request"] += value
            case "sqs":
                unit = "rule_send" if function == RULES else "queue_request"
                # A queue is there for its reader, whoever fills it.
                self.by[readers.get(place, function)][unit] += value
            case "lambda" if place == "invocations":
                self.invocations[function] += value
                self.by[function]["invocation"] += value
                self.by[function]["trace"] += value * prices()["assumptions"]["sampled"]
            case "call":
                self.calls[function] += value
            case "event" if operation == "chunks":
                self.events[place] += value
            case "event":
                self.event_bytes[place] += value
            case "message" if operation == "handled":
                self.deliveries[function] += value
            case "s3":
                is_read = operation in ("GET", "HEAD")
                self.by[function]["object_get" if is_read else "object_put"] += value
            case _ if kind in OTHERS:
                self.by[function][OTHERS[kind]] += value


def terms(
    counts: Mapping[str, float],
    logs: Mapping[str, float],
    declared: Mapping[str, Function],
    cpu: Cpu,
) -> list[Term]:
    """Every term of what this platform costs. `counts` and `logs` are of one bet."""
    amounts, found = Amounts(counts, logs), []
    published = sum(amounts.events.values())
    for function, invocations in amounts.invocations.items():
        calls = amounts.calls[function] / invocations
        ms = billed_ms(calls, cpu.ms(function, calls, published / invocations))
        memory = declared[function].memory
        amounts.by[function]["gb_second"] += gb_seconds(invocations, ms, memory)
    told = sum(one for name, one in amounts.events.items() if not is_money(name))
    for function, units in amounts.by.items():
        group = group_of(function, declared)
        for unit, amount in units.items():
            # The publisher works for whoever has something to tell.
            share = told / published if group == PUBLISH and published else 0.0
            found.append(term(group, function, unit, amount * (1 - share)))
            found.append(term(TOLD, function, unit, amount * share))
    for name, amount in amounts.events.items():
        group = PUBLISH if is_money(name) else TOLD
        found.append(term(group, name, "event", amount))
        found.append(term(group, name, "archived_byte", amounts.event_bytes[name]))
    return [one for one in found if one.amount]


def merged(found: Iterable[Term]) -> list[Term]:
    """Terms of the same thing in one, the dearest first."""
    sums: dict[tuple[str, str, str], Term] = {}
    for one in found:
        key = (one.group, one.function, one.unit)
        known = sums.get(key)
        amount, value = (known.amount, known.dollars) if known else (0.0, 0.0)
        sums[key] = Term(*key, amount + one.amount, value + one.dollars)
    return sorted(sums.values(), key=lambda one: -one.dollars)


def term(group: str, function: str, unit: str, amount: float) -> Term:
    return Term(group, function, unit, amount, dollars(unit, amount))


def usual(
    counts: Mapping[str, float],
    logs: Mapping[str, float],
    declared: Mapping[str, Function],
    cpu: Cpu,
    lean: bool = False,
) -> list[Term]:
    """The same deliveries, handled as one usually builds it.

    Whatever is no delivery stays as it is here, but for the command's function, and Lambda's own
    lines in the logs.
    """
    assumed, amounts = prices()["usual"], Amounts(counts, logs)
    found = []
    for one in terms(counts, logs, declared, cpu):
        delivered, is_command = amounts.deliveries[one.function], one.function == "place-bet"
        replaced = ["gb_second", "write_unit"] + (["read_unit"] if delivered else [])
        if not ((delivered or is_command) and one.unit in replaced):
            found.append(one)
    for function, times in amounts.invocations.items():
        told = times * assumed["platform_log_bytes"]
        found.append(term(group_of(function, declared), function, "log_byte", told))
    for function, count in [*amounts.deliveries.items(), ("place-bet", None)]:
        if function not in declared:
            continue
        group = group_of(function, declared)
        if count is None:
            times = amounts.invocations[function]
            found.append(term(group, function, "write_unit", times * cpu.node_bet_units))
            calls = amounts.calls[function] / times + assumed["idempotency_calls"] if times else 0
        else:
            times = count
            writes = amounts.by[function]["write_unit"] > 0
            effect = assumed["plain_units"] if lean else assumed["transaction_units"]
            units = assumed["idempotency_units"] + (effect if writes else 0)
            found.append(term(group, function, "write_unit", count * units))
            found.append(term(group, function, "read_unit", count * assumed["read_units"]))
            calls = assumed["idempotency_calls"] + 1 + writes
        ms = billed_ms(calls, cpu.node)
        seconds = gb_seconds(times, ms, assumed["memory_mb"])
        found.append(term(group, function, "gb_second", seconds))
    return [one for one in found if one.amount]


def total(found: Iterable[Term], groups: Iterable[str] | None = None) -> float:
    wanted = None if groups is None else set(groups)
    return sum(one.dollars for one in found if wanted is None or one.group in wanted)


def by_group(found: Iterable[Term]) -> dict[str, Counter[str]]:
    """Dollars by group and unit, the dearest group first."""
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in found:
        sums[one.group][one.unit] += one.dollars
    return dict(sorted(sums.items(), key=lambda item: -sum(item[1].values())))


def heaviest(found: Iterable[Term], count: int, groups: Iterable[str] | None = None) -> list[Term]:
    return merged(one for one in found if groups is None or one.group in groups)[:count]


def held(found: list[Term]) -> list[Line]:
    """The budget's lines of cost."""
    lines = []
    for what, name, groups in (
        ("a bet's life: command, publishing and effects on wallets", "money", MONEY),
        ("a bet's life: the whole flow with every consumer", "everything", None),
    ):
        limit, value = prices()["budgets"][name], total(found, groups)
        lines.append(Line(what, f"≤ ${limit:g}", f"${value:.2f}", value <= limit))
    return lines
