"""Loyalty points and cashback for orders: set aside, due later, granted once."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from client import Grocery, Platform, User, eventually
from client.grocery import total_of

DAYS = timedelta(days=14)


@pytest.fixture(scope="module")
def shop(platform: Platform) -> Grocery:
    return Grocery(platform)


def loyalty(user: User) -> dict[str, Any]:
    return user.get("/api/loyalty/me").expect(200)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def pay(platform: Platform) -> dict[str, Any]:
    """Runs the payer now, as its schedule does every minute."""
    functions = platform.aws("lambda")
    reply = functions.invoke(FunctionName="quoin-local-cashback-payer", Payload=b"{}")
    answer = json.loads(reply["Payload"].read())
    assert "FunctionError" not in reply, answer
    return answer


def make_due(platform: Platform, user: User, order_id: str) -> None:
    """Moves what is set aside for an order a month into the past, as time itself would."""
    tables = platform.aws("dynamodb")
    (table,) = [name for name in tables.list_tables()["TableNames"] if "MarketingTable" in name]
    scan = tables.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    rows = [
        item
        for page in scan
        for item in page["Items"]
        if item["sk"]["S"].endswith(f"#{order_id}") and "cashback" in item
    ]
    assert {item["pk"]["S"].split("#")[0] for item in rows} == {"cashback", "cashback-due"}
    for item in rows:
        cashback = json.loads(item["cashback"]["S"], parse_float=Decimal)
        past = moment(cashback["due_at"]) - timedelta(days=30)
        cashback["due_at"] = past.strftime("%Y-%m-%dT%H:%M:%S.") + f"{past.microsecond // 1000:03}Z"
        moved = {
            "pk": item["pk"],
            "sk": {"S": f"{cashback['due_at']}#{order_id}"},
            "cashback": {"S": json.dumps(cashback, default=float)},
        }
        tables.put_item(TableName=table, Item=moved)
        tables.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})


def test_an_order_earns_points_and_cashback_that_is_paid_when_due(
    platform: Platform, shop: Grocery
) -> None:
    user = shop.shopper()
    before = Decimal(loyalty(user)["points"])
    order_id = shop.ordered(user)
    (created,) = eventually(lambda: shop.events(order_id, "order.created"))
    total = total_of(created)
    (pending,) = eventually(lambda: loyalty(user)["pending_cashback"])
    assert (pending["order_id"], Decimal(pending["amount"])) == (order_id, total * 5 // 100)
    assert moment(pending["due_at"]) == moment(created["data"]["created_at"]) + DAYS
    assert Decimal(loyalty(user)["points"]) == before + int(total)

    # Not before it is due.
    pay(platform)
    assert loyalty(user)["pending_cashback"] == [pending]
    assert user.balance("rez_coins") == 0

    make_due(platform, user, order_id)
    pay(platform)
    eventually(lambda: user.balance("rez_coins"), (total * 5 // 100).__eq__)
    assert loyalty(user)["pending_cashback"] == []
    (bonus,) = [
        one for one in user.get("/api/bonuses/me").body["items"] if one["kind"] == "cashback"
    ]
    assert (bonus["asset"], Decimal(bonus["amount"])) == ("rez_coins", total * 5 // 100)
    path = f"/api/audit/award/cashback:{order_id}"
    eventually(
        lambda: platform.get(path, token=shop.token).expect(200)["items"],
        lambda trail: [entry["event"] for entry in trail] == ["BonusAwarded"],
    )

    # Nor twice.
    pay(platform)
    assert user.balance("rez_coins") == total * 5 // 100


def test_less_than_a_coin_is_nothing(shop: Grocery) -> None:
    shop.product(3, 100, "match", "A box of matches")
    user = shop.shopper()
    order_id = shop.ordered(user, match=1)
    eventually(lambda: shop.events(order_id, "order.created"))
    eventually(lambda: loyalty(user)["points"] >= 3)
    assert loyalty(user)["pending_cashback"] == []
