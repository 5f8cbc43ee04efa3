"""Every event of the journal is in the warehouse, once, where its type and its day are."""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from client import Feed, Grocery, Platform, User, eventually
from deliver import deliver, event, moment
from stored import staged, wait_until_quiet

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


def export(platform: Platform, failed: int = 0) -> dict[str, Any]:
    """What one export says; while another one is writing, something may be left."""
    name = f"quoin-{platform.outputs['stage']}-warehouse-export"
    answer = platform.aws("lambda").invoke(FunctionName=name, Payload=b"{}")
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    assert payload["failed"] == failed, payload
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


def exported(platform: Platform, mention: str, failed: int = 0) -> list[tuple[str, dict[str, Any]]]:
    """The lines that mention something, once an export has nothing to do any more."""
    eventually(lambda: export(platform, failed), lambda done: done["lines"] == done["left"] == 0)
    return lines(platform, mention)


def table(platform: Platform) -> str:
    """The table where events are staged."""
    names = platform.aws("dynamodb").list_tables()["TableNames"]
    (name,) = [name for name in names if "-WarehouseTable" in name]
    return name


def staged_rows(platform: Platform, mention: str) -> list[list[str]]:
    """The events of each staged row that holds one that mentions something."""
    return [staged(row) for row in stored_rows(platform, mention)]


def stored_rows(platform: Platform, mention: str) -> list[dict[str, Any]]:
    """These rows as they are stored."""
    scan = platform.aws("dynamodb").get_paginator("scan")
    pages = scan.paginate(TableName=table(platform), ConsistentRead=True)
    rows = [item for page in pages for item in page["Items"]]
    return [row for row in rows if any(mention in line for line in staged(row))]


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
    found = eventually(
        lambda: exported(platform, user.user_id), lambda seen: len(seen) >= len(expected)
    )
    assert {line["metadata"]["event_id"]: line for _, line in found} == expected
    assert len(found) == len(expected)
    for key, line in found:
        place = KEY.fullmatch(key)
        assert place, key
        assert (place["event"], place["day"]) == (line["event"], line["timestamp"][:10])

    # An event that comes again is there already.
    again = next(event for event in expected.values() if event["event"] == "BetPlaced")
    deliver(platform, "warehouse", again, again)
    wait_until_quiet(platform, user.user_id)
    assert exported(platform, user.user_id) == found


def test_events_are_staged_together_in_few_bytes(platform: Platform) -> None:
    """A batch's events are one row; the row is no longer than what it saves."""
    mine, at = f"user_{uuid.uuid4().hex}", moment()
    viewed = [event("profile.viewed", at, profile_user_id=mine) for _ in range(25)]
    deliver(platform, "warehouse", *viewed)
    ids = {one["metadata"]["event_id"] for one in viewed}

    def found() -> set[str]:
        told = [json.loads(line) for row in staged_rows(platform, mine) for line in row]
        return {line["metadata"]["event_id"] for line in told} | {
            line["metadata"]["event_id"] for _, line in lines(platform, mine)
        }

    eventually(found, ids.issubset)
    stored = stored_rows(platform, mine)
    assert 1 <= len(stored) < len(viewed) / 2
    text = "".join(line for row in map(staged, stored) for line in row)
    assert sum(len(row["lines"]["B"]) for row in stored) < len(text) / 4


def test_what_cannot_be_written_or_read_holds_up_nothing_else(platform: Platform) -> None:
    stuck, other = (event("profile.viewed", "2020-02-03T04:05:06.789Z") for _ in range(2))
    stuck["event"], other["event"] = f"stuck.{uuid.uuid4().hex}", f"other.{uuid.uuid4().hex}"
    tables, store = platform.aws("dynamodb"), platform.aws("s3")
    bad = {"pk": {"S": "stage#0"}, "sk": {"S": f"{moment()}#bad"}}
    place = {
        "Bucket": platform.outputs["stack"]["WarehouseBucket"],
        "Key": f"retention=90/event={stuck['event']}/day=2020-02-03/part-0.ndjson",
    }
    try:
        store.put_object(Body=b"no event", **place)
        deliver(platform, "warehouse", stuck, other)
        eventually(
            lambda: staged_rows(platform, stuck["event"]) and staged_rows(platform, other["event"])
        )
        tables.put_item(TableName=table(platform), Item=bad | {"lines": {"B": b"no row"}})
        # The type's day whose object is no part, and the row.
        assert [line for _, line in exported(platform, other["event"], failed=2)] == [other]
        assert "Item" in tables.get_item(TableName=table(platform), Key=bad)
    finally:
        tables.delete_item(TableName=table(platform), Key=bad)
    # What is stuck is alone, and is written once it can be.
    assert [list(map(json.loads, row)) for row in staged_rows(platform, stuck["event"])] == [
        [stuck]
    ]
    assert staged_rows(platform, other["event"]) == []
    store.put_object(Body=b"", **place)
    assert exported(platform, stuck["event"]) == [(place["Key"], stuck)]
    assert staged_rows(platform, stuck["event"]) == []


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
    found = eventually(
        lambda: [
            (key, line)
            for key, line in exported(platform, order_id)
            if line["metadata"]["entity"] == entity
        ],
        lambda seen: len(seen) >= len(expected),
    )
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
        expected = told(platform, user.user_id)
        found = eventually(
            lambda one=user: exported(platform, one.user_id),
            lambda seen, all_of=expected: len(seen) >= len(all_of),
        )
        count = Counter(line["metadata"]["event_id"] for _, line in found)
        assert set(count.values()) == {1}
        assert set(count) == set(expected)


def test_objects_are_in_order(platform: Platform, user: User) -> None:
    wait_until_quiet(platform, user.user_id)
    exported(platform, user.user_id)
    for key, body in objects(platform).items():
        order = [
            (line["timestamp"], line["metadata"]["event_id"])
            for line in map(json.loads, body.splitlines())
        ]
        assert order == sorted(order), key
