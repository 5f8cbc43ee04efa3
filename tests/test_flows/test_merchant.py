"""What merchants see of their orders, and what the platform keeps of them."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from client import Platform, Stall, User, eventually
from deliver import Event, deliver, event, moment


@pytest.fixture
def shop(platform: Platform) -> Stall:
    return Stall(platform)


class Ordered:
    """What is told of an order, by hand."""

    def __init__(self, shop: Stall, amount: Any, seconds: float) -> None:
        self.order_id, self.amount, self.seconds = f"order_{uuid.uuid4().hex}", amount, seconds
        self.own = {"order_id": self.order_id, "merchant_id": shop.merchant_id}

    def told(self, name: str, sequence: int, after: float, **data: Any) -> Event:
        at = moment(self.seconds + after)
        made = event(name, at, ("order", self.order_id), **self.own, **data)
        made["metadata"]["sequence"] = sequence
        return made

    def paid(self) -> Event:
        return self.told("order.paid", 6, 0, amount=self.amount)

    def created(self) -> Event:
        pricing = {"subtotal": self.amount, "discount": 0, "delivery_fee": 0, "total": self.amount}
        made = self.told("order.created", 8, 2, pricing=pricing)
        made["data"]["created_at"] = made["timestamp"]
        return made

    def failed(self, stage: str = "merchant") -> Event:
        return self.told(
            "order.failed", 8, 2, failure_stage=stage, failure_reason="MERCHANT_REJECTED"
        )


def test_orders_are_shown_newest_first_however_their_events_arrive(
    platform: Platform, shop: Stall
) -> None:
    old, lost, new = Ordered(shop, 10, -3), Ordered(shop, 20, -2), Ordered(shop, 30.5, -1)
    never = Ordered(shop, 40, -0.5)
    paid = {one.order_id: one.paid() for one in (old, lost, new)}
    events = [new.created(), paid[new.order_id], paid[old.order_id], lost.failed()]
    events += [paid[lost.order_id], never.failed("validation")]
    deliver(platform, "merchant-orders", *events, *reversed(events))

    def looked() -> Any:
        return shop.get("/orders")

    def shown(seen: Any) -> list[tuple[str, str, str]]:
        return [(one["order_id"], one["status"], one["placed_at"]) for one in seen["items"]]

    ends = [(new, "created"), (lost, "failed"), (old, "paid")]
    told = [(one.order_id, end, paid[one.order_id]["timestamp"]) for one, end in ends]
    seen = eventually(looked, lambda seen: shown(seen) == told)
    items = seen["items"]
    assert items[0]["items"][0]["product_name"] == "Organic Apples (1 kg)"
    assert items[1]["failure_reason"] == "MERCHANT_REJECTED"
    assert "user_789" not in str(seen) and "enc:" not in str(seen), "nothing personal"
    summary = eventually(lambda: looked()["summary"], lambda one: one["orders"] == 2)
    assert summary["amount"] == Decimal("40.5")

    only = shop.get("/orders?status=failed")["items"]
    assert [item["order_id"] for item in only] == [lost.order_id]
    first = shop.get("/orders?limit=2")
    rest = shop.get(f"/orders?limit=2&cursor={first['next_cursor']}")
    assert first["items"] + rest["items"] == items


def test_a_commission_is_of_the_rate_that_held_and_is_kept_once(
    platform: Platform, shop: Stall
) -> None:
    before = Ordered(shop, "99.9", -2).created()
    path = f"/api/merchants/{shop.merchant_id}/commission-rate"
    rate = platform.put(path, {"percent": "2.5"}, token=shop.token).expect(200)
    after = Ordered(shop, 450, 2).created()
    deliver(platform, "commissions", after, before, after, before)
    month = before["timestamp"][:7]
    assert after["timestamp"][:7] == month, "the month ends just now; run it again"
    # One look reads the list before the total, so what comes in between is in one of them alone.
    seen = eventually(
        lambda: shop.get(f"/commissions?month={month}"),
        lambda seen: seen["total"]["orders"] == len(seen["items"]) == 2,
    )
    lines = [(item["order_total"], item["percent"], item["commission"]) for item in seen["items"]]
    # The stage's own rate: 5 %, of 99.90 that is 4.995, halves up.
    assert lines == [
        (450, Decimal("2.5"), Decimal("11.25")),
        (Decimal("99.9"), 5, Decimal(5)),
    ]
    assert seen["total"] == {
        "orders": 2, "order_total": Decimal("549.9"), "commission": Decimal("16.25"),
    }  # fmt: skip
    assert rate["percent"] == Decimal("2.5") and rate["valid_from"] > before["timestamp"]
    assert shop.get("/commissions?month=2020-01")["items"] == []


def test_only_managers_and_operators_see_a_merchant(platform: Platform) -> None:
    manager, stranger = User(platform), User(platform)
    shop = Stall(platform, managers=[manager.user_id])
    for path in ("/orders", "/commissions"):
        assert shop.get(path, manager.token)["items"] == []
        answer = stranger.get(f"/api/merchants/{shop.merchant_id}{path}")
        answer.problem(404, "NOT_FOUND")
        missing = stranger.get(f"/api/merchants/merch_nobody{path}")
        assert missing.problem(404, "NOT_FOUND")["detail"] == answer.body["detail"]
    path = f"/api/merchants/{shop.merchant_id}/commission-rate"
    manager.put(path, {"percent": 0}).problem(403, "FORBIDDEN")
    for percent in (100.5, "0.00001"):
        answer = platform.put(path, {"percent": percent}, token=shop.token)
        answer.problem(400, "PERCENT_INVALID")
    nobody = "/api/merchants/merch_nobody/commission-rate"
    platform.put(nobody, {"percent": 1}, token=shop.token).problem(404, "NOT_FOUND")
    for query, code in [
        ("orders?status=lost", "STATUS_INVALID"),
        ("commissions?month=1", "MONTH_INVALID"),
    ]:
        path = f"/api/merchants/{shop.merchant_id}/{query}"
        manager.get(path).problem(400, code)


def test_an_order_reaches_its_merchant_and_is_charged_for(shop: Stall) -> None:
    customer = shop.shopper()
    order = shop.buy(customer, 2).expect(201)["order_id"]
    seen = eventually(
        lambda: shop.get("/orders"),
        lambda seen: [one["status"] for one in seen["items"]] == ["created"],
    )
    assert (seen["items"][0]["order_id"], seen["items"][0]["amount"]) == (order, 200)
    assert seen["summary"]["orders"] == 1
    kept = eventually(lambda: shop.get("/commissions"), lambda kept: kept["items"])
    assert [item["commission"] for item in kept["items"]] == [10]
