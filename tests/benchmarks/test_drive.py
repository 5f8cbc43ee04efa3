"""The driver plays the profile's mix, and its table says what came of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from benchmarks import drive, load
from benchmarks.drive import Asked

PROFILE = load.read("orders")


def test_a_plan_is_the_profiles_mix() -> None:
    counts = Counter(drive.plan(PROFILE, 20_000, seed=3))
    assert set(counts) == {drive.CREATED, *PROFILE.refused}
    for name, of_ten_thousand in {drive.CREATED: PROFILE.created, **PROFILE.refused}.items():
        assert counts[name] == pytest.approx(2 * of_ten_thousand, rel=0.4), name


@pytest.mark.parametrize("count", [1, 5, 8, 9, 40])
def test_a_short_plan_has_each_outcome_once_and_no_order_too_many(count: int) -> None:
    planned = drive.plan(PROFILE, count, seed=1)
    assert len(planned) == count
    names = {drive.CREATED, *PROFILE.refused}
    assert set(planned) <= names
    assert len(set(planned)) >= min(count, len(names))
    assert planned == drive.plan(PROFILE, count, seed=1)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, None),
        ([7], 0.95, 7),
        ([3, 1, 2], 0.5, 2),
        ([4, 1, 2, 3], 0.5, 2),
        (range(1, 101), 0.95, 95),
        (range(1, 101), 0.5, 50),
    ],
)
def test_percentiles_are_values_that_were_seen(
    values: Any, share: float, expected: float | None
) -> None:
    assert drive.percentile(values, share) == expected


def test_the_steps_of_an_order_are_measured_from_the_one_before() -> None:
    def item(event: str, second: str) -> dict[str, str]:
        return {"event": event, "timestamp": f"2026-01-04T10:17:{second}Z"}

    items = [
        item("order.validation_started", "05.000"),
        item("order.validation_completed", "05.250"),
        item("order.initiated", "05.300"),
        item("wallet.debited", "05.300"),
        item("wallet.debited", "05.300"),
        item("order.paid", "05.300"),
        item("bizone.order_created", "06.300"),
    ]
    found = drive.steps({"items": items})
    assert {step: round(value) for step, value in found.items()} == {
        "order.validation_completed": 250,
        "order.paid": 50,
        "bizone.order_created": 1000,
    }


def test_the_table_counts_outcomes_and_shows_what_was_not_wanted() -> None:
    found = [
        Asked("created", "created", 100.0, "order_1", {"order.paid": 5.0}),
        Asked("created", "500", 300.0),
        Asked("OUT_OF_STOCK", "OUT_OF_STOCK", 200.0),
    ]
    rows = {line.split()[0]: line.split()[1:] for line in drive.table(found).splitlines() if line}
    assert rows["created"] == ["2", "1"]
    assert rows["500"] == ["0", "1"]
    assert rows["OUT_OF_STOCK"] == ["1", "1"]
    assert rows["answer"] == ["3", "200", "300"]
    assert rows["order.paid"] == ["1", "5", "5"]
    assert rows["order.created"] == ["0", "-", "-"]
