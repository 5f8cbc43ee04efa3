"""Members: the registration saga, and what follows from it."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from client import Answer, Member, Platform, eventually, register, registration
from ledger import Ledger
from test_credits import invoke

STEPS = ["create_customer", "process_payment", "create_subscription", "queue_welcome_email"]


@pytest.fixture(scope="module")
def ledger(platform: Platform) -> Ledger:
    return Ledger(platform)


def events(ledger: Ledger, pk: str) -> list[dict[str, Any]]:
    """What a stream tells, oldest first."""
    texts = [text for item in ledger.stream(pk) for text in item.get("ev", {"L": []})["L"]]
    return [json.loads(text["S"], parse_float=Decimal) for text in texts]


def names(ledger: Ledger, pk: str) -> list[str]:
    return [event["event"] for event in events(ledger, pk)]


def saga(platform: Platform, saga_id: str) -> Any:
    return platform.get(f"/api/sagas/{saga_id}").expect(200)


def callback(platform: Platform, payment_id: str, kind: str, amount: str) -> Answer:
    body = {
        "type": f"payment.{kind}",
        "payment_id": payment_id,
        "amount": Decimal(amount),
        "provider_reference": "ref_1",
    }
    raw = json.dumps(body, default=float).encode()
    return platform.post(
        "/api/charges/callbacks/sandbox", raw, headers=platform.signed("payment", raw)
    )


def users_rows(ledger: Ledger, text: str) -> list[str]:
    """Rows of the users' tables that have `text` in them."""
    listed = ledger.tables.list_tables()["TableNames"]
    tables = [name for name in listed if "-UsersTable" in name or "-UserKeysTable" in name]
    rows = [
        json.dumps(item, default=str)
        for table in tables
        for page in ledger.tables.get_paginator("scan").paginate(
            TableName=table, ConsistentRead=True
        )
        for item in page["Items"]
    ]
    return [row for row in rows if text in row]


def test_a_registration_is_customer_payment_subscription_and_login(
    platform: Platform, ledger: Ledger
) -> None:
    member = Member(platform)
    assert names(ledger, f"customer#{member.customer_id}") == [
        "customer.created",
        "customer.registered",
    ]
    assert names(ledger, f"subscription#{member.subscription_id}") == ["subscription.created"]
    [paid] = events(ledger, f"charge#{member.payment_id}")
    assert (paid["event"], paid["data"]["amount"]) == ("payment.processed", Decimal("9.99"))
    assert member.get("/api/users/me").expect(200)["full_name"] == "Jane Doe"
    assert member.balance() == 0


def test_a_repeated_registration_gets_the_same_answer(platform: Platform, ledger: Ledger) -> None:
    body, key = registration(), uuid.uuid4().hex
    first = register(platform, body, key).expect(201)
    again = register(platform, body, key)
    assert (again.status, again.body) == (201, first)
    assert again.headers["idempotency-hit"] == "true"
    for other in ({"full_name": "Jane Roe"}, {"password": "another password"}):
        register(platform, body | other, key).problem(422, "IDEMPOTENCY_KEY_REUSED")
    assert names(ledger, f"charge#{first['payment_id']}") == ["payment.processed"]


def test_a_declined_payment_leaves_nothing_behind(platform: Platform, ledger: Ledger) -> None:
    body, key = registration(token="tok_decline"), uuid.uuid4().hex
    first = register(platform, body, key)
    first.problem(402, "PAYMENT_DECLINED")
    again = register(platform, body, key)
    assert (again.status, again.body) == (402, first.body)
    register(platform, body | {"plan": "yearly"}, key).problem(422, "IDEMPOTENCY_KEY_REUSED")
    login = {"email": body["email"], "password": body["password"]}
    platform.post("/api/sessions", login).expect(401)
    # The address is free.
    paying = body | {"payment_method": {"token": "tok_approve"}}
    made = register(platform, paying).expect(201)
    platform.post("/api/sessions", login).expect(200)
    assert users_rows(ledger, made["customer_id"].replace("cust_", "user_"))


def test_of_what_came_to_nothing_only_the_facts_are_left(
    platform: Platform, ledger: Ledger
) -> None:
    body, key = registration(token="tok_decline"), uuid.uuid4().hex
    register(platform, body, key).expect(402)
    scan = ledger.tables.get_paginator("scan")
    pages = scan.paginate(TableName=ledger.journal, ConsistentRead=True)
    streams = [item for page in pages for item in page["Items"]]
    deleted = [
        json.loads(text["S"])["data"]
        for item in streams
        if item["src"]["S"] != "test"  # what flows append by hand, of people who are there
        for text in item.get("ev", {"L": []})["L"]
        if '"customer.deleted"' in text["S"]
    ]
    declined = [one for one in deleted if one["reason"] == "payment_declined"]
    assert declined
    for one in declined:
        assert not users_rows(ledger, one["user_id"])
        assert names(ledger, f"customer#{one['customer_id']}") == [
            "customer.created",
            "customer.deleted",
        ]


def test_an_address_is_taken_once(platform: Platform) -> None:
    body = registration()
    register(platform, body).expect(201)
    key = uuid.uuid4().hex
    first = register(platform, body, key)
    first.problem(422, "EMAIL_TAKEN")
    assert register(platform, body, key).headers["idempotency-hit"] == "true"
    with ThreadPoolExecutor(8) as pool:
        one = registration()
        answers = list(pool.map(lambda _: register(platform, one), range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [422] * 7


def test_one_key_at_once_is_one_registration(platform: Platform, ledger: Ledger) -> None:
    body, key = registration(), uuid.uuid4().hex
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: register(platform, body, key), range(10)))
    assert {answer.status for answer in answers} <= {201, 409}
    made = eventually(lambda: register(platform, body, key), lambda answer: answer.status == 201)
    assert len(events(ledger, f"charge#{made.body['payment_id']}")) == 1


def test_a_late_payment_ends_the_saga(platform: Platform) -> None:
    body, key = registration(token="tok_late"), uuid.uuid4().hex
    underway = register(platform, body, key).expect(202)
    assert underway["status"] == "paying"
    register(platform, body, key).problem(409, "REGISTRATION_IN_PROGRESS")
    told = saga(platform, underway["saga_id"])
    assert [step["step"] for step in told["steps"]] == STEPS
    assert [step["status"] for step in told["steps"]] == ["done", "running", "waiting", "waiting"]
    ended = eventually(
        lambda: saga(platform, underway["saga_id"]),
        lambda told: told["status"] == "completed",
    )
    assert all(step["status"] == "done" for step in ended["steps"])
    assert register(platform, body, key).expect(201)["customer_id"] == ended["customer_id"]


def test_a_provider_that_says_nothing_is_asked_and_a_late_word_counts(
    platform: Platform, ledger: Ledger
) -> None:
    underway = register(platform, registration(token="tok_silent")).expect(202)
    state = json.loads(ledger.stream(f"saga#{underway['saga_id']}")[-1]["st"]["S"])
    payment_id = state["payment_id"]
    callback(platform, payment_id, "succeeded", "9.98").problem(422, "AMOUNT_MISMATCH")
    callback(platform, "pay_nobodys", "succeeded", "9.99").expect(404)
    callback(platform, payment_id, "succeeded", "9.99").expect(204)
    callback(platform, payment_id, "succeeded", "9.99").expect(204)
    callback(platform, payment_id, "failed", "9.99").expect(204)
    assert saga(platform, underway["saga_id"])["status"] == "completed"
    assert names(ledger, f"charge#{payment_id}") == ["payment.processed"]


def test_a_late_refusal_compensates(platform: Platform, ledger: Ledger) -> None:
    underway = register(platform, registration(token="tok_silent")).expect(202)
    state = json.loads(ledger.stream(f"saga#{underway['saga_id']}")[-1]["st"]["S"])
    callback(platform, state["payment_id"], "failed", "9.99").expect(204)
    told = saga(platform, underway["saga_id"])
    assert (told["status"], told["failure_reason"]) == ("compensated", "declined")
    assert [step["status"] for step in told["steps"]][:2] == ["compensated", "failed"]
    assert not users_rows(ledger, state["user_id"])


def test_wrong_input_is_named_and_nothing_is_written(platform: Platform) -> None:
    answer = register(platform, {"email": "nobody", "plan": "weekly"})
    problem = answer.problem(400, "FIELDS_INVALID")
    pointers = [error["pointer"] for error in problem["errors"]]
    assert pointers == ["/email", "/full_name", "/password", "/plan", "/payment_method/token"]
    platform.post("/register", registration()).problem(400, "IDEMPOTENCY_KEY_MISSING")
    platform.get("/api/sagas/saga_nobodys").expect(404)


def test_a_renewal_continues_where_the_last_period_ends(platform: Platform, ledger: Ledger) -> None:
    member = Member(platform)
    [created] = events(ledger, f"subscription#{member.subscription_id}")
    renewed = member.pays("renew").expect(200)
    assert renewed["period_start"] == created["data"]["period_end"]
    assert names(ledger, f"subscription#{member.subscription_id}")[1:] == [
        "subscription.charge_started",
        "subscription.renewed",
    ]


def test_renewals_at_once_under_one_key_are_one(platform: Platform, ledger: Ledger) -> None:
    member, key = Member(platform), uuid.uuid4().hex
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: member.pays("renew", key=key), range(10)))
    assert {answer.status for answer in answers} <= {200, 409}
    assert (
        names(ledger, f"subscription#{member.subscription_id}").count("subscription.renewed") == 1
    )


def test_a_change_of_plan_credits_what_is_left(platform: Platform) -> None:
    member, key = Member(platform), uuid.uuid4().hex
    changed = member.pays("plan", {"plan": "yearly"}, key).expect(200)
    assert changed["price"] == 99
    assert changed["amount"] + changed["credit"] == 99
    assert Decimal("9.90") < changed["credit"] <= Decimal("9.99")
    again = member.pays("plan", {"plan": "yearly"}, key)
    assert (again.status, again.body) == (200, changed)
    member.pays("plan", {"plan": "monthly"}, key).problem(422, "IDEMPOTENCY_KEY_REUSED")
    member.pays("plan", {"plan": "yearly"}).problem(422, "PLAN_UNCHANGED")
    member.pays("plan", {"plan": "weekly"}).problem(400, "PLAN_INVALID")
    # Almost all of a year is left: nothing is paid for months.
    back = member.pays("plan", {"plan": "monthly"}).expect(200)
    assert back["amount"] == 0
    assert "payment_id" not in back


def test_a_cancelled_subscription_is_over(platform: Platform, ledger: Ledger) -> None:
    member = Member(platform)
    first = member.cancel().expect(200)
    assert first["status"] == "cancelled"
    assert member.cancel().expect(200) == first
    member.pays("renew").problem(422, "SUBSCRIPTION_CANCELLED")
    member.pays("plan", {"plan": "yearly"}).problem(422, "SUBSCRIPTION_CANCELLED")
    told = names(ledger, f"subscription#{member.subscription_id}")
    assert told == ["subscription.created", "subscription.cancelled"]


def test_each_subscription_is_scheduled_by_name(platform: Platform, ledger: Ledger) -> None:
    scheduler, member = platform.aws("scheduler"), Member(platform)

    def schedule() -> str | None:
        pages = scheduler.list_schedules(NamePrefix="quoin-local-renewal-")["Schedules"]
        mine = [one["Name"] for one in pages if one["Name"].endswith(member.subscription_id)]
        try:
            return mine and scheduler.get_schedule(Name=mine[0])["ScheduleExpression"]
        except scheduler.exceptions.ResourceNotFoundException:
            return None  # gone between the two requests

    [created] = events(ledger, f"subscription#{member.subscription_id}")
    expected = f"at({created['data']['period_end'].split('.')[0]})"
    eventually(schedule, expected.__eq__)
    renewed = member.pays("renew").expect(200)
    eventually(schedule, f"at({renewed['period_end'].split('.')[0]})".__eq__)
    member.cancel().expect(200)
    eventually(schedule, lambda found: not found)


def test_what_is_not_due_is_not_charged(platform: Platform, ledger: Ledger) -> None:
    member = Member(platform)
    payload = json.dumps({"subscription_id": member.subscription_id})
    function = "quoin-local-subscription-renewal"
    answer = platform.aws("lambda").invoke(FunctionName=function, Payload=payload)
    assert json.loads(answer["Payload"].read()) == "not_due"
    assert names(ledger, f"subscription#{member.subscription_id}") == ["subscription.created"]


def test_renewals_that_cannot_be_made_hold_up_no_other(platform: Platform, ledger: Ledger) -> None:
    (table,) = [
        name for name in ledger.tables.list_tables()["TableNames"] if "-MembershipTable" in name
    ]
    # More than a page of them, in one partition, of subscriptions that are not there.
    rows = [
        {"pk": {"S": "due#0"}, "sk": {"S": f"2020-01-01T00:00:00.000Z#sub_nobody_{number:03d}"}}
        for number in range(60)
    ]
    try:
        for row in rows:
            ledger.tables.put_item(TableName=table, Item=row)
        swept = invoke(platform, "membership-sweeper")
    finally:
        for row in rows:
            ledger.tables.delete_item(TableName=table, Key=row)
    assert swept["late"] >= len(rows)
