"""What customer support sees of an order."""

from __future__ import annotations

from typing import Any

import pytest
from client import Grocery, Platform, eventually
from deliver import deliver


@pytest.fixture(scope="module")
def shop(platform: Platform) -> Grocery:
    return Grocery(platform)


def test_support_sees_the_order_as_its_events_told_it(platform: Platform, shop: Grocery) -> None:
    user = shop.shopper()
    order_id = shop.ordered(user)
    path = f"/api/support/orders/{order_id}"

    def view() -> dict:
        answer = platform.get(path, token=shop.token)
        return answer.body if answer.status == 200 else {}

    order = eventually(view, lambda seen: "confirmation" in seen)
    assert (order["status"], order["customer"]["user_id"]) == ("created", user.user_id)
    assert order["customer"]["name"] == user.registration["full_name"]
    assert order["customer"]["phone"] == user.registration["phone"]
    assert order["merchant"]["name"] == shop.name
    assert order["merchant"]["order_reference"]
    assert order["amounts"]["total"] == 500
    assert sum(part["amount"] for part in order["payment"]["breakdown"]) == 500
    assert order["confirmation"]["channels"] == ["sms", "email"]
    sequences = [step["sequence"] for step in order["steps"]]
    assert sequences == list(range(1, order["last_sequence"] + 1))
    assert not any(step.get("unexpected") for step in order["steps"])
    steps = [step["event"] for step in order["steps"]]
    eventually(lambda: [event["event"] for event in shop.events(order_id)], steps.__eq__)
    user.get(path).problem(403, "FORBIDDEN")
    unknown = platform.get("/api/support/orders/order_unknown", token=shop.token)
    unknown.problem(404, "NOT_FOUND")


def test_a_refused_order_tells_why(platform: Platform, shop: Grocery) -> None:
    user = shop.shopper(amount=0)
    answer = shop.buy(user, key="refused")
    assert answer.status == 422, answer
    order_id = eventually(
        lambda: [
            one["related_entity"]["id"]
            for one in user.get("/api/activity?kind=order").expect(200)["items"]
        ]
    )[0]

    def view() -> dict:
        seen = platform.get(f"/api/support/orders/{order_id}", token=shop.token)
        return seen.body if seen.status == 200 else {}

    order = eventually(view, lambda seen: seen.get("status") == "refused")
    assert order["failure"]["reason"] == "WALLET_INSUFFICIENT_BALANCE"
    assert order["failure"]["stage"] == "wallet_debit"
    assert order["failure"]["amount_required"] == 500
    assert "payment" not in order and "refund" not in order


def ended(platform: Platform, shop: Grocery, order_id: str) -> dict:
    """The view of an order that its merchant refused."""

    def view() -> dict:
        seen = platform.get(f"/api/support/orders/{order_id}", token=shop.token)
        return seen.body if seen.status == 200 else {}

    order = eventually(view, lambda seen: "failure" in seen)
    assert order["status"] == "failed", order["steps"]
    assert not [step for step in order["steps"] if step.get("unexpected")]
    assert order["failure"]["stage"] == "merchant"
    assert order["failure"]["reason"] == "MERCHANT_REJECTED"
    assert "confirmed_at" not in order["merchant"]
    return order


@pytest.fixture(scope="module")
def refusing(platform: Platform) -> Grocery:
    """A shop whose merchant takes nothing."""
    return Grocery(platform, manner="rejects")


def test_an_order_that_the_merchant_refused_has_failed_and_is_refunded(
    platform: Platform, refusing: Grocery
) -> None:
    user = refusing.shopper()
    order = ended(platform, refusing, refusing.ordered(user))
    assert order["refund"]["total"] == order["payment"]["amount"] == 500
    assert [step["status"] for step in order["steps"]][-2:] == ["refunded", "failed"]


def test_a_free_order_that_the_merchant_refused_has_failed_without_a_refund(
    platform: Platform, refusing: Grocery
) -> None:
    user = refusing.shopper()
    code = refusing.campaign(100, "percent")
    answer = refusing.order(user, {"bread": 1}, campaign_code=code).expect(201)
    order = ended(platform, refusing, answer["order_id"])
    assert "refund" not in order
    assert order["payment"]["amount"] == 0


def test_what_comes_after_the_cursor_expired_makes_no_beginning_of_an_end(
    platform: Platform, shop: Grocery
) -> None:
    """A copy of the first event, and one of the last: the sweep reads the order's journal."""
    user = shop.shopper()
    orders = [shop.ordered(user, bread=1) for _ in range(2)]

    def view(order_id: str) -> dict[str, Any]:
        seen = platform.get(f"/api/support/orders/{order_id}", token=shop.token)
        return seen.body if seen.status == 200 else {}

    before = [
        eventually(lambda o=one: view(o), lambda seen: "confirmation" in seen) for one in orders
    ]
    tables = platform.aws("dynamodb")
    table = next(name for name in tables.list_tables()["TableNames"] if "-SupportTable" in name)
    prefix = f"quoin-{platform.outputs['stage']}"
    (first, *_), (*_, last) = (shop.events(one) for one in orders)
    first |= {"timestamp": "2020-01-04T10:17:05.123Z"}
    for order_id, event in zip(orders, (first, last), strict=True):
        key = {"pk": {"S": f"inorder#support-orders#order#{order_id}"}, "sk": {"S": "cursor"}}
        cursor = tables.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
        assert int(cursor["expires"]["N"]) > 0
        # As its expiry would.
        tables.delete_item(TableName=table, Key=key)
        deliver(platform, "support-orders", event)

    def cursors() -> list[int]:
        platform.aws("lambda").invoke(FunctionName=f"{prefix}-support-sweeper", Payload=b"{}")
        keys = [f"inorder#support-orders#order#{order_id}" for order_id in orders]
        found = [
            tables.get_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": "cursor"}})
            for pk in keys
        ]
        return [int(one["Item"]["last"]["N"]) if "Item" in one else 0 for one in found]

    eventually(cursors, lambda seen: seen == [one["last_sequence"] for one in before], seconds=180)
    assert [view(order_id) for order_id in orders] == before
