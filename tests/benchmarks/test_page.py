"""The page of figures that are known."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import budget, page

ONLY_OWN = ("settle one bet", "credit from an event", "order, 3 coins")


def row(does: str, by: str, times: float, **changes: Any) -> dict[str, Any]:
    return {
        "does": does,
        "by": by,
        "cold_cpu_ms": [2 * times, 2 * times, 4 * times],
        "warm_cpu_ms": [0.2 * times, 0.25 * times, 0.2 * times],
        "first_ms": [12.0 * times],
        "memory_mb": [7.0 * times],
        "p50_ms": 11.0 * times,
        "p99_ms": 15.0 * times,
        "calls": {"BatchGetItem": 1.0, "TransactWriteItems": 1.0},
        "bytes": 4_000.0,
        "write_units": 6.0,
        "read_units": 2.0,
        "instructions": {"cold": int(4e6 * times), "warm": int(5e5 * times)},
        "at_memory": {"128": {"first": 30.0, "p50": 5.5}},
        "zip_mb": 2.2,
    } | changes


def document(**own: Any) -> dict[str, Any]:
    others = [
        (budget.LIMIT, 0.5),
        (budget.SDK, 60),
        ("Node + Powertools", 30),
        ("Python + Powertools", 16),
    ]
    rows = []
    for does in ("debit", "place-bet"):
        rows += [row(does, budget.OWN, 1, **own), *[row(does, *other) for other in others]]
    rows += [row(does, budget.OWN, 1) for does in ONLY_OWN]
    return {
        "at": "2026-01-01",
        "machine": {"architecture": "x86_64", "cpus": 2, "cpu": "a CPU"},
        "versions": {"rustc": "rustc 1.95.0", "node": "v20", "python": "3.11"},
        "runs": 3,
        "calls": 10,
        "pace_ms": 5.0,
        "rows": rows,
    }


def test_a_ratio_is_of_the_same_run() -> None:
    assert budget.ratio([1, 2, 4], [10, 10, 10]) == (5, 2.5, 10)


@pytest.mark.parametrize(
    ("number", "text"), [(1234.5, "1,234"), (12.345, "12.3"), (0.0567, "0.057"), (3, "3")]
)
def test_numbers_are_short(number: float, text: str) -> None:
    assert page.told(number) == text


def test_peers_are_told_as_ratios() -> None:
    text = page.page(document())
    assert "| **2 ms** | **0.2 ms** |" in text.replace("Quoin | ", "| ", 1)
    assert "| Node + Powertools | 30x (30 to 30) |" in text
    assert "1 BatchGetItem, 1 TransactWriteItems" in text


def test_a_line_that_is_missed_is_told() -> None:
    held = {line.what: line.holds for line in budget.lines(document()["rows"])}
    assert held["cold start and first debit: instructions of the SDK as it comes"]
    assert held["warm debit: CPU of Node + Powertools"]
    assert not held["debit: warm instructions of the hand-written limit (an aim)"]
    missed = document(write_units=11.0, zip_mb=3.1)
    names = {line.what for line in budget.lines(missed["rows"]) if not line.holds}
    assert {"place-bet: write units", "zip of the largest of these"} <= names
    assert "**no**" in page.page(missed)
