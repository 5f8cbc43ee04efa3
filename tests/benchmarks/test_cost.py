"""What a bet costs, against sums done by hand."""

from __future__ import annotations

import pytest

from benchmarks import cost, reckon
from benchmarks.cost import Cpu, Function

CPU = Cpu(
    {"place-bet": 0.7, "settle one bet": 0.7, "credit from an event": 0.7},
    0.25,
    (0.8, 0.04),
    15,
    12,
)
DECLARED = {
    "place-bet": Function("sportsbook", 512),
    "wallet-payouts": Function("wallet", 256),
    "audit": Function("reporting", 256),
    "publisher": Function("event-publisher", 512),
}
# One bet: placed in one transaction of ten units, told by two events, paid by a consumer.
COUNTS = {
    "place-bet|http|requests|Request": 1,
    "place-bet|lambda|invocations|Invoke": 1,
    "place-bet|call|tables|BatchGetItem": 1,
    "place-bet|call|tables|TransactWriteItems": 1,
    "place-bet|read|markets|BatchGetItem": 2,
    "place-bet|write|journal|TransactWriteItems": 10,
    "publisher|lambda|invocations|Invoke": 0.5,
    "publisher|call|events|PutEvents": 0.5,
    "publisher|event|BetPlaced|chunks": 1,
    "publisher|event|BetPlaced|bytes": 1000,
    "publisher|event|SMSSent|chunks": 1,
    "bus|sqs|wallet-payouts|SendMessage": 1,
    "wallet-payouts|sqs|wallet-payouts|ReceiveMessage": 0.2,
    "wallet-payouts|sqs|wallet-payouts|DeleteMessageBatch": 0.2,
    "wallet-payouts|message|wallet-payouts|handled": 1,
    "wallet-payouts|lambda|invocations|Invoke": 0.2,
    "wallet-payouts|call|tables|TransactWriteItems": 1,
    "wallet-payouts|write|wallets|TransactWriteItems": 8,
}


def dollars(found: list[cost.Term], function: str, unit: str) -> float:
    return sum(one.dollars for one in found if (one.function, one.unit) == (function, unit))


def terms() -> list[cost.Term]:
    return cost.terms(COUNTS, {"place-bet": 550}, DECLARED, CPU)


def test_units_are_paid_for_as_listed() -> None:
    found = terms()
    # 10 * 0.625, 2 * 0.125, 1 * 1.00 and 8 * 0.625 dollars.
    assert dollars(found, "place-bet", "write_unit") == pytest.approx(6.25)
    assert dollars(found, "place-bet", "read_unit") == pytest.approx(0.25)
    assert dollars(found, "place-bet", "http_request") == pytest.approx(1.00)
    assert dollars(found, "wallet-payouts", "write_unit") == pytest.approx(5.00)


def test_a_queue_is_paid_for_with_its_reader() -> None:
    found = terms()
    assert dollars(found, "wallet-payouts", "rule_send") == pytest.approx(0.40)
    # A fifth of a receive and a fifth of a delete: 0.4 * 0.40 dollars.
    assert dollars(found, "wallet-payouts", "queue_request") == pytest.approx(0.16)


def test_lambda_is_paid_for_its_calls_and_its_cpu() -> None:
    found = terms()
    # 2 calls * 5 ms + 1.4 ms of CPU + 0.5 ms of rounding = 11.9 ms of half a GB.
    seconds = 0.0119 * 0.5
    assert dollars(found, "place-bet", "gb_second") == pytest.approx(seconds * 13.3334)
    # A fifth of an invocation, with five calls: 25 + 3.5 + 0.5 = 29 ms of a quarter of a GB.
    seconds = 0.2 * 0.029 * 0.25
    assert dollars(found, "wallet-payouts", "gb_second") == pytest.approx(seconds * 13.3334)
    assert dollars(found, "place-bet", "invocation") == pytest.approx(0.20)
    # A twentieth is traced: 0.05 * 5.00 dollars.
    assert dollars(found, "place-bet", "trace") == pytest.approx(0.25)


def test_logs_are_the_functions_and_in_the_usual_build_lambdas_own_too() -> None:
    # 550 bytes of its own, times a million, at half a dollar a GB; and 450 of Lambda's.
    assert dollars(terms(), "place-bet", "log_byte") == pytest.approx(0.275)
    usual = [
        one.dollars
        for one in cost.usual(COUNTS, {"place-bet": 550}, DECLARED, CPU)
        if (one.function, one.unit) == ("place-bet", "log_byte")
    ]
    assert sum(usual) == pytest.approx(0.50)


def test_publishing_is_shared_out_by_events() -> None:
    found = terms()
    groups = cost.by_group(found)
    assert groups[cost.PUBLISH]["event"] == pytest.approx(1.00)
    assert groups[cost.TOLD]["event"] == pytest.approx(1.00)
    # Half of half an invocation each.
    assert groups[cost.PUBLISH]["invocation"] == pytest.approx(0.05)
    assert groups[cost.TOLD]["invocation"] == pytest.approx(0.05)
    # A GB of events in an archive.
    assert groups[cost.PUBLISH]["archived_byte"] == pytest.approx(0.10)


def test_the_publisher_works_for_each_event() -> None:
    # 4 events an invocation: 0.8 ms and three times 0.04 ms.
    assert CPU.ms("publisher", 1, 4) == pytest.approx(0.92)
    assert CPU.ms("authorizer", 0, 4) == 0.25


def test_a_line_of_the_budget_that_is_missed_is_told() -> None:
    held = {line.what: line.holds for line in cost.held(terms())}
    # Command 6.25 + 0.25 + 1 + … and the wallet's 5 are more than 10, and less than 30.
    assert list(held.values()) == [False, True]


def test_the_usual_build_pays_for_each_delivery() -> None:
    found = cost.usual(COUNTS, {}, DECLARED, CPU)
    # An idempotency record of 2 units and a transaction of 4, in place of 8.
    assert dollars(found, "wallet-payouts", "write_unit") == pytest.approx(6 * 0.625)
    assert dollars(found, "wallet-payouts", "read_unit") == pytest.approx(0.125)
    # 4 calls * 5 ms + 15 ms + 0.5 ms = 35.5 ms of half a GB.
    seconds = 0.0355 * 0.5
    assert dollars(found, "wallet-payouts", "gb_second") == pytest.approx(seconds * 13.3334)
    # The command has two calls more, and Node's CPU.
    assert dollars(found, "place-bet", "gb_second") == pytest.approx(seconds * 13.3334)
    # And as many units as were measured of it.
    assert dollars(found, "place-bet", "write_unit") == pytest.approx(7.50)
    assert dollars(found, "SMSSent", "event") == pytest.approx(1.00)


def test_the_leanest_has_one_plain_put_and_who_writes_nothing_has_none() -> None:
    lean = cost.usual(COUNTS, {}, DECLARED, CPU, lean=True)
    assert dollars(lean, "wallet-payouts", "write_unit") == pytest.approx(3 * 0.625)
    counts = {"audit|message|audit|handled": 1, "audit|lambda|invocations|Invoke": 1}
    silent = cost.usual(counts, {}, DECLARED, CPU)
    assert dollars(silent, "audit", "write_unit") == pytest.approx(2 * 0.625)


def test_terms_of_the_same_thing_are_told_as_one() -> None:
    one = cost.term("wallet", "wallet-payouts", "write_unit", 8)
    other = cost.term("wallet", "wallet-payouts", "read_unit", 1)
    told = reckon.told([other, one, one])
    assert told[0] == ["wallet", "wallet-payouts", "write_unit", 16, 10.0]
    assert told[1] == ["wallet", "wallet-payouts", "read_unit", 1, 0.125]


def test_every_price_has_a_page_and_says_where_it_was_found() -> None:
    for name, unit in cost.prices()["units"].items():
        assert unit["page"].startswith("https://aws.amazon.com/"), name
        assert unit["found"] == "known" or unit["found"].startswith("https://"), name
        assert cost.dollars(name, 1) > 0
