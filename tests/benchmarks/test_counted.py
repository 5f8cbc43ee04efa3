"""What was counted, as figures: by hand where it can be."""

from __future__ import annotations

import pytest
from local import counting

from benchmarks import counted


def look(at: float, waiting: int = 0, taken: int = 0, stream: int = 0) -> dict[str, float]:
    return {"at": at, "waiting": waiting, "taken": taken, "stream": stream, "running": 0}


def test_a_difference_leaves_out_what_did_not_change() -> None:
    before = {"a|call|tables|GetItem": 3, "a|read|t|GetItem": 1.5}
    after = {"a|call|tables|GetItem": 5, "a|read|t|GetItem": 1.5, "b|call|tables|Query": 1}
    found = counted.difference(before, after)
    assert found == {"a|call|tables|GetItem": 2, "b|call|tables|Query": 1}


def test_what_the_clock_does_anyway_is_taken_off_and_never_below_nothing() -> None:
    counts = {"sweep|read|t|Query": 10.0, "sweep|write|t|Put": 1.0, "pay|read|t|Query": 10.0}
    idle = {"sweep|read|t|Query": 4.0, "sweep|write|t|Put": 3.0, "pay|read|t|Query": 4.0}
    found = counted.without_clock(counts, idle, 2, {"sweep"})
    assert found == {"sweep|read|t|Query": 2.0, "pay|read|t|Query": 10.0}


def test_counts_of_one_bet() -> None:
    assert counted.each({"pay|write|t|Put": 25.0}, 10) == {"pay|write|t|Put": 2.5}


def test_a_kind_is_summed_by_function_or_by_place() -> None:
    counts = {"a|write|t|Put": 1.0, "a|write|u|Put": 2.0, "b|write|t|Put": 4.0, "b|read|t|Get": 8.0}
    assert counted.summed(counts, kind="write") == {"a": 3.0, "b": 4.0}
    assert counted.summed(counts, kind="write", by=2) == {"t": 5.0, "u": 2.0}


def test_the_delay_is_until_the_last_message_of_the_request() -> None:
    handled = [
        {"request_id": "one", "at": 12.0},
        {"request_id": "one", "at": 11.0},
        {"request_id": "two", "at": 9.5},
        {"request_id": "of somebody else", "at": 99.0},
        {"request_id": None, "at": 99.0},
    ]
    found = counted.delays({"one": 10.0, "two": 10.0, "unheard": 10.0}, handled)
    assert found == {"one": 2.0, "two": 0.0}


def test_it_is_empty_since_the_first_of_looks_enough_that_found_nothing() -> None:
    busy = [look(0), look(1, waiting=3), look(2, taken=1), look(3, stream=2)]
    quiet = [look(4 + place) for place in range(counted.QUIET_LOOKS)]
    assert counted.emptied_at([*busy, *quiet[:-1]]) is None
    assert counted.emptied_at([*busy, *quiet]) == 4
    assert counted.emptied_at([*quiet, look(99, taken=1)]) is None


def test_only_what_is_named_keeps_it_from_being_empty() -> None:
    looks = [look(place, taken=1) for place in range(counted.QUIET_LOOKS)]
    assert counted.emptied_at(looks) is None
    assert counted.emptied_at(looks, ("waiting", "stream")) == 0


def test_a_spread_is_by_nearest_rank() -> None:
    found = counted.spread([float(one) for one in range(1, 101)])
    assert found == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}


@pytest.mark.parametrize(("size", "times"), [(0, 1), (65_536, 1), (65_537, 2)])
def test_messages_are_paid_for_by_their_size(size: int, times: int) -> None:
    assert counting.chunks("x" * size) == times


def test_a_batch_of_reads_rounds_each_item_and_pays_for_the_absent() -> None:
    # 1 unit, 2 units, and one for what is not there; half of it when read eventually.
    assert counting.read_units([4_096, 4_097], 3, consistent=True) == 4.0
    assert counting.read_units([4_096, 4_097], 3, consistent=False) == 2.0


def test_a_refused_transaction_costs_two_units_an_item_at_least() -> None:
    request = {"TransactItems": [{}, {}, {}]}
    assert counting.refused_units("TransactWriteItems", request) == 6.0
    assert counting.refused_units("PutItem", {}) == 1.0


def test_a_function_is_known_by_its_token() -> None:
    assert counting.caller({"x-amz-security-token": "function:quoin-local-notify"}).endswith(
        "notify"
    )
    assert counting.caller({}) == counting.OUTSIDE
