"""Buckets: closed, encrypted, and nothing in them is kept longer than it may be."""

from __future__ import annotations

import re
from typing import Any

import stacks

EVENTS = stacks.ROOT / "docs" / "events.md"


def lifecycle(bucket: stacks.Resource) -> list[dict[str, Any]]:
    return bucket.properties["LifecycleConfiguration"]["Rules"]


def warehouse() -> stacks.Resource:
    buckets = [one for one in stacks.resources("AWS::S3::Bucket") if one.stack == "reporting"]
    return next(one for one in buckets if one.name == "WarehouseBucket")


def invoices() -> stacks.Resource:
    (bucket,) = [one for one in stacks.resources("AWS::S3::Bucket") if one.stack == "billing"]
    return bucket


def test_every_bucket_is_encrypted_closed_to_the_public_and_outlives_its_stack() -> None:
    buckets = list(stacks.resources("AWS::S3::Bucket"))
    assert len(buckets) == 4
    for bucket in buckets:
        assert bucket.body["DeletionPolicy"] == bucket.body["UpdateReplacePolicy"] == "Retain"
        assert "BucketEncryption" in bucket.properties, bucket
        assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}, bucket


def test_buckets_of_services_are_reached_over_tls_only() -> None:
    policies = list(stacks.resources("AWS::S3::BucketPolicy"))
    refused = sorted(policy.properties["Bucket"]["Ref"] for policy in policies)
    assert refused == sorted([invoices().name, "TrainingBucket", "WarehouseBucket"])
    for policy in policies:
        (statement,) = policy.properties["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": False}}
        assert len(statement["Resource"]) == 2


def test_objects_expire_with_the_copies_of_their_events() -> None:
    kept = {int(days) for days in re.findall(r"copies kept (\d+) days", EVENTS.read_text())}
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in lifecycle(warehouse())[:-1]}
    assert expiring == {f"retention={days}/": days for days in kept}
    for rule in lifecycle(warehouse()):
        assert rule["Status"] == "Enabled", rule


def test_of_an_object_that_is_gone_nothing_is_left() -> None:
    last = lifecycle(warehouse())[-1]
    assert "Prefix" not in last
    assert last["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert last["ExpiredObjectDeleteMarker"] is True


def test_objects_are_read_and_written_by_who_has_to() -> None:
    holders: dict[str, set[str]] = {}
    for holder, statement in stacks.statements():
        for action in stacks.listed(statement["Action"]):
            if action.startswith("s3:") and holder.stack != "event-publisher":
                holders.setdefault(action, set()).add(holder.name)
    export = {"TrainingExportRole", "WarehouseExportRole"}
    assert holders == {
        "s3:GetObject": export | {"GetInvoiceRole", "ReplayRunnerRole"},
        "s3:ListBucket": export | {"GetInvoiceRole", "InvoiceGeneratorRole", "ReplayRunnerRole"},
        "s3:PutObject": export | {"InvoiceGeneratorRole"},
    }


def test_invoices_are_kept_ten_years() -> None:
    (rule, _) = lifecycle(invoices())
    assert (rule["Prefix"], rule["ExpirationInDays"]) == ("retention=3650/", 3650)
