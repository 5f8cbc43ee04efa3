"""Every event of the journal is in the warehouse, once, where its type and its day are."""

from __future__ import annotations

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from client import Feed, Grocery, Platform, User, eventually
from stored import wait_until_quiet

KEY = re.compile(
    r"retention=(?P<days>7|30|90|365)/event=(?P<event>[\w.]+)/day=(?P<day>[\d-]{10})/part-(\d+)\.ndjson"
)

# The nine events of an order, and the days that copies of them are kept.
OF_AN_ORDER = {
    "order.validation_started": 7,
    "order.validation_completed": 7,
    "order.initiated": 30,
    "wallet.debit_started": 7,
    "wallet.debited": 90,
    "order.paid": 90,
    "bizone.order_created": 90,
    "order.created": 365,
    "order.confirmation_sent": 90,
}


def export(platform: Platform) -> dict[str, Any]:
    """What one export says; while another one is writing, something may be left."""
    name = f"quoin-{platform.outputs['stage']}-warehouse-export"
    answer = platform.aws("lambda").invoke(FunctionName=name, Payload=b"{}")
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    assert payload["failed"] == 0, payload
    return payload


def objects(platform: Platform) -> dict[str, str]:
    """What the warehouse holds, by key."""
    bucket, store = platform.outputs["stack"]["WarehouseBucket"], platform.aws("s3")
    pages = store.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return {key: store.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys}


def lines(platform: Platform, mention: str) -> list[tuple[str, dict[str, Any]]]:
    """The warehouse's lines that mention something, each with the key of its object."""
    return [
        (key, json.loads(line))
        for key, body in objects(platform).items()
        for line in body.splitlines()
        if mention in line
    ]


def told(platform: Platform, mention: str) -> dict[str, dict[str, Any]]:
    """The journal's events that mention something, by id."""
    scan = platform.aws("dynamodb").get_paginator("scan")
    table = platform.outputs["stack"]["JournalTable"]
    found = {}
    for page in scan.paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            for text in (part["S"] for part in item.get("ev", {}).get("L", [])):
                if mention in text:
                    event = json.loads(text)
                    found[event["metadata"]["event_id"]] = event
    return found


def exported(platform: Platform, mention: str) -> list[tuple[str, dict[str, Any]]]:
    """The lines that mention something, once an export has nothing to do any more."""
    eventually(lambda: export(platform), lambda done: done["lines"] == done["left"] == 0)
    return lines(platform, mention)


def staged_again(platform: Platform, event: dict[str, Any]) -> None:
    """Brings an event to the warehouse's queue a second time."""
    queues = platform.aws("sqs")
    name = f"quoin-{platform.outputs['stage']}-warehouse"
    url = queues.get_queue_url(QueueName=name)["QueueUrl"]
    message = {"id": "again", "detail-type": event["event"], "source": "x.events", "detail": event}
    queues.send_message(QueueUrl=url, MessageBody=json.dumps(message))


def test_deposits_and_bets_are_in_the_warehouse_once(
    platform: Platform, user: User, feed: Feed
) -> None:
    user.funded(50)
    feed.odds(o1="2").expect(204)
    user.bet([feed.selection("2")], 10).expect(201)
    feed.settle(o1="1").expect(204)
    eventually(user.balance, lambda now: now == 60)
    wait_until_quiet(platform, user.user_id)

    expected = told(platform, user.user_id)
    names = {event["event"] for event in expected.values()}
    assert {"UserRegistered", "DepositSuccess", "BetSettled", "wallet.debited"} <= names
    found = exported(platform, user.user_id)
    assert {line["metadata"]["event_id"]: line for _, line in found} == expected
    assert len(found) == len(expected)
    for key, line in found:
        place = KEY.fullmatch(key)
        assert place, key
        assert (place["event"], place["day"]) == (line["event"], line["timestamp"][:10])

    # An event that comes again is there already.
    again = next(event for event in expected.values() if event["event"] == "BetPlaced")
    staged_again(platform, again)
    staged_again(platform, again)
    wait_until_quiet(platform, user.user_id)
    assert exported(platform, user.user_id) == found


def test_an_orders_events_are_in_the_warehouse_for_as_long_as_each_is_kept(
    platform: Platform,
) -> None:
    shop = Grocery(platform)
    user = shop.shopper()
    order_id = shop.ordered(user)
    eventually(lambda: shop.events(order_id, "order.confirmation_sent"))
    wait_until_quiet(platform, user.user_id)

    entity = {"type": "order", "id": order_id}
    expected = {
        event_id: event
        for event_id, event in told(platform, order_id).items()
        if event["metadata"]["entity"] == entity
    }
    assert {event["event"] for event in expected.values()} == set(OF_AN_ORDER)
    found = [
        (key, line)
        for key, line in exported(platform, order_id)
        if line["metadata"]["entity"] == entity
    ]
    assert {line["metadata"]["event_id"]: line for _, line in found} == expected
    assert len(found) == len(expected)
    sequences = sorted(line["metadata"]["sequence"] for _, line in found)
    assert sequences == list(range(1, len(expected) + 1))
    for key, line in found:
        place = KEY.fullmatch(key)
        assert place, key
        assert (place["event"], place["day"]) == (line["event"], line["timestamp"][:10])
        assert int(place["days"]) == OF_AN_ORDER[line["event"]]
    # What is personal is sealed there, too.
    text = json.dumps([line for _, line in found])
    for clear in ("MG Road", user.registration["full_name"], user.registration["phone"]):
        assert clear not in text


def test_exports_at_the_same_time_lose_nothing(platform: Platform) -> None:
    users = [User(platform) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        for user in users:
            list(pool.map(lambda _: export(platform), range(2)))
            wait_until_quiet(platform, user.user_id)
            list(pool.map(lambda _: export(platform), range(2)))
    for user in users:
        count = Counter(
            line["metadata"]["event_id"] for _, line in exported(platform, user.user_id)
        )
        assert set(count.values()) == {1}
        assert set(count) == set(told(platform, user.user_id))


def test_objects_are_in_order(platform: Platform, user: User) -> None:
    wait_until_quiet(platform, user.user_id)
    exported(platform, user.user_id)
    for key, body in objects(platform).items():
        order = [
            (line["timestamp"], line["metadata"]["event_id"])
            for line in map(json.loads, body.splitlines())
        ]
        assert order == sorted(order), key
