"""An order's confirmation: prepared, sent over every channel, told to the order once."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from client import Grocery, Platform, User, eventually
from inbox import fail_next, messages, with_device

SENT = "order.confirmation_sent"


@pytest.fixture(scope="module")
def shop(platform: Platform) -> Grocery:
    return Grocery(platform)


def confirmed(shop: Grocery, order_id: str) -> dict[str, Any]:
    """What the order was told of its confirmation, which is told once."""
    (event,) = eventually(lambda: shop.events(order_id, SENT))
    return event["data"]


def received(shop: Grocery, user: User, device: str | None = None) -> dict[str, dict[str, Any]]:
    """The one message of each channel that names the merchant."""
    to = {"sms": user.registration["phone"], "email": user.registration["email"], "push": device}
    found = {
        channel: messages(shop.platform, address, shop.name)
        for channel, address in to.items()
        if address
    }
    assert all(len(items) <= 1 for items in found.values()), found
    return {channel: items[0] for channel, items in found.items() if items}


def test_a_confirmation_goes_out_over_every_channel_and_the_order_is_told(
    platform: Platform, shop: Grocery
) -> None:
    user = shop.shopper()
    device = with_device(user)
    order_id = shop.ordered(user)
    data = confirmed(shop, order_id)
    inbox = received(shop, user, device)
    assert data["channels"] == ["sms", "push", "email"]
    assert {channel: data[f"{channel}_id"] for channel in data["channels"]} == {
        channel: message["message_id"] for channel, message in inbox.items()
    }
    assert (data["order_id"], data["user_id"]) == (order_id, user.user_id)
    mail = inbox["email"]["text"]
    for part in [
        user.registration["full_name"],
        order_id,
        "Organic Apples (1 kg), 150.00",
        "Brown Bread (400g), 40.00",
        "500.00",
        "123, MG Road",
        "Bangalore",
    ]:
        assert part in mail, (part, mail)
    created = shop.events(order_id, "order.created")[0]["data"]
    if url := created["external_references"].get("bizone_tracking_url"):
        assert url in mail and url in inbox["sms"]["text"]
    # The order's stream has no gap, and the confirmation is its last event.
    events = shop.events(order_id)
    assert [event["metadata"]["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["event"] == SENT
    assert events[-1]["metadata"]["source"] == "notification-service"


def test_a_channel_without_a_contact_is_not_told(shop: Grocery) -> None:
    user = shop.shopper()
    user.put("/api/notifications/preferences", {"email": False}).expect(200)
    data = confirmed(shop, shop.ordered(user))
    assert data["channels"] == ["sms"]
    assert set(received(shop, user)) == {"sms"}
    assert "push_id" not in data and "email_id" not in data


def test_whoever_wants_nothing_is_sent_nothing_and_the_order_is_not_told(shop: Grocery) -> None:
    user = shop.shopper()
    off = {"sms": False, "email": False, "push": False}
    user.put("/api/notifications/preferences", off).expect(200)
    order_id = shop.ordered(user)
    eventually(lambda: shop.events(order_id, "order.created"))
    time.sleep(3)
    assert shop.events(order_id, SENT) == []


def test_the_language_is_the_persons(shop: Grocery) -> None:
    user = shop.shopper(language="de-AT")
    confirmed(shop, shop.ordered(user))
    inbox = received(shop, user)
    assert inbox["email"]["subject"] == f"Ihre Bestellung bei {shop.name} ist bestätigt"
    assert "Ihre Bestellung" in inbox["sms"]["text"]


def test_a_retry_of_one_channel_does_not_repeat_the_others(
    platform: Platform, shop: Grocery
) -> None:
    user = shop.shopper()
    fail_next(platform, "email", 2)
    try:
        data = confirmed(shop, shop.ordered(user))
    finally:
        fail_next(platform, "email", 0)
    assert data["channels"] == ["sms", "email"]
    assert set(received(shop, user)) == {"sms", "email"}


def test_a_channel_that_is_given_up_is_left_out(platform: Platform, shop: Grocery) -> None:
    user = shop.shopper()
    fail_next(platform, "email", 1000)
    try:
        data = confirmed(shop, shop.ordered(user))
    finally:
        fail_next(platform, "email", 0)
    assert data["channels"] == ["sms"]
    assert "email_id" not in data


def test_a_refused_channel_is_left_out(platform: Platform, shop: Grocery) -> None:
    user = shop.shopper()
    fail_next(platform, "sms", 1, 422)
    data = confirmed(shop, shop.ordered(user))
    assert data["channels"] == ["email"]


def again(platform: Platform, name: str, event: dict[str, Any]) -> None:
    """Delivers an event to a consumer once more."""
    queues = platform.aws("sqs")
    urls = queues.list_queues()["QueueUrls"]
    url = next(url for url in urls if url.endswith(f"-{name}"))
    body = json.dumps({"detail": event}, default=float)
    queues.send_message(QueueUrl=url, MessageBody=body)


def test_a_redelivery_tells_the_order_nothing_new(platform: Platform, shop: Grocery) -> None:
    user = shop.shopper()
    order_id = shop.ordered(user)
    data = confirmed(shop, order_id)
    for name in ("order.initiated", "order.created"):
        again(platform, "notify", shop.events(order_id, name)[0])
    time.sleep(4)
    assert confirmed(shop, order_id) == data
    assert set(received(shop, user)) == {"sms", "email"}


def test_a_refused_order_disturbs_nobody_by_text_message(platform: Platform, shop: Grocery) -> None:
    user = shop.shopper(amount=0)
    answer = shop.buy(user)
    assert answer.status == 422, answer
    address = user.registration["email"]
    (mail,) = eventually(lambda: messages(platform, address, "not accepted"))
    assert "the balance is not enough" in mail["text"]
    assert messages(platform, user.registration["phone"], "order") == []
