"""The training set: an example of each outcome, once, in versions that never change."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from client import Platform, eventually
from deliver import deliver
from member import Member

NAME = "subscription-outcomes"


def export(platform: Platform) -> dict[str, Any]:
    name = f"quoin-{platform.outputs['stage']}-training-export"
    answer = platform.aws("lambda").invoke(FunctionName=name, Payload=b"{}")
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload


def objects(platform: Platform) -> dict[str, bytes]:
    """What the bucket holds, by key."""
    store = platform.aws("s3")
    bucket = next(
        one["Name"] for one in store.list_buckets()["Buckets"] if "training" in one["Name"]
    )
    pages = store.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return {key: store.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def manifest(found: dict[str, bytes], version: int) -> dict[str, Any]:
    return json.loads(found[f"{NAME}/versions/{version:08}/manifest.json"])


def examples(found: dict[str, bytes], version: int) -> list[dict[str, Any]]:
    """All examples of a version, read as its manifest says."""
    lines = []
    for part in manifest(found, version)["parts"]:
        body = found[part["key"]]
        assert hashlib.sha256(body).hexdigest() == part["sha256"]
        assert (len(body), body.count(b"\n")) == (part["bytes"], part["rows"])
        lines += [json.loads(line) for line in body.splitlines()]
    assert len(lines) == manifest(found, version)["rows"]
    return lines


def staged(platform: Platform) -> int:
    tables = platform.aws("dynamodb")
    table = next(name for name in tables.list_tables()["TableNames"] if "-TrainingTable" in name)
    answer = tables.query(
        TableName=table,
        ConsistentRead=True,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "staged"}},
    )
    return answer["Count"]


def lived(platform: Platform) -> Member:
    """Somebody with two outcomes: a renewal and a cancellation."""
    member = Member(platform).created("2026-01-05").registered("2026-01-05", "2026-02-05")
    return member.renewed("2026-02-04", "2026-03-05").cancelled("2026-02-24")


def test_renewals_and_cancellations_become_versions(platform: Platform) -> None:
    before = export(platform)["version"]
    member = lived(platform)
    eventually(lambda: staged(platform), (2).__eq__)
    done = export(platform)
    assert done == {"rows": 2, "version": before + 1, "has_more": False}
    found = objects(platform)
    newest = manifest(found, before + 1)
    assert newest.get("previous_version", 0) == before and newest["format"] == "ndjson"
    rows = {row["outcome"]: row for row in examples(found, before + 1)[-2:]}
    renewed, cancelled = rows["renewed"], rows["cancelled"]
    assert (renewed["periods"], renewed["tenure_days"], renewed["days_to_period_end"]) == (1, 30, 1)
    assert (cancelled["periods"], cancelled["tenure_days"]) == (2, 50)
    assert (cancelled["reason"], cancelled["plan"], cancelled["price"]) == (
        "customer",
        "monthly",
        9.99,
    )
    assert renewed["subscription"] == cancelled["subscription"]
    schema = {one["name"] for one in newest["schema"]}
    assert all(set(row) <= schema for row in rows.values())
    for whose in (member.user_id, member.customer_id, member.subscription_id):
        assert whose.encode() not in b"".join(found.values())

    # Nothing new is no version, and what comes again is there.
    deliver(platform, "training-set", *member.subscription.events, *member.subscription.events)
    other = lived(platform)
    eventually(lambda: staged(platform), (2).__eq__)
    assert export(platform)["rows"] == 2
    assert export(platform) == {"rows": 0, "version": before + 2, "has_more": False}
    again = objects(platform)
    assert {key: again[key] for key in found} == found
    ids = Counter(row["example"] for row in examples(again, before + 2))
    assert set(ids.values()) == {1}
    assert other.subscription_id.encode() not in b"".join(again.values())


def test_an_export_that_was_broken_off_is_gone_on_with(platform: Platform) -> None:
    """The manifest is there and the rows are not gone: nothing is lost, or there twice."""
    version = export(platform)["version"]
    lived(platform)
    eventually(lambda: staged(platform), (2).__eq__)
    tables = platform.aws("dynamodb")
    table = next(name for name in tables.list_tables()["TableNames"] if "-TrainingTable" in name)
    rows = tables.query(
        TableName=table,
        ConsistentRead=True,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "staged"}},
    )["Items"]
    assert export(platform)["version"] == version + 1
    for row in rows:
        tables.put_item(TableName=table, Item=row)
    # And what is known of the version is not either.
    tables.delete_item(TableName=table, Key={"pk": {"S": "state"}, "sk": {"S": "-"}})
    assert export(platform) == {"rows": 0, "version": version + 1, "has_more": False}
    assert staged(platform) == 0


def test_exports_at_the_same_time_lose_nothing(platform: Platform) -> None:
    version = export(platform)["version"]
    before = len(examples(objects(platform), version)) if version else 0
    for _ in range(3):
        lived(platform)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda _: export(platform), range(3)))

    def all_of_it() -> int:
        done = export(platform)
        return len(examples(objects(platform), done["version"])) if done["version"] else 0

    eventually(all_of_it, (before + 6).__eq__)
    final = export(platform)["version"]
    ids = Counter(row["example"] for row in examples(objects(platform), final))
    assert set(ids.values()) == {1}
