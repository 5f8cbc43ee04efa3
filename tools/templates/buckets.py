"""Buckets: encrypted, closed to the public, kept when their stack goes."""

from __future__ import annotations

from typing import Any

from . import cfn
from .declaration import DeclarationError

Resources = dict[str, dict[str, Any]]


def bucket(more: dict[str, Any]) -> dict[str, Any]:
    """A bucket with `more` properties."""
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                ]
            },
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            **more,
        },
    }


def of(name: str, logical: str, spec: dict[str, Any]) -> Resources:
    """A declared bucket, whose objects expire by the prefix `retention=<days>/`."""
    if unknown := set(spec) - {"expire_days"}:
        raise DeclarationError(f"bucket {name}: unknown keys {sorted(unknown)}")
    rules = [
        {
            "Id": f"expire-after-{days}-days",
            "Status": "Enabled",
            "Prefix": f"retention={days}/",
            "ExpirationInDays": days,
        }
        for days in spec["expire_days"]
    ]
    # An object that was written over can be had back for a day; then nothing of it is left.
    remains = {
        "Id": "remove-what-is-left",
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        "ExpiredObjectDeleteMarker": True,
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    properties = {
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "VersioningConfiguration": {"Status": "Enabled"},
        "LifecycleConfiguration": {"Rules": [*rules, remains]},
    }
    return {logical: bucket(properties), f"{logical}Policy": _tls_only(logical)}


def _tls_only(logical: str) -> dict[str, Any]:
    """An emulator is asked without TLS."""
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [cfn.get_att(logical, "Arn"), cfn.sub(f"${{{logical}.Arn}}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": False}},
    }
    return {
        "Type": "AWS::S3::BucketPolicy",
        "Condition": "IsOnAws",
        "Properties": {
            "Bucket": cfn.ref(logical),
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }
