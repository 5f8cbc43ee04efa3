"""A message to a person, and what its provider says became of it."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any

from boosts import rows, told
from client import Answer, Platform, User, eventually
from deliver import deliver
from inbox import fail_next, messages


def receipt(platform: Platform, body: dict[str, Any]) -> Answer:
    raw = json.dumps(body).encode()
    path = "/api/notifications/callbacks/sandbox"
    return platform.post(path, raw, headers=platform.signed("sms", raw))


def welcome(user: User) -> dict[str, Any]:
    """The text message that greets a person, as they see it."""
    items = user.get("/api/notifications").expect(200)["items"]
    found = [one for one in items if (one["template"], one["channel"]) == ("welcome", "sms")]
    assert len(found) <= 1, found
    return found[0] if found else {"status": "none"}


def until(user: User, status: str) -> dict[str, Any]:
    return eventually(lambda: welcome(user), lambda now: now["status"] == status)


def key(platform: Platform, user: User, notification_id: str) -> str:
    """What a message was sent under, which only its provider is shown."""
    found = rows(platform, "NotificationTable", f"notices#{user.user_id}")
    places = [row["sk"]["S"].split("#") for row in found]
    (moment,) = [moment for moment, identity in places if identity == notification_id]
    millis = round(datetime.fromisoformat(moment).timestamp() * 1000)
    return f"{notification_id}.{millis}.{user.user_id}"


def test_a_receipt_is_recorded_once_under_the_providers_id(platform: Platform, user: User) -> None:
    text = until(user, "sent")["text"]
    (message,) = messages(platform, user.registration["phone"], about=text)
    body = {"message_id": message["message_id"], "status": "delivered"}
    for _ in range(2):
        receipt(platform, body).expect(204)
    assert welcome(user)["status"] == "delivered"
    failed = {**body, "status": "failed", "reason": "handset_off"}
    receipt(platform, failed).expect(204)
    assert welcome(user)["status"] == "undelivered"
    receipt(platform, {**body, "message_id": "msg_of_nobody"}).problem(404, "NOT_FOUND")


def test_a_receipt_that_overtakes_the_answer_is_recorded_and_nothing_is_sent_again(
    platform: Platform,
) -> None:
    fail_next(platform, "sms", 50)
    try:
        # It is given up after some seconds, which a slow look may miss.
        for _ in range(5):
            user = User(platform)
            found = eventually(lambda one=user: welcome(one), lambda now: now["status"] != "none")
            if found["status"] == "sending":
                break
        assert found["status"] == "sending"
        ours = key(platform, user, found["notification_id"])
        receipt(platform, {"notification_id": ours, "status": "delivered"}).expect(204)
    finally:
        fail_next(platform, "sms", 0)
    assert welcome(user) == found | {"status": "delivered"}
    time.sleep(4)
    assert welcome(user)["status"] == "delivered"
    assert messages(platform, user.registration["phone"], about=found["text"]) == []


def set_back(platform: Platform, user: User, notification_id: str) -> None:
    """As if whoever recorded the last change had ended before the row followed."""
    found = rows(platform, "NotificationTable", f"notices#{user.user_id}")
    (row,) = [row for row in found if row["notification_id"]["S"] == notification_id]
    tables = platform.aws("dynamodb")
    (name,) = [one for one in tables.list_tables()["TableNames"] if "-NotificationTable" in one]
    tables.put_item(TableName=name, Item=row | {"status": {"S": "sending"}, "v": {"N": "0"}})


def test_a_row_that_is_behind_follows_when_the_same_is_told_again(
    platform: Platform, user: User
) -> None:
    found = until(user, "sent")
    set_back(platform, user, found["notification_id"])
    assert welcome(user)["status"] == "sending"
    deliver(platform, "notify", told(platform, f"user#{user.user_id}")[0])
    assert until(user, "sent") == found
    (message,) = messages(platform, user.registration["phone"], about=found["text"])
    body = {"message_id": message["message_id"], "status": "delivered"}
    receipt(platform, body).expect(204)
    set_back(platform, user, found["notification_id"])
    receipt(platform, body).expect(204)
    assert welcome(user) == found | {"status": "delivered"}


def test_a_key_of_nothing_that_was_sent_is_not_found(platform: Platform, user: User) -> None:
    sent = until(user, "sent")["notification_id"]
    for ours in (sent, f"{sent}.1.{user.user_id}", f"ntf_0.1.{user.user_id}"):
        receipt(platform, {"notification_id": ours, "status": "failed"}).problem(404, "NOT_FOUND")
    assert welcome(user)["status"] == "sent"
