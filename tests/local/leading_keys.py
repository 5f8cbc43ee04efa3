"""`dynamodb:LeadingKeys` for the emulator's IAM.

AWS tells a policy which partition keys a request touches; the emulator does not, so a
condition on them never refuses anything. Functions may touch only their own streams of the
journal, and a wrong declaration has to fail here rather than on AWS. Every table of the
project has the partition key `pk`.
"""

from __future__ import annotations

import functools
import json
import re
from contextvars import ContextVar
from typing import Any

KEY = "pk"
CONDITION = "dynamodb:LeadingKeys"
MEMBERS = {"Put": "Item", "Update": "Key", "Delete": "Key", "Get": "Key", "ConditionCheck": "Key"}

_request: ContextVar[dict[str, Any]] = ContextVar("request")


class _KeyedArn(str):
    """A table's ARN that remembers which keys one item of a transaction touches."""

    keys: list[str]


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _value(item: Any) -> list[str]:
    value = (item or {}).get(KEY) or {}
    return [text for text in value.values() if isinstance(text, str)]


def _queried(request: dict[str, Any]) -> list[str]:
    names = request.get("ExpressionAttributeNames") or {}
    for name, placeholder in re.findall(
        r"([#\w]+)\s*=\s*(:\w+)", request.get("KeyConditionExpression") or ""
    ):
        if names.get(name, name) == KEY:
            return _value({KEY: (request.get("ExpressionAttributeValues") or {}).get(placeholder)})
    return []


def keys_touched(request: dict[str, Any], table: str) -> list[str]:
    """The partition keys that a request, other than a transaction, touches in a table."""
    batch = (request.get("RequestItems") or {}).get(table)
    if isinstance(batch, dict):
        return [key for item in batch.get("Keys", []) for key in _value(item)]
    if isinstance(batch, list):
        writes = [next(iter(write.values())) for write in batch]
        return [key for write in writes for key in _value(write.get("Item") or write.get("Key"))]
    return _value(request.get("Key") or request.get("Item")) or _queried(request)


def install() -> None:
    from ministack.core import iam_actions, iam_evaluator

    context, checks = iam_actions.dynamodb_service_context, iam_actions.dynamodb_transaction_checks
    enforce = iam_evaluator.enforce

    @functools.wraps(context)
    def remember_request(body: bytes) -> dict[str, Any]:
        _request.set(_parsed(body))
        return context(body)

    @functools.wraps(checks)
    def keyed_checks(action: str, body: bytes, *rest: Any) -> list[tuple[str, str]]:
        found = checks(action, body, *rest)
        members = [
            member[kind]
            for member in _parsed(body).get("TransactItems", [])
            for kind in MEMBERS
            if kind in member
        ]
        keyed = []
        for (item_action, arn), detail in zip(found, members, strict=False):
            item_arn = _KeyedArn(arn)
            item_arn.keys = _value(detail.get("Item") or detail.get("Key"))
            keyed.append((item_action, item_arn))
        return keyed

    @functools.wraps(enforce)
    def enforce_keys(access_key: str, action: str, service: str, *rest: Any, **more: Any) -> Any:
        arn = more.get("resource_arn") or ""
        if service == "dynamodb" and ":table/" in arn:
            table = arn.split(":table/")[1].split("/")[0]
            keys = arn.keys if isinstance(arn, _KeyedArn) else keys_touched(_request.get({}), table)
            if keys:
                more["service_context"] = {**(more.get("service_context") or {}), CONDITION: keys}
        return enforce(access_key, action, service, *rest, **more)

    iam_actions.dynamodb_service_context = remember_request
    iam_actions.dynamodb_transaction_checks = keyed_checks
    iam_evaluator.enforce = enforce_keys
