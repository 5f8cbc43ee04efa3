"""Orders: one commit each, the source's figures, every refusal with exactly its events."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from client import Answer, Platform, Shop, User, eventually
from client.command_line import quoin
from inbox import with_device
from ledger import Ledger
from local import paths

STARTED, COMPLETED = "order.validation_started", "order.validation_completed"
PAID = [
    STARTED,
    COMPLETED,
    "order.initiated",
    "wallet.debit_started",
    "wallet.debited",
    "order.paid",
]
REFUSED = [STARTED, COMPLETED, "order.failed"]
DEBIT_REFUSED = [STARTED, COMPLETED, "wallet.debit_failed", "order.failed"]


@pytest.fixture
def shop(platform: Platform) -> Shop:
    return Shop(platform)


@pytest.fixture(scope="module")
def ledger(platform: Platform) -> Ledger:
    return Ledger(platform)


def events(ledger: Ledger, order_id: str, version: int = 1) -> list[dict[str, Any]]:
    """The events of the commit that placed an order (or of a later item of its stream)."""
    item = ledger.stream(f"order#{order_id}")[version - 1]
    return [json.loads(one["S"], parse_float=Decimal) for one in item["ev"]["L"]]


def names(ledger: Ledger, order_id: str) -> list[str]:
    return [event["event"] for event in events(ledger, order_id)]


def refused(
    ledger: Ledger, answer: Answer, reason: str, stage: str = "validation"
) -> dict[str, Any]:
    """The problem of a refused order, which left exactly its events and nothing else."""
    problem = answer.problem(422, reason)
    assert problem["failure_reason"] == reason
    assert problem["failure_stage"] == stage
    assert problem["rollback_completed"] is True
    order_id = problem["order_id"]
    told = events(ledger, order_id)
    expected = REFUSED if stage == "validation" else DEBIT_REFUSED
    assert [event["event"] for event in told] == expected
    assert told[1]["data"]["can_checkout"] is (stage == "wallet_debit")
    assert told[1]["data"]["validations"] == problem["validations"]
    failed = told[-1]["data"]
    assert (failed["failure_reason"], failed["failure_stage"]) == (reason, stage)
    assert len(ledger.stream(f"order#{order_id}")) == 1
    return problem


# --- the source's order -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def golden(platform: Platform) -> tuple[Shop, User, Answer]:
    """The order of the source: a cart of 500, WEEKEND50 takes 50, three coins pay 450."""
    shop = Shop(platform, "merch_bizone_001", min_order_value=100)
    shop.product(150, 200, "prod_123", "Organic Apples (1 kg)")
    shop.product(40, 500, "prod_124", "Brown Bread (400g)")
    shop.campaign(50, code="WEEKEND50", max_uses=1000)
    user = shop.customer(promo_coins=200, branded_coins=150, rez_coins=100)
    with_device(user)
    answer = user.post(
        "/api/orders",
        shop.cart({"prod_123": 2, "prod_124": 5}, campaign_code="WEEKEND50"),
        key="idem_user789_20260104_101700",
        headers={"x-request-id": "req_125"},
    )
    return shop, user, answer


def source(name: str, **ids: Any) -> dict[str, Any]:
    """The data of the source's payload, with this order's ids."""
    path = paths.ROOT / "tests" / "contracts" / "order-flow" / f"{name}.json"
    data: dict[str, Any] = json.loads(path.read_text(), parse_float=Decimal)["data"]
    return data | {name: value for name, value in ids.items() if name in data}


def exactly(value: Any) -> str:
    """A value as text: 1, 1.0, "1" and true are four, and every member counts."""
    return json.dumps(value, sort_keys=True, indent=1, default=repr)


def all_told(ledger: Ledger, order_id: str) -> list[dict[str, Any]]:
    """Every event of an order's stream."""
    items = ledger.stream(f"order#{order_id}")
    parts = [part["S"] for item in items if "ev" in item for part in item["ev"]["L"]]
    return [json.loads(part, parse_float=Decimal) for part in parts]


def test_the_sources_order_tells_what_the_source_tells(
    golden: tuple[Shop, User, Answer], ledger: Ledger
) -> None:
    _, user, answer = golden
    order = answer.expect(201)
    order_id = order["order_id"]
    told = eventually(
        lambda: all_told(ledger, order_id),
        lambda events: events[-1]["event"] == "order.confirmation_sent",
    )
    assert [event["event"] for event in told] == [
        *PAID[:4],
        *[PAID[4]] * 3,
        PAID[5],
        "bizone.order_created",
        "order.created",
        "order.confirmation_sent",
    ]
    ids: dict[str, Any] = {
        "order_id": order_id,
        "related_order_id": order_id,
        "rabtul_order_id": order_id,
        "user_id": user.user_id,
        "campaign_id": "camp_weekend50",
    }
    data = [event["data"] for event in told]
    transactions = [one["transaction_id"] for one in data[4:7]]
    took = data[1]["duration_ms"]
    assert 0 <= took < 30_000
    related = {"type": "order", "id": order_id}
    assert len(set(transactions)) == 3

    def debited(coin: str, transaction: str) -> dict[str, Any]:
        own = {"transaction_id": transaction, "related_entity": related}
        return source(f"wallet.debited.{coin}", **ids, **own)

    paid = source("order.paid", **ids)
    for part, transaction in zip(paid["payment_breakdown"], transactions, strict=True):
        part["transaction_id"] = transaction
    # What the merchant calls the order and when it brings it is the merchant's to say.
    theirs = ("bizone_order_id", "tracking_url", "estimated_delivery")
    merchants = {name: data[8][name] for name in theirs}
    assert all(isinstance(value, str) and value for value in merchants.values())
    created = source("order.created", **ids, created_at=told[9]["timestamp"])
    created["payment"]["transaction_ids"] = transactions
    created["campaign"]["campaign_id"] = ids["campaign_id"]
    created["delivery"]["estimated_delivery"] = merchants["estimated_delivery"]
    created["external_references"] = {
        "bizone_order_id": merchants["bizone_order_id"],
        "bizone_tracking_url": merchants["tracking_url"],
    }
    for sealed, ours in (
        (created, data[9]),
        (created["delivery"]["address"], data[9]["delivery"]["address"]),
    ):
        for name in ("user_name", "user_phone", "line1", "city", "pincode"):
            if name in sealed:
                assert ours[name].startswith("enc:v1:")
                sealed[name] = ours[name]
    sent = {name: data[10][name] for name in ("sent_at", "sms_id", "push_id", "email_id")}
    assert all(isinstance(value, str) and value for value in sent.values())
    expected = [
        source(STARTED, **ids),
        source(COMPLETED, **ids, duration_ms=took),
        source("order.initiated", **ids),
        source("wallet.debit_started", **ids),
        debited("promo_coins", transactions[0]),
        debited("branded_coins", transactions[1]),
        debited("rez_coins", transactions[2]),
        paid,
        source("bizone.order_created", **ids, **merchants),
        created,
        source("order.confirmation_sent", **ids, **sent),
    ]
    for event, one in zip(told, expected, strict=True):
        assert exactly(event["data"]) == exactly(one), event["event"]

    assert {event["metadata"]["request_id"] for event in told} == {"req_125"}
    keys = [event["metadata"].get("idempotency_key") for event in told]
    key = "idem_user789_20260104_101700"
    assert keys == [key, *[None] * 8, key, None]
    sources = [event["metadata"]["source"] for event in told]
    assert sources == [
        "order-service",
        "rules-service",
        "order-service",
        *["wallet-service"] * 4,
        "order-service",
        "bizone-integration",
        "order-service",
        "notification-service",
    ]
    asked = [event["metadata"].get("bizone_request_id") for event in told]
    assert [index for index, one in enumerate(asked) if one] == [8]
    assert [event["metadata"]["sequence"] for event in told] == list(range(1, 12))
    assert all(event["metadata"]["entity"] == related for event in told)
    times = [event["timestamp"] for event in told]
    assert times == sorted(times)
    assert len(set(times[4:7])) == 1
    wallet = [event["metadata"]["wallet"] for event in told[3:7]]
    first = wallet[0]["sequence"]
    assert [one["sequence"] for one in wallet] == list(range(first, first + 4))


def test_the_sources_refund_tells_what_the_source_tells(platform: Platform, ledger: Ledger) -> None:
    """Two coins pay 300, the merchant refuses, and both come back."""
    shop = Shop(platform, f"merch_{uuid.uuid4().hex[:12]}_rejects")
    product = shop.product(300)
    user = shop.customer(promo_coins=200, rez_coins=100)
    order_id = shop.order(user, {product: 1}).expect(201)["order_id"]
    told = eventually(
        lambda: all_told(ledger, order_id),
        lambda events: events[-1]["event"] == "order.failed",
    )
    refunded, failed = told[-2:]
    assert refunded["event"] == "wallet.refunded"
    taken = [event["data"] for event in told if event["event"] == "wallet.debited"]
    back = refunded["data"]["refund_transaction_ids"]
    assert len(set(back)) == 2 and not set(back) & {one["transaction_id"] for one in taken}
    ids = {
        "user_id": user.user_id,
        "original_order_id": order_id,
        "original_transaction_ids": [one["transaction_id"] for one in taken],
        "refund_transaction_ids": back,
    }
    assert exactly(refunded["data"]) == exactly(source("wallet.refunded", **ids))
    # The wallet refused nothing: what it was asked for and had is not told.
    ended = {
        "order_id": order_id,
        "user_id": user.user_id,
        "merchant_id": shop.merchant_id,
        "failure_reason": "MERCHANT_REJECTED",
        "failure_stage": "merchant",
        "order_value": 300,
    }
    expected = source("order.failed", **ended)
    del expected["amount_required"], expected["amount_available"]
    assert exactly(failed["data"]) == exactly(expected)
    assert {event["metadata"]["source"] for event in told[-2:]} == {
        "wallet-service",
        "order-service",
    }


def test_the_sources_order_is_answered_with_all_that_is_known_of_it(
    golden: tuple[Shop, User, Answer],
) -> None:
    _, user, answer = golden
    order = answer.expect(201)
    assert order["status"] == "paid"
    assert order["user_name"] == user.registration["full_name"]
    assert order["user_phone"] == user.registration["phone"]
    assert order["delivery"]["address"] == {
        "line1": "123, MG Road",
        "city": "Bangalore",
        "pincode": "560001",
    }
    assert order["pricing"] == {"subtotal": 500, "discount": 50, "delivery_fee": 0, "total": 450}
    assert order["items"] == [
        {
            "product_id": "prod_123",
            "product_name": "Organic Apples (1 kg)",
            "quantity": 2,
            "unit_price": 150,
            "total": 300,
            "discount": 30,
        },
        {
            "product_id": "prod_124",
            "product_name": "Brown Bread (400g)",
            "quantity": 5,
            "unit_price": 40,
            "total": 200,
            "discount": 20,
        },
    ]
    assert order["campaign"] == {"code": "WEEKEND50", "campaign_id": "camp_weekend50"}
    assert order["payment"]["status"] == "paid"
    assert len(order["payment"]["transaction_ids"]) == 3
    assert [user.balance(coin) for coin in ("promo_coins", "branded_coins", "rez_coins")] == [0] * 3


def test_what_is_stored_of_the_sources_order_is_sealed(
    golden: tuple[Shop, User, Answer], ledger: Ledger
) -> None:
    _, user, answer = golden
    stored = json.dumps(ledger.stream(f"order#{answer.body['order_id']}"))
    for clear in ("MG Road", "Bangalore", *user.registration.values()):
        if len(str(clear)) > 2:
            assert str(clear) not in stored, clear


def test_an_order_is_shown_to_its_owner_and_without_what_is_personal_to_operators(
    platform: Platform, golden: tuple[Shop, User, Answer]
) -> None:
    _, user, answer = golden
    path = f"/api/orders/{answer.body['order_id']}"
    own = user.get(path).expect(200)
    for member in ("user_name", "user_phone", "items", "pricing", "campaign", "placed_at"):
        assert own[member] == answer.body[member]
    assert own["delivery"]["address"] == answer.body["delivery"]["address"]
    seen = platform.get(path, token=platform.operator_token()).expect(200)
    assert "user_name" not in seen and "user_phone" not in seen
    assert "address" not in seen["delivery"]
    assert seen["items"] == own["items"]
    User(platform).get(path).problem(404, "NOT_FOUND")


def test_an_orders_timeline_has_every_event_in_order(
    platform: Platform, golden: tuple[Shop, User, Answer]
) -> None:
    _, user, answer = golden
    path = f"/api/orders/{answer.body['order_id']}/timeline"

    def look() -> dict[str, Any]:
        return user.get(path).expect(200)

    def unrecorded(timeline: dict[str, Any]) -> list[Any]:
        return [gap for gap in timeline["gaps"] if gap["reason"] == "not_recorded"]

    timeline = eventually(look, lambda now: not unrecorded(now))
    items = timeline["items"]
    assert [step["event"] for step in items][:8] == [*PAID[:4], *[PAID[4]] * 3, PAID[5]]
    assert [step["sequence"] for step in items] == list(range(1, len(items) + 1))
    assert items[0]["delay_ms"] == 0 and all(step["delay_ms"] >= 0 for step in items)
    assert items[0]["data"]["cart_value"] == 500
    told = {step["event"] for step in items}
    to_come = {gap["event"] for gap in timeline["gaps"] if gap["reason"] == "not_happened"}
    later = {"bizone.order_created", "order.created", "order.confirmation_sent"}
    assert told & later | to_come == later
    assert not [gap for gap in timeline["gaps"] if gap["reason"] == "missing"]
    assert not [one for one in timeline["duplicates"] if one["place"] == "in_stream"]
    platform.get(path, token=platform.operator_token()).expect(200)
    User(platform).get(path).problem(404, "NOT_FOUND")


def test_an_event_that_arrives_twice_is_told_in_the_timeline(
    platform: Platform, golden: tuple[Shop, User, Answer], ledger: Ledger
) -> None:
    _, user, answer = golden
    order_id = answer.body["order_id"]
    path = f"/api/orders/{order_id}/timeline"

    def seen(what: str) -> list[Any]:
        found: list[Any] = user.get(path).expect(200)[what]
        return found

    eventually(lambda: seen("gaps"), lambda gaps: all(g["reason"] != "not_recorded" for g in gaps))
    before = [one for one in seen("duplicates") if one["event"] == "order.initiated"]
    event = events(ledger, order_id)[2]
    queues = platform.aws("sqs")
    (queue,) = (
        url for url in queues.list_queues()["QueueUrls"] if url.rsplit("/", 1)[1].endswith("-audit")
    )
    body = {"source": "order.events", "detail-type": event["event"], "detail": event}
    queues.send_message(QueueUrl=queue, MessageBody=json.dumps(body, default=str))
    times = before[0]["times"] + 1 if before else 2
    expected = {"event": "order.initiated", "sequence": 3, "times": times, "place": "delivered"}
    eventually(lambda: seen("duplicates"), lambda found: expected in found)


def test_the_command_line_shows_an_order_with_its_delays(
    platform: Platform, golden: tuple[Shop, User, Answer]
) -> None:
    order_id = golden[2].body["order_id"]
    said = quoin(platform, "timeline", "--stage", "local", order_id)
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert [name in line for name, line in zip(PAID[:5], lines[1:6], strict=True)] == [True] * 5
    assert any(line.split()[:2] == ["in", "all"] for line in lines)
    document = quoin(platform, "timeline", "--stage", "local", "--json", order_id).document
    assert [step["sequence"] for step in document["items"][:8]] == list(range(1, 9))
    missing = quoin(platform, "timeline", "--stage", "local", "order_nosuch")
    assert missing.code == 2 and "no order" in missing.err


def test_what_an_order_took_adds_up(platform: Platform, shop: Shop) -> None:
    user = shop.customer(promo_coins=20, branded_coins=5, cash=100)
    bread = shop.product(30.5)
    shop.order(user, {bread: 1}, campaign_code=shop.campaign(10, "percent")).expect(201)
    shop.order(user, {bread: 2}).expect(201)

    def breaks() -> list[str]:
        found = quoin(
            platform, "verify", "--stage", "local", "--all", "--json", "--user", user.user_id
        )
        return [one["kind"] for one in found.document["breaks"]]

    assert breaks() == []


# --- refusals -----------------------------------------------------------------------------------


def test_each_validation_refuses_by_its_name(
    platform: Platform, shop: Shop, ledger: Ledger
) -> None:
    bread = shop.product(10)
    user = shop.customer(cash=1000)
    shop.change(min_order_value=50)

    def expect(answer: Answer, reason: str, rule: str) -> None:
        problem = refused(ledger, answer, reason)
        assert [name for name, said in problem["validations"].items() if not said] == [rule]

    expect(shop.order(user, {bread: 4}), "MIN_ORDER_VALUE", "min_order_value")
    elsewhere = {"address": {"line1": "1 Street", "city": "Town", "pincode": "110001"}}
    answer = shop.order(user, {bread: 5}, delivery=elsewhere)
    expect(answer, "DELIVERY_ZONE", "delivery_zone")
    answer = shop.order(user, {bread: 5}, campaign_code="NOSUCH")
    expect(answer, "CAMPAIGN_NOT_ELIGIBLE", "campaign_eligible")
    for status in (None, "pending", "rejected"):
        unknown = User(platform)
        if status:
            shop.verify(unknown, status)
        expect(shop.order(unknown, {bread: 5}), "KYC_REQUIRED", "user_kyc")
    shop.change(active=False)
    expect(shop.order(user, {bread: 5}), "MERCHANT_INACTIVE", "merchant_active")
    shop.change(active=True)
    shop.order(user, {bread: 5}).expect(201)
    assert user.balance() == 950


def test_all_validations_are_asked_and_the_first_names_the_failure(
    platform: Platform, ledger: Ledger
) -> None:
    shop = Shop(platform, active=False, min_order_value=50, delivery_pincodes=[])
    answer = shop.order(User(platform), {shop.product(10): 1}, campaign_code="NOSUCH")
    problem = refused(ledger, answer, "MIN_ORDER_VALUE")
    assert set(problem["validations"].values()) == {False}


def test_campaigns_hold_for_their_merchant_and_their_time(
    platform: Platform, shop: Shop, ledger: Ledger
) -> None:
    bread = shop.product(100)
    user = shop.customer(cash=1000)
    now = datetime.now(UTC)

    def moment(**shift: int) -> str:
        at = now + timedelta(**shift)
        return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    for code in (
        shop.campaign(active=False),
        shop.campaign(starts_at=moment(hours=1)),
        shop.campaign(ends_at=moment(hours=-1)),
        Shop(platform).campaign(),
    ):
        refused(ledger, shop.order(user, {bread: 1}, campaign_code=code), "CAMPAIGN_NOT_ELIGIBLE")
    code = shop.campaign(starts_at=moment(hours=-1), ends_at=moment(hours=1))
    order = shop.order(user, {bread: 1}, campaign_code=code.lower()).expect(201)
    assert order["pricing"]["total"] == 50
    assert order["campaign"]["code"] == code


def test_too_little_stock_refuses_and_takes_nothing(shop: Shop, ledger: Ledger) -> None:
    apples, bread = shop.product(10, stock=3), shop.product(10, stock=3)
    user = shop.customer(cash=100)
    refused(ledger, shop.order(user, {bread: 2, apples: 4}), "OUT_OF_STOCK")
    assert (shop.stock(apples), shop.stock(bread), user.balance()) == (3, 3, 100)
    # Three pieces lie in three parts: an order takes all of them.
    shop.order(user, {bread: 1, apples: 3}).expect(201)
    assert (shop.stock(apples), shop.stock(bread), user.balance()) == (0, 2, 60)


def test_a_wallet_that_cannot_pay_refuses_with_both_amounts(shop: Shop, ledger: Ledger) -> None:
    bread = shop.product(90, stock=5)
    user = shop.customer(promo_coins=200, rez_coins=100)
    answer = shop.order(user, {bread: 5})
    problem = refused(ledger, answer, "WALLET_INSUFFICIENT_BALANCE", "wallet_debit")
    assert (problem["amount_required"], problem["amount_available"]) == (450, 300)
    order_id = problem["order_id"]
    told = events(ledger, order_id)
    ids = {"user_id": user.user_id, "related_order_id": order_id, "order_id": order_id}
    assert exactly(told[2]["data"]) == exactly(source("wallet.debit_failed", **ids))
    failed = source("order.failed", **ids, merchant_id=shop.merchant_id)
    assert exactly(told[3]["data"]) == exactly(failed)
    assert (shop.stock(bread), user.balance("promo_coins"), user.balance("rez_coins")) == (
        5,
        200,
        100,
    )
    timeline = user.get(f"/api/orders/{order_id}/timeline").expect(200)
    assert [gap for gap in timeline["gaps"] if gap["reason"] != "not_recorded"] == []
    shown = user.get(f"/api/orders/{order_id}").expect(200)
    assert shown["status"] == "failed" and "payment" not in shown
    assert shown["failure"]["failure_reason"] == "WALLET_INSUFFICIENT_BALANCE"


def test_other_merchants_coins_pay_nothing(platform: Platform, shop: Shop, ledger: Ledger) -> None:
    user = shop.customer(branded_coins=100)
    other = Shop(platform)
    answer = other.order(user, {other.product(100): 1})
    problem = refused(ledger, answer, "WALLET_INSUFFICIENT_BALANCE", "wallet_debit")
    assert problem["amount_available"] == 0
    shop.order(user, {shop.product(100): 1}).expect(201)


def test_somebody_who_is_being_looked_at_waits(
    platform: Platform, shop: Shop, ledger: Ledger
) -> None:
    bread = shop.product(10)
    user = shop.customer(cash=100)
    tables = platform.aws("dynamodb")
    table = next(name for name in tables.list_tables()["TableNames"] if "-FraudTable" in name)
    mark = {"pk": {"S": f"user#{user.user_id}"}, "sk": {"S": "mark"}, "state": {"S": "review"}}
    tables.put_item(TableName=table, Item=mark)
    refused(ledger, shop.order(user, {bread: 1}), "FRAUD_REVIEW")
    tables.put_item(TableName=table, Item=mark | {"state": {"S": "clear"}})
    shop.order(user, {bread: 1}).expect(201)


def test_what_is_unknown_or_malformed_leaves_nothing(
    platform: Platform, shop: Shop, ledger: Ledger
) -> None:
    bread = shop.product(10)
    user = shop.customer(cash=100)

    def journal() -> int:
        pages = ledger.tables.get_paginator("scan").paginate(
            TableName=ledger.journal,
            FilterExpression="begins_with(pk, :order) AND contains(st, :user)",
            ExpressionAttributeValues={":order": {"S": "order#"}, ":user": {"S": user.user_id}},
        )
        return sum(page["Count"] for page in pages)

    shop.order(user, {bread: 1}, merchant_id="merch_nosuch").problem(404, "NOT_FOUND")
    answer = shop.order(user, {bread: 1, "prod_nosuch": 1})
    problem = answer.problem(404, "NOT_FOUND")
    assert problem["errors"][0]["pointer"] == "/items/1/product_id"
    address = {"line1": "1 Street", "city": "Town", "pincode": "560001"}
    for pointer, change in {
        "/items": {"items": []},
        "/items/0/quantity": {"items": [{"product_id": bread, "quantity": 1001}]},
        "/items/1/product_id": {"items": [{"product_id": bread, "quantity": 1}] * 2},
        "/merchant_id": {"merchant_id": "a#b"},
        "/session_id": {"session_id": ""},
        "/campaign_code": {"campaign_code": "not a code"},
        "/delivery/address/line1": {"delivery": {"address": address | {"line1": " "}}},
        "/delivery/address/pincode": {"delivery": {"address": address | {"pincode": "#"}}},
        "/total": {"total": 1},
    }.items():
        answer = shop.order(user, {bread: 1}, **change)
        assert answer.expect(400)["errors"][0]["pointer"] == pointer, answer.body
    lines = {f"p{number}": 1 for number in range(51)}
    assert shop.order(user, lines).problem(400, "ITEMS_COUNT")
    body = shop.cart({bread: 1})
    user.post("/api/orders", body).problem(400, "IDEMPOTENCY_KEY_MISSING")
    assert journal() == 0


# --- rules as data ------------------------------------------------------------------------------


@pytest.fixture
def rules(platform: Platform) -> Iterator[Any]:
    """Sets a rule; afterwards all are as they were."""
    token = platform.operator_token()
    before = platform.get("/api/order-rules", token=token).expect(200)["items"]

    def put(rule: str, **body: Any) -> Answer:
        return platform.put(f"/api/order-rules/{rule}", body, token=token)

    yield put
    for setting in before:
        put(setting.pop("rule"), **setting).expect(200)


def test_operators_set_the_rules(
    platform: Platform, shop: Shop, rules: Any, ledger: Ledger
) -> None:
    bread = shop.product(10)
    user = User(platform)
    shop.give(user, "cash", 1000)
    refused(ledger, shop.order(user, {bread: 1}), "KYC_REQUIRED")
    rules("user_kyc", enabled=True, from_amount=20).expect(200)
    shop.order(user, {bread: 1}).expect(201)
    refused(ledger, shop.order(user, {bread: 2}), "KYC_REQUIRED")
    shop.verify(user, "pending")
    rules("user_kyc", enabled=True, accepted=["pending", "verified"]).expect(200)
    shop.order(user, {bread: 2}).expect(201)
    rules("min_order_value", enabled=True, minimum=30).expect(200)
    refused(ledger, shop.order(user, {bread: 2}), "MIN_ORDER_VALUE")
    rules("min_order_value", enabled=False).expect(200)
    order = shop.order(user, {bread: 1}).expect(201)
    assert events(ledger, order["order_id"])[1]["data"]["validations"]["min_order_value"] is True
    # A campaign that does not hold takes nothing off, also where nobody asks whether it does.
    rules("campaign_eligible", enabled=False).expect(200)
    order = shop.order(user, {bread: 1}, campaign_code="NOSUCH").expect(201)
    assert order["pricing"]["discount"] == 0 and "campaign" not in order


def test_a_rule_is_set_with_its_own_parameters(platform: Platform, rules: Any) -> None:
    rules("delivery_zone", enabled=True, minimum=1).problem(400, "PARAMETER_UNKNOWN")
    rules("user_kyc", enabled=True, accepted=[]).problem(400, "ACCEPTED_EMPTY")
    rules("min_order_value", enabled=True, minimum=1.001).problem(400, "AMOUNT_TOO_PRECISE")
    rules("nosuch", enabled=True).problem(404, "NOT_FOUND")
    platform.put(
        "/api/order-rules/user_kyc", {"enabled": False}, token=User(platform).token
    ).problem(403, "FORBIDDEN")


# --- the catalogue ------------------------------------------------------------------------------


def test_managers_change_their_merchant_and_nobody_elses(platform: Platform, shop: Shop) -> None:
    manager, stranger = User(platform), User(platform)
    path = f"/api/merchants/{shop.merchant_id}"
    product = {"name": "Bread", "unit_price": 10, "stock": 1}
    for somebody in (manager, stranger):
        somebody.put(path, shop.profile).problem(404, "NOT_FOUND")
    shop.change(managers=[manager.user_id])
    changed = shop.profile | {"name": "Fresher Mart"}
    changed.pop("managers")
    assert manager.put(path, changed).expect(200)["managers"] == [manager.user_id]
    manager.put(path, changed | {"managers": []}).problem(403, "FORBIDDEN")
    manager.put(f"{path}/products/prod_own", product).expect(200)
    stranger.put(f"{path}/products/prod_own", product).problem(404, "NOT_FOUND")
    assert manager.get(path).expect(200)["managers"] == [manager.user_id]
    assert "managers" not in stranger.get(path).expect(200)
    code = f"M{uuid.uuid4().hex[:8]}".upper()
    campaign = {
        "merchant_id": shop.merchant_id,
        "discount": {"type": "fixed", "amount": 1},
        "active": True,
    }
    manager.put(f"/api/order-campaigns/{code}", campaign).expect(200)
    stranger.put(f"/api/order-campaigns/{code}", campaign).problem(404, "NOT_FOUND")
    # Nor does a manager of one merchant take another's campaign over.
    other = Shop(platform, managers=[stranger.user_id])
    theirs = campaign | {"merchant_id": other.merchant_id}
    stranger.put(f"/api/order-campaigns/{code}", theirs).problem(404, "NOT_FOUND")


def test_what_is_wrong_with_the_catalogue_is_named(platform: Platform, shop: Shop) -> None:
    merchant, token = f"/api/merchants/{shop.merchant_id}", shop.token
    discount = {"type": "percent", "amount": 10}
    campaign = {"merchant_id": shop.merchant_id, "discount": discount, "active": True}
    product = {"name": "Bread", "unit_price": 1, "stock": 1}
    wrong: list[tuple[str, dict[str, Any], str]] = [
        (merchant, shop.profile | {"name": ""}, "/name"),
        (merchant, shop.profile | {"min_order_value": 0.001}, "/min_order_value"),
        (merchant, shop.profile | {"delivery_pincodes": ["1", "a#b"]}, "/delivery_pincodes/1"),
        (merchant, shop.profile | {"managers": ["a b"]}, "/managers/0"),
        ("/api/merchants/a%23b", shop.profile, "/id"),
        (f"{merchant}/products/a%23b", product, "/product_id"),
        (f"{merchant}/products/p", product | {"unit_price": 1.001}, "/unit_price"),
        (f"{merchant}/products/p", product | {"name": " "}, "/name"),
        (f"{merchant}/products/p", product | {"stock": -1}, "/stock"),
        ("/api/order-campaigns/A%23B", campaign, "/code"),
        (
            "/api/order-campaigns/AB",
            campaign | {"discount": discount | {"amount": 100.01}},
            "/discount/amount",
        ),
        (
            "/api/order-campaigns/AB",
            campaign | {"discount": discount | {"amount": 0}},
            "/discount/amount",
        ),
        (
            "/api/order-campaigns/AB",
            campaign | {"discount": {"type": "fixed", "amount": 1.001}},
            "/discount/amount",
        ),
        (
            "/api/order-campaigns/AB",
            campaign
            | {"starts_at": "2026-01-02T00:00:00.000Z", "ends_at": "2026-01-01T00:00:00.000Z"},
            "/ends_at",
        ),
        ("/api/order-campaigns/AB", campaign | {"max_uses": 0}, "/max_uses"),
    ]
    for path, body, pointer in wrong:
        answer = platform.put(path, body, token=token)
        assert answer.expect(400)["errors"][0]["pointer"] == pointer, (path, answer.body)


def test_stock_is_counted_anew(shop: Shop) -> None:
    bread = shop.product(1, stock=10)
    user = shop.customer(cash=100)
    shop.order(user, {bread: 7}).expect(201)
    assert shop.stock(bread) == 3
    shop.product(2, 5, bread)
    assert shop.stock(bread) == 5
    assert shop.order(user, {bread: 5}).expect(201)["pricing"]["total"] == 10
    assert shop.stock(bread) == 0


def test_a_cap_that_changes_forgets_no_use(shop: Shop, ledger: Ledger) -> None:
    bread = shop.product(100)
    user = shop.customer(cash=10_000)
    code = shop.campaign(10, max_uses=10)

    def order(times: int) -> None:
        for _ in range(times):
            shop.order(user, {bread: 1}, campaign_code=code).expect(201)

    def capped(uses: int | None) -> Any:
        fields = {} if uses is None else {"max_uses": uses}
        return shop.put_campaign(code, 10, **fields).expect(200).get("uses_left")

    order(4)
    assert capped(12) == 8
    assert capped(3) == 0
    refused(ledger, shop.order(user, {bread: 1}, campaign_code=code), "CAMPAIGN_NOT_ELIGIBLE")
    assert capped(6) == 2
    order(1)
    assert capped(None) is None
    order(1)  # not counted: there is no cap
    assert capped(6) == 1
    order(1)
    refused(ledger, shop.order(user, {bread: 1}, campaign_code=code), "CAMPAIGN_NOT_ELIGIBLE")


# --- one commit, once ---------------------------------------------------------------------------


def test_an_order_that_costs_nothing_takes_nothing(shop: Shop, ledger: Ledger) -> None:
    gift = shop.product(0, stock=5)
    user = shop.customer()
    order = shop.order(user, {gift: 2}).expect(201)
    assert order["payment"] == {"method": "wallet", "status": "paid", "transaction_ids": []}
    told = events(ledger, order["order_id"])
    assert [event["event"] for event in told] == [*PAID[:3], "order.paid"]
    assert told[-1]["data"]["payment_breakdown"] == []
    assert shop.stock(gift) == 3


def test_delivery_and_a_percentage_are_priced_by_the_server(platform: Platform) -> None:
    shop = Shop(platform, delivery_fee=4.5)
    bread, milk = shop.product(3.33), shop.product(1.05)
    user = shop.customer(cash=100)
    code = shop.campaign(12.5, "percent")
    order = shop.order(user, {bread: 3, milk: 1}, campaign_code=code).expect(201)
    assert order["pricing"] == {
        "subtotal": Decimal("11.04"),
        "discount": Decimal("1.38"),
        "delivery_fee": Decimal("4.5"),
        "total": Decimal("14.16"),
    }
    assert sum(Decimal(line["discount"]) for line in order["items"]) == Decimal("1.38")
    assert user.balance() == Decimal("85.84")


def test_one_key_twenty_times_at_once_is_one_order(shop: Shop, ledger: Ledger) -> None:
    bread = shop.product(10, stock=20)
    user = shop.customer(cash=100)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: shop.order(user, {bread: 1}, key="same"), range(20)))
    assert len({json.dumps(answer.expect(201), default=str) for answer in answers}) == 1
    assert sum("idempotency-hit" in answer.headers for answer in answers) == 19
    assert answers[0].body["user_name"] == user.registration["full_name"]
    assert (user.balance(), shop.stock(bread)) == (90, 19)
    shop.order(user, {bread: 2}, key="same").problem(422, "IDEMPOTENCY_KEY_REUSED")
    elsewhere = {"address": {"line1": "2 Street", "city": "Bangalore", "pincode": "560001"}}
    answer = shop.order(user, {bread: 1}, key="same", delivery=elsewhere)
    answer.problem(422, "IDEMPOTENCY_KEY_REUSED")


def test_a_refused_order_stays_refused(shop: Shop, ledger: Ledger) -> None:
    bread = shop.product(10)
    user = shop.customer()
    first = shop.order(user, {bread: 1}, key="early")
    refused(ledger, first, "WALLET_INSUFFICIENT_BALANCE", "wallet_debit")
    shop.give(user, "cash", 10)
    again = shop.order(user, {bread: 1}, key="early")
    assert (again.status, again.body) == (422, first.body)
    assert again.headers["idempotency-hit"] == "true"
    assert user.balance() == 10


def patient(order: Any) -> Answer:
    """The answer once no other writer is in its way; the same key makes trying again safe."""
    answer: Answer = order()
    for _ in range(20):
        if answer.status != 429:
            break
        time.sleep(0.2)
        answer = order()
    return answer


def test_the_last_piece_is_sold_once(shop: Shop) -> None:
    bread = shop.product(1, stock=1)
    with ThreadPoolExecutor(20) as pool:
        users = list(pool.map(lambda _: shop.customer(cash=5), range(20)))

        def order(user: User) -> str:
            key = uuid.uuid4().hex
            answer = patient(lambda: shop.order(user, {bread: 1}, key=key))
            return "placed" if answer.status == 201 else answer.body["code"]

        outcomes = Counter(pool.map(order, users))
    assert outcomes == {"placed": 1, "OUT_OF_STOCK": 19}
    assert shop.stock(bread) == 0


def test_a_capped_campaign_is_used_as_often_as_it_may_be(shop: Shop) -> None:
    bread = shop.product(10, stock=1000)
    code = shop.campaign(1, max_uses=7)
    with ThreadPoolExecutor(20) as pool:
        users = list(pool.map(lambda _: shop.customer(cash=20), range(20)))

        def order(user: User) -> str:
            key = uuid.uuid4().hex
            answer = patient(lambda: shop.order(user, {bread: 1}, key, campaign_code=code))
            return "placed" if answer.status == 201 else answer.body["code"]

        outcomes = Counter(pool.map(order, users))
    assert outcomes == {"placed": 7, "CAMPAIGN_NOT_ELIGIBLE": 13}
    assert shop.put_campaign(code, 1, max_uses=7).expect(200)["uses_left"] == 0


def test_forty_orders_on_a_wallet_for_twenty(shop: Shop) -> None:
    bread = shop.product(1, stock=1000)
    user = shop.customer(promo_coins=8, cash=12)

    def order(number: int) -> str:
        key = f"order-{number}"
        answer = patient(lambda: shop.order(user, {bread: 1}, key=key))
        return "placed" if answer.status == 201 else answer.body["code"]

    with ThreadPoolExecutor(40) as pool:
        outcomes = Counter(pool.map(order, range(40)))
    assert outcomes == {"placed": 20, "WALLET_INSUFFICIENT_BALANCE": 20}
    assert (user.balance(), user.balance("promo_coins"), shop.stock(bread)) == (0, 0, 980)


def test_fifty_lines_are_one_order(shop: Shop) -> None:
    with ThreadPoolExecutor(4) as pool:
        products = list(pool.map(lambda _: shop.product(1, stock=40), range(50)))
    user = shop.customer(cash=100)
    order = shop.order(user, dict.fromkeys(products, 1)).expect(201)
    assert (len(order["items"]), user.balance()) == (50, 50)


def test_a_long_order_of_scattered_remainders_is_one_order(shop: Shop) -> None:
    """Fifty lines that each take what is left in four parts are more than a transaction takes."""
    with ThreadPoolExecutor(4) as pool:
        products = list(pool.map(lambda _: shop.product(1, stock=4), range(50)))
    user = shop.customer(cash=200)
    order = shop.order(user, dict.fromkeys(products, 4)).expect(201)
    assert (order["pricing"]["total"], user.balance()) == (200, 0)
    assert {shop.stock(product) for product in products[:5]} == {0}


def test_orders_are_listed_newest_first(shop: Shop) -> None:
    bread = shop.product(1)
    user = shop.customer(cash=10)
    placed = [shop.order(user, {bread: 1}).expect(201)["order_id"] for _ in range(3)]

    def listed() -> list[str]:
        return [order["order_id"] for order in user.get("/api/orders").expect(200)["items"]]

    eventually(listed, placed[::-1].__eq__)
    first = user.get("/api/orders?limit=1").expect(200)
    assert first["items"][0]["user_name"] == user.registration["full_name"]
    rest = user.get(f"/api/orders?cursor={first['next_cursor']}").expect(200)
    assert len(rest["items"]) == 2 and rest["next_cursor"] is None
