"""The sections about the whole flow, of figures that are known."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import cost, page_flow
from benchmarks.page_flow import Costs

SPREAD = {"p50": 0.1, "p95": 0.2, "p99": 0.3, "max": 0.4}
COUNTS = {
    "audit|message|audit|handled": 4.0,
    "audit|lambda|invocations|Invoke": 0.5,
    "audit|lambda|records|Invoke": 4.0,
    "audit|call|tables|BatchWriteItem": 0.5,
    "audit|call|kms|Decrypt": 7.0,
    "audit|write|rows|BatchWriteItem": 8.0,
    "sweeper|read|rows|Query": 0.01,
}


def flow(**lost: int) -> dict[str, Any]:
    part = {"counts": COUNTS, "logs": {}}
    run = {
        "bets": 100,
        "accumulators": 20,
        "rate": 10.0,
        "whole_rate": 8.0,
        "ceiling": 16.0,
        "asked": {"invocations": 5.0, "table_calls": 20.0},
        "cpus": {"emulator": 0.9, "functions": 0.5, "machine": 1.9},
        "answer_s": SPREAD,
        "effect_s": SPREAD,
        "effects_known": 100,
        "backlog": {
            "max": 300,
            "when_placed": 200,
            "empty_after_s": 4.0,
            "settled_empty_after_s": 7.0,
        },
        "placing": part,
        "settling": part,
    }
    return {
        "at": "2026-01-01",
        "people": 10,
        "workers": 4,
        "markets": 5,
        "ceilings": {"table engine": 250.0},
        "alone": run,
        "load": run,
        "singles": run,
        "checks": {
            "bets": 300,
            "winners": 150,
            "verified": {"items": 1000, "wallets": 10},
            "lost": {"dead letters": 0} | lost,
        },
    }


def costs(write_units: float) -> Costs:
    def one(group: str, unit: str, amount: float) -> list[Any]:
        return [group, "a-function", unit, amount, cost.dollars(unit, amount)]

    placing = [one("command", "write_unit", write_units), one("reporting", "event", 1)]
    terms = {"placing": placing, "settling": [one("wallet", "write_unit", 4)]}
    terms |= {"mix": placing, "usual": placing, "leanest": placing}
    every = [cost.Term(*known) for part in ("placing", "settling") for known in terms[part]]
    lines = [vars(line) for line in cost.held(every)]
    return Costs({"terms": terms, "lines": lines, "prices": cost.prices()})


def test_what_was_found_is_beside_what_the_emulator_can_do() -> None:
    text = "\n".join(page_flow.under_load(flow(), "benchmarks"))
    assert "| **bets answered** | **10** |" in text
    assert "| table engine | 250 |" in text
    assert "what is found is 50 % of it" in text
    assert "| HTTP answer, under load | 100 | 200 | 300 | 400 |" in text


def test_a_loss_is_told_first() -> None:
    assert "**Nothing was lost.**" in "\n".join(page_flow.under_load(flow(), "benchmarks"))
    text = "\n".join(page_flow.under_load(flow(**{"dead letters": 2}), "benchmarks"))
    assert "**Not everything is well: 2 dead letters.**" in text
    assert "Nothing was lost" not in text


def test_groups_add_up() -> None:
    text = page_flow.grouped(costs(8))
    # 8 * 0.625, 1 * 1.00 and 4 * 0.625 dollars.
    assert "| command | 5.00 | 0.00 | 5.00 | 5.00 | 5.00 |" in text
    assert "| **in all** | **6.00** | **2.50** | **8.50** | **6.00** | **6.00** |" in text
    assert "| of it command, publishing, wallet | 5.00 | 2.50 | 7.50 | 5.00 | 5.00 |" in text


@pytest.mark.parametrize(("units", "over"), [(8, None), (16, "2.50")])
def test_a_line_that_is_missed_says_by_how_much_and_why(units: float, over: str | None) -> None:
    known = costs(units)
    told = page_flow.missed(known.lines, known.life)
    assert len(told) == (over is not None)
    if over:
        assert f"**Missed by ${over}**" in told[0]
        assert "a-function's write units ($10.00)" in told[0]


def test_functions_are_told_by_what_was_counted() -> None:
    text = page_flow.by_function(flow()["singles"])
    # Both parts of a bet's life; records, calls to others and the clock's rest are no part of it.
    assert "| audit | 8 | 1 | 1 |  | 16 |  |" in text
    assert "sweeper" not in text
