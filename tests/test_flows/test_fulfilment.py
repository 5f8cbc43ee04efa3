"""Paid orders and their merchants, who say yes, no, nothing, or something else later."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from client import Platform, Shop, User, eventually
from client.command_line import quoin
from ledger import Ledger
from stored import wait_until_quiet

CONFIRMED = ["bizone.order_created", "order.created"]
REFUNDED = ["wallet.refunded", "order.failed"]
COINS = ("promo_coins", "branded_coins", "rez_coins", "cash")


@pytest.fixture(scope="module")
def ledger(platform: Platform) -> Ledger:
    return Ledger(platform)


class Counter:
    """A shop whose merchant behaves as `manner` says, and one order of every asset from it."""

    def __init__(self, platform: Platform, ledger: Ledger, manner: str = "") -> None:
        self.platform, self.ledger = platform, ledger
        self.shop = Shop(platform, f"merch_{uuid.uuid4().hex[:12]}{manner and '_' + manner}")
        self.apples, self.bread = self.shop.product(30, stock=5), self.shop.product(10, stock=1000)
        self.code = self.shop.campaign(10, max_uses=10)
        self.user = self.shop.customer(promo_coins=20, branded_coins=30, rez_coins=10, cash=50)
        end = datetime.now(UTC) + timedelta(days=3)
        expiring = {
            "asset": "promo_coins",
            "amount": 15,
            "reason": "for a test",
            "expires_at": end.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }
        path = f"/api/wallets/{self.user.user_id}/adjustments"
        self.platform.post(path, expiring, token=self.shop.token, key=uuid.uuid4().hex).expect(201)
        self.before = self.held()

    def held(self) -> dict[str, Any]:
        """What the wallet has of each asset, with what of it expires or is bound to a merchant."""
        item = ledger_item(self.ledger, self.user.user_id)
        assets = json.loads(item["assets"]["S"], parse_float=Decimal)
        return {asset: assets[asset] for asset in COINS if assets.get(asset, {}).get("available")}

    def uses(self) -> int:
        """Uses that the campaign has left."""
        return sum(
            int(item["left"]["N"])
            for item in rows(self.platform, f"campaign-uses#{self.code}")
            if "left" in item
        )

    def place(self) -> str:
        """120 for three apples and three breads, less 10: every asset pays, cash the last of it."""
        cart = {self.apples: 3, self.bread: 3}
        answer = self.shop.order(self.user, cart, campaign_code=self.code)
        self.order_id: str = answer.expect(201)["order_id"]
        assert self.user.balance() == 15
        return self.order_id

    def order(self) -> dict[str, Any]:
        order: dict[str, Any] = self.user.get(f"/api/orders/{self.order_id}").expect(200)
        return order

    def ends(self, status: str) -> dict[str, Any]:
        return eventually(self.order, lambda order: order["status"] == status)

    def stream(self) -> list[dict[str, Any]]:
        return self.ledger.stream(f"order#{self.order_id}")

    def told(self) -> list[dict[str, Any]]:
        """The events after the order was placed."""
        later = (item for item in self.stream()[1:] if "ev" in item)
        events = (
            json.loads(one["S"], parse_float=Decimal) for item in later for one in item["ev"]["L"]
        )
        return [event for event in events if event["event"] != "order.confirmation_sent"]

    def names(self) -> list[str]:
        return [event["event"] for event in self.told()]

    def state(self) -> dict[str, Any]:
        """What the order's stream has of the merchant's part."""
        states = [item["st"]["S"] for item in self.stream() if "st" in item]
        fulfilment: dict[str, Any] = json.loads(states[-1])["fulfilment"]
        return fulfilment

    def paid(self) -> dict[str, Any]:
        """The message that `order.paid` is to its consumers."""
        placed = self.stream()[0]["ev"]["L"]
        event = json.loads(placed[-1]["S"])
        assert event["event"] == "order.paid"
        return {"source": "order.events", "detail-type": "order.paid", "detail": event}

    def send(self, body: Any) -> None:
        self.platform.aws("sqs").send_message(
            QueueUrl=queue(self.platform, "merchant-connector"), MessageBody=json.dumps(body)
        )

    def parked(self) -> list[dict[str, Any]]:
        """Dead letters about the order."""
        queues = self.platform.aws("sqs")
        got = queues.receive_message(
            QueueUrl=queue(self.platform, "merchant-connector-dlq"),
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            VisibilityTimeout=0,
        )
        return [one for one in got.get("Messages", []) if self.order_id in one["Body"]]

    def behave(self, manner: str) -> None:
        switch = {"merchant": {"merchant_id": self.shop.merchant_id, "manner": manner}}
        self.platform.put("/sandbox/behaviour", switch, headers=sandbox(self.platform)).expect(200)

    def confirmed(self) -> dict[str, Any]:
        """The order once it is final; it was taken once and nothing went back."""
        order = self.ends("created")
        assert self.names() == CONFIRMED
        assert [event["metadata"]["entity"]["id"] for event in self.told()] == [self.order_id] * 2
        assert self.user.balance() == 15
        assert (self.shop.stock(self.apples), self.uses()) == (2, 9)
        return order

    def refunded(self, reason: str) -> dict[str, Any]:
        """The order once it failed; everything it took is back, in one commit and once."""
        order = self.ends("failed")
        assert order["failure"]["failure_reason"] == reason
        assert order["failure"]["failure_stage"] == "merchant"
        assert order["payment"]["status"] == "refunded"
        assert self.names() == REFUNDED
        refund, failed = (event["data"] for event in self.told())
        assert failed["rollback_completed"] is True and failed["failure_reason"] == reason
        breakdown = {part["coin_type"]: part["amount"] for part in refund["refund_breakdown"]}
        assert breakdown == {"promo_coins": 35, "branded_coins": 30, "rez_coins": 10, "cash": 35}
        assert refund["total_refunded"] == 110
        assert self.held() == self.before
        entries = self.user.entries()
        back = [one for one in entries if one["type"] == "credit_order_refund"]
        ids = {one["transaction_id"] for one in back}
        assert ids == set(refund["refund_transaction_ids"]) and len(back) == 4
        assert set(refund["original_transaction_ids"]) == set(order["payment"]["transaction_ids"])
        assert (self.shop.stock(self.apples), self.shop.stock(self.bread)) == (5, 1000)
        assert self.uses() == 10
        return order


def ledger_item(ledger: Ledger, user_id: str) -> dict[str, Any]:
    return ledger.item(ledger.wallets, {"pk": {"S": user_id}})


def rows(platform: Platform, pk: str) -> list[dict[str, Any]]:
    """A partition of the order service's table."""
    tables = platform.aws("dynamodb")
    table = next(name for name in tables.list_tables()["TableNames"] if "-OrderTable" in name)
    found: list[dict[str, Any]] = tables.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
        ConsistentRead=True,
    )["Items"]
    return found


def open_rows(platform: Platform) -> set[str]:
    """The orders that the sweeper looks at."""
    return {row["sk"]["S"] for shard in range(8) for row in rows(platform, f"open#{shard}")}


def queue(platform: Platform, name: str) -> str:
    urls: list[str] = platform.aws("sqs").list_queues()["QueueUrls"]
    (url,) = (url for url in urls if url.rsplit("/", 1)[1].endswith(f"-{name}"))
    return url


def sandbox(platform: Platform, of: str = "Sandbox") -> dict[str, str]:
    manager = platform.aws("secretsmanager")
    secret = manager.get_secret_value(SecretId=platform.outputs["stack"][f"{of}SecretArn"])
    return {"authorization": f"Bearer {secret['SecretString']}"}


def sweep(platform: Platform) -> None:
    """Runs the sweeper, as its schedule does once a minute."""
    functions = platform.aws("lambda")
    pages = functions.get_paginator("list_functions").paginate()
    names = [one["FunctionName"] for page in pages for one in page["Functions"]]
    (name,) = (name for name in names if name.endswith("-order-sweeper"))
    answer = functions.invoke(FunctionName=name, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


# --- the merchant says yes ----------------------------------------------------------------------


def test_a_merchant_that_takes_an_order_makes_it_final(platform: Platform, ledger: Ledger) -> None:
    counter = Counter(platform, ledger)
    order_id = counter.place()
    order = counter.confirmed()
    taken, created = counter.told()
    assert taken["metadata"]["source"] == "bizone-integration"
    assert taken["metadata"]["bizone_request_id"].startswith("bzn_req_")
    assert taken["metadata"]["request_id"] == counter.paid()["detail"]["metadata"]["request_id"]
    assert taken["data"]["rabtul_order_id"] == order_id
    assert (taken["data"]["items_count"], taken["data"]["total_amount"]) == (2, 110)
    assert created["metadata"]["causation_id"] == taken["metadata"]["event_id"]
    assert created["metadata"]["idempotency_key"]
    references = {
        "bizone_order_id": taken["data"]["bizone_order_id"],
        "bizone_tracking_url": taken["data"]["tracking_url"],
    }
    assert order["external_references"] == references
    assert created["data"]["external_references"] == references
    assert order["delivery"]["estimated_delivery"] == taken["data"]["estimated_delivery"]
    assert all(created["data"][name].startswith("enc:v1:") for name in ("user_name", "user_phone"))
    assert counter.state()["attempts"] == 1
    # The list shows it as it is now, and the sweeper has nothing to do with it any more.
    listed = eventually(
        lambda: counter.user.get("/api/orders").expect(200)["items"],
        lambda items: [one["status"] for one in items] == ["created"],
    )
    assert listed[0]["order_id"] == order_id
    eventually(lambda: order_id not in open_rows(platform))


def test_an_order_whose_payment_is_told_again_is_placed_once(
    platform: Platform, ledger: Ledger
) -> None:
    counter = Counter(platform, ledger)
    counter.place()
    for _ in range(3):
        counter.send(counter.paid())
    counter.confirmed()
    items = len(counter.stream())
    for _ in range(3):
        counter.send(counter.paid())
    time.sleep(3)
    counter.confirmed()
    assert len(counter.stream()) <= items + 1  # that its owner was told may have come meanwhile


def test_an_order_taken_by_a_merchant_that_answers_too_late_is_not_refunded(
    platform: Platform, ledger: Ledger
) -> None:
    counter = Counter(platform, ledger, "silent_once")
    counter.place()
    counter.confirmed()
    # It was asked about, not placed again.
    assert counter.state()["attempts"] == 1


@pytest.mark.parametrize("manner", ["garbled", "twice", "down_once", "down_thrice"])
def test_an_order_is_placed_again_under_its_key_until_the_merchant_answers(
    platform: Platform, ledger: Ledger, manner: str
) -> None:
    counter = Counter(platform, ledger, manner)
    counter.place()
    counter.confirmed()
    assert counter.state()["attempts"] == {"down_once": 2, "down_thrice": 4}.get(manner, 1)


def test_a_merchant_that_forgets_what_it_took_takes_it_once(
    platform: Platform, ledger: Ledger
) -> None:
    counter = Counter(platform, ledger, "forgets")
    counter.place()
    counter.confirmed()
    assert counter.state()["attempts"] == 2


# --- the merchant says no -----------------------------------------------------------------------


def test_a_refused_order_gives_everything_back_once(platform: Platform, ledger: Ledger) -> None:
    counter = Counter(platform, ledger, "rejects")
    counter.place()
    counter.refunded("MERCHANT_REJECTED")
    items = len(counter.stream())
    for _ in range(3):
        counter.send(counter.paid())
    sweep(platform)
    time.sleep(3)
    counter.refunded("MERCHANT_REJECTED")
    assert len(counter.stream()) == items
    eventually(lambda: counter.order_id not in open_rows(platform))


def test_a_merchant_that_changes_its_mind_gets_nothing(platform: Platform, ledger: Ledger) -> None:
    counter = Counter(platform, ledger, "rejects_once")
    counter.place()
    counter.refunded("MERCHANT_REJECTED")
    counter.send(counter.paid())
    time.sleep(2)
    counter.refunded("MERCHANT_REJECTED")


def test_a_free_order_that_is_refused_fails_without_a_refund(
    platform: Platform, ledger: Ledger
) -> None:
    counter = Counter(platform, ledger, "rejects")
    code = counter.shop.campaign(100, "percent")
    answer = counter.shop.order(counter.user, {counter.apples: 2}, campaign_code=code)
    order = answer.expect(201)
    assert order["pricing"]["total"] == 0
    counter.order_id = order["order_id"]
    assert counter.ends("failed")["failure"]["failure_reason"] == "MERCHANT_REJECTED"
    assert counter.names() == ["order.failed"]
    assert counter.held() == counter.before
    assert counter.shop.stock(counter.apples) == 5


# --- the merchant says nothing ------------------------------------------------------------------


def test_an_order_that_the_merchant_may_have_is_not_refunded_and_ends_with_its_word(
    platform: Platform, ledger: Ledger
) -> None:
    counter = Counter(platform, ledger, "silent")
    counter.place()
    (parked,) = eventually(counter.parked)
    attributes = {k: v["StringValue"] for k, v in parked["MessageAttributes"].items()}
    assert (attributes["class"], attributes["attempts"]) == ("exhausted", "6")
    assert "504" in attributes["reason"]
    sweep(platform)
    assert counter.order()["status"] == "paid"
    assert (counter.names(), counter.user.balance()) == ([], 15)
    assert counter.order_id in open_rows(platform)
    # The merchant can be heard again: it has had the order all the time.
    counter.behave("takes")
    counter.send(json.loads(parked["Body"]))
    counter.confirmed()


def test_an_unreachable_merchant_ends_nothing_until_it_promises_not_to_take_the_order(
    platform: Platform, ledger: Ledger
) -> None:
    counter = Counter(platform, ledger, "down")
    order_id = counter.place()
    (parked,) = eventually(counter.parked)
    assert "503" in parked["MessageAttributes"]["reason"]["StringValue"]
    assert (counter.order()["status"], counter.names()) == ("paid", [])
    counter.behave("closed")
    # The sweeper goes on asking; an order is its business once it has been open for a second.
    eventually(lambda: (sweep(platform), counter.order()["status"])[1] == "failed")
    counter.refunded("MERCHANT_UNREACHABLE")
    # Whatever still comes under that key finds the promise.
    counter.behave("takes")
    late = {
        "rabtul_order_id": order_id,
        "merchant_id": counter.shop.merchant_id,
        "items": [{"product_id": "p", "quantity": 1}],
        "total_amount": 1,
        "customer": {"name": "Somebody"},
        "delivery": {"address": {"line1": "1 Street", "city": "Town", "pincode": "560001"}},
    }
    headers = sandbox(platform, "MerchantCredential")
    # Its first body was another one: the merchant does not even look at this.
    platform.post("/sandbox/merchant/orders", late, headers=headers, key=order_id).problem(
        422, "IDEMPOTENCY_KEY_REUSED"
    )
    standing = platform.get(f"/sandbox/merchant/orders/{order_id}", headers=headers).expect(200)
    assert standing["status"] == "cancelled"
    counter.send(json.loads(parked["Body"]))
    time.sleep(2)
    counter.refunded("MERCHANT_UNREACHABLE")


def test_an_order_that_a_closed_merchant_lets_be_is_refunded_at_the_end_of_the_attempts(
    platform: Platform, ledger: Ledger
) -> None:
    counter = Counter(platform, ledger, "closed")
    counter.place()
    counter.refunded("MERCHANT_UNREACHABLE")
    # It may have received the first call, so it was asked about that, and placed no other.
    assert counter.state()["attempts"] == 1
    assert counter.parked() == []


def test_a_merchant_that_decides_too_late_finds_the_order_withdrawn(
    platform: Platform, ledger: Ledger
) -> None:
    counter = Counter(platform, ledger, "late")
    counter.place()
    counter.refunded("MERCHANT_UNREACHABLE")


def test_somebody_who_has_left_gets_the_money_back_all_the_same(
    platform: Platform, ledger: Ledger
) -> None:
    counter = Counter(platform, ledger, "down")
    counter.place()
    counter.user.post("/api/users/me/deactivate", {"reason": "closed"}).expect(200)
    eventually(counter.parked)
    counter.behave("closed")
    sweep(platform)

    def cash() -> Any:
        return counter.held().get("cash", {}).get("available")

    eventually(cash, Decimal(50).__eq__)
    assert counter.held() == counter.before
    assert counter.names() == REFUNDED


def test_the_sandbox_merchant_wants_its_credential(platform: Platform) -> None:
    path = "/sandbox/merchant/orders"
    for answer in (
        platform.post(path, {}, key="order_1"),
        platform.get(f"{path}/order_1"),
        platform.post(f"{path}/order_1/cancel", {}),
    ):
        answer.problem(401, "UNAUTHENTICATED")
    # What another party is shown lets nobody pass for the platform here.
    for other in ("PaymentCredential", "NotificationCredential", "Sandbox"):
        answer = platform.get(f"{path}/order_nosuch", headers=sandbox(platform, other))
        answer.problem(401, "UNAUTHENTICATED")
    own = sandbox(platform, "MerchantCredential")
    platform.get(f"{path}/order_nosuch", headers=own).problem(404, "NOT_FOUND")


def test_no_order_is_left_unverified(platform: Platform, ledger: Ledger) -> None:
    """The refund's commit is one that the ledger's own laws hold of."""
    counter = Counter(platform, ledger, "rejects")
    counter.place()
    counter.refunded("MERCHANT_REJECTED")
    changes = ledger.changes(counter.user.user_id)
    lines = json.loads(changes[-1]["lines"]["S"], parse_float=Decimal)
    assert [line["purpose"] for line in lines] == ["credit_order_refund"] * 4
    assert json.loads(changes[-1]["cause"]["S"]) == {"type": "order", "id": counter.order_id}
    kinds = {line["asset"] for line in lines}
    assert kinds == set(COINS)
    assert User(platform).get(f"/api/orders/{counter.order_id}").status == 404
    wait_until_quiet(platform, counter.user.user_id)
    stage = ("verify", "--stage", "local", "--grace", "0", "--json")
    own = quoin(platform, *stage, "--user", counter.user.user_id)
    assert (own.code, own.document["breaks"]) == (0, []), own.out + own.err
    # What the tests before left under way may take a while.
    whole = eventually(lambda: quoin(platform, *stage, "--all"), lambda said: said.code == 0, 120)
    assert whole.document["is_well"] is True
