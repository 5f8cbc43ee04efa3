"""What is pure in measuring growth: shapes of curves, chains of seeded wallets, the page."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from benchmarks import growth_many, page_growth
from benchmarks import growth_seed as seed
from benchmarks.growth_crowd import Crowd
from benchmarks.growth_shape import FALLING, FLAT, LINEAR, WORSE, Shape, shape


@pytest.mark.parametrize(
    ("costs", "kind"),
    [
        ([100, 100, 100, 100], FLAT),
        ([100, 104, 98, 107], FLAT),
        ([100, 120, 180, 280], LINEAR),
        ([20, 26, 35, 35], LINEAR),
        ([10, 20, 60, 200], WORSE),
        ([20, 10, 5, 4], FALLING),
        ([100, 100, 100, 150], WORSE),
    ],
)
def test_a_curve_has_a_shape(costs: list[float], kind: str) -> None:
    assert shape([1, 2, 5, 10], costs).kind == kind


def test_what_one_more_costs() -> None:
    assert shape([1, 11], [30, 130]) == Shape(LINEAR, 10.0, 20.0)


def test_steps_of_ten_are_linear_where_tens_go_together() -> None:
    assert shape([1, 10, 100], [1, 1, 10]).kind == LINEAR


def test_a_wallet_with_a_past_is_linked_to_its_last_entry() -> None:
    wallet = seed.Wallet("user_1", 3)
    entries = list(wallet.journal())
    assert [one["sk"]["N"] for one in entries] == ["1", "2", "3"]
    assert [one["ph"]["S"] for one in entries] == ["", *[one["h"]["S"] for one in entries[:2]]]
    item = wallet.item()
    assert item["h"] == entries[-1]["h"]
    assert (item["v"]["N"], seed.cash(item)) == ("3", seed.CASH - 2 * seed.TAKEN)
    (line,) = json.loads(entries[-1]["lines"]["S"], parse_float=Decimal)
    assert line["before"] + line["delta"] == line["after"] == seed.cash(item)


def test_a_link_covers_every_field_behind_its_length() -> None:
    assert seed.linked(["ab", "c"]) != seed.linked(["a", "bc"])
    # SHA-256 of eight zero bytes: one empty field.
    known = "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc"
    assert seed.linked([""]) == known


def test_items_go_in_parts() -> None:
    assert list(seed.parts(iter("abcde"), 2)) == [["a", "b"], ["c", "d"], ["e"]]


def test_bets_alike_differ_in_their_ids() -> None:
    state = {
        "bet_id": "bet_0",
        "stake": {"amount": 1, "asset": "cash"},
        "potential_payout": 1.1,
        "selections": [{"event_id": "sr:match:1", "market_id": "1", "outcome_id": "2"}],
    }
    bet = {"pk": {"S": "bet#bet_0"}, "st": {"S": json.dumps(state)}}
    found = dict(seed.alike(bet, 3))
    assert len(found) == 3
    for bet_id, item in found.items():
        assert item["pk"]["S"] == f"bet#{bet_id}"
        assert json.loads(item["st"]["S"]) == state | {"bet_id": bet_id}
        row = seed.index_row(bet_id, item)
        assert row["sk"]["S"] == f"1##{bet_id}#0"
        assert row["pk"]["S"].startswith("index#sr:match:1#")


def run(seconds: float, tries: int) -> Crowd:
    calls = {"GetItem": 4, "TransactWriteItems": tries}
    return Crowd([10.0, 20.0, 30.0, 40.0], ["gave up"], seconds, calls, 0.2, 0.9, 0.3)


def test_a_crowd_is_told_by_the_run_of_the_median_rate_and_the_most_tries() -> None:
    figures = growth_many.middle([run(4, 4), run(1, 4), run(2, 6)])
    assert (figures["per_second"], figures["tries_per_success"]) == (2, 1.5)
    assert (figures["done"], figures["given_up"], figures["p99_ms"]) == (4, 1, 40)
    # A fifth of a CPU for two seconds, for four commands.
    assert figures["cpu_ms"] == pytest.approx(100)


def point(size: int, **changes: Any) -> dict[str, Any]:
    return {
        "size": size,
        "calls": {"GetItem": 1.0},
        "bytes": 5_000.0,
        "write_units": 0.0,
        "warm_cpu_ms": 2.0,
        "p50_ms": 12.0,
        "instructions": 1_000_000 + 500_000 * size,
    } | changes


def crowd(size: int, **changes: Any) -> dict[str, Any]:
    return {
        "size": size,
        "done": 128,
        "given_up": 0,
        "per_second": 100.0,
        "p50_ms": 12.0,
        "p99_ms": 15.0,
        "tries_per_success": 1.0,
        "engine_cpus": 0.9,
        "functions_cpus": 0.2,
        "cpu_ms": 2.0,
    } | changes


def document(**of_one_event: Any) -> dict[str, Any]:
    each = [{"by": by, "does": "debit", "points": [point(1), point(10)]} for by in page_growth.ONE]
    settling = {"bets": 10, "calls": {"Query": 10, "PutItem": 10}, "write_units": 20, "cpu_ms": 9}
    found = {"Query": 16, "SendMessageBatch": 2}
    sizes = [point(size, invocations=1, finding=found, settling=settling) for size in (10, 100)]
    names = ("debit", "bet on own event", "bet on one event")
    crowds = [{"does": name, "points": [crowd(1), crowd(8)]} for name in names]
    crowds[2]["points"][1] |= of_one_event
    writers = [crowd(1, left="7.5"), crowd(8, left="6.5", tries_per_success=2.75)]
    crowds.append({"does": "debit one wallet", "points": writers})
    return {"at": "2026-01-01", "curves": each, "settling": sizes, "crowds": crowds}


def test_the_page_says_what_each_curve_is() -> None:
    text = "\n".join(page_growth.rendered(document()))
    assert (
        "calls flat; kB flat; instructions linear (500 thousand per leg on top of 1,000 thousand)."
        in text
    )
    assert "events/s of a CPU" in text
    assert "| 10 | 1 | 5 | 6,000 | 2 | 12 | 5,000 |" in text
    assert "Calls to find bets: flat. Calls to settle one: flat." in text
    assert "nothing that they share is contended" in text
    assert "Everybody on one event is 1 to 1 times as fast" in text
    assert "The engine takes 4.5 times as much CPU as the functions" in text
    assert "Tries per success: linear (0.25 per writer on top of 0.75)" in text


def test_what_is_contended_is_told() -> None:
    text = "\n".join(page_growth.rendered(document(tries_per_success=1.5)))
    assert "Tries per success: 1.5 at most, so something is contended" in text
