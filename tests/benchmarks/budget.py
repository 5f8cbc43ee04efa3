"""What functions may take at most, held against what was found."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
OWN = "Quoin"
SDK = "Rust, SDK as it comes"
LIMIT = "hand-written limit"
# Held against the limit.
AIMS = ("debit", "place-bet", "authorizer", "publisher, 1 event")


def ratio(own: list[float], other: list[float]) -> tuple[float, float, float]:
    """The median of how often as much `other` is in each run, with the least and the most."""
    each = [theirs / ours for ours, theirs in zip(own, other, strict=True)]
    return statistics.median(each), min(each), max(each)


@dataclass(frozen=True)
class Line:
    """One line of the budget."""

    what: str
    limit: str
    found: str
    holds: bool


def lines(rows: list[Row]) -> list[Line]:
    """Every line whose figures are there."""
    every = {(row["does"], row["by"]): row for row in rows}
    found: list[Line] = []

    def those(*names: tuple[str, str]) -> list[Row] | None:
        chosen = [every[name] for name in names if name in every]
        return chosen if len(chosen) == len(names) else None

    def at_most(what: str, value: float, limit: float, unit: str) -> None:
        found.append(Line(what, f"≤ {limit:g} {unit}", f"{value:.3g} {unit}", value <= limit))

    def share(what: str, value: float, whole: float, parts: float) -> None:
        found.append(Line(what, f"≤ 1/{parts:g}", f"1/{whole / value:.3g}", whole / value >= parts))

    if pair := counted(those(("debit", OWN), ("debit", SDK)), "cold"):
        share("cold start and first debit: instructions of the SDK as it comes", *pair, 50)
    for peer, parts in (("Node + Powertools", 10), ("Python + Powertools", 8)):
        if both := those(("debit", OWN), ("debit", peer)):
            times, _, _ = ratio(*(row["warm_cpu_ms"] for row in both))
            share(f"warm debit: CPU of {peer}", 1, times, parts)
    for does in ("place-bet", "settle one bet", "credit from an event", "order, 3 coins"):
        for row in those((does, OWN)) or []:
            at_most(f"{does}: calls of the table", sum(row["calls"].values()), 2, "calls")
    for row in those(("place-bet", OWN)) or []:
        at_most("place-bet: write units", row["write_units"], 10, "units")
    if own := [row for row in rows if row["by"] == OWN]:
        at_most("zip of the largest of these", max(row["zip_mb"] for row in own), 3, "MB")
        memory = max(max(row["memory_mb"]) for row in own)
        at_most("peak memory of the hungriest of these", memory, 12, "MB")
    for does in AIMS:
        if pair := counted(those((does, OWN), (does, LIMIT)), "warm"):
            what = f"{does}: warm instructions of the {LIMIT} (an aim)"
            at_most(what, pair[0] / pair[1], 1.5, "times")
    return found


def counted(rows: list[Row] | None, which: str) -> list[int]:
    """Instructions of all of `rows`, if all were counted."""
    values = [row["instructions"].get(which) for row in rows or []]
    return values if all(values) else []
