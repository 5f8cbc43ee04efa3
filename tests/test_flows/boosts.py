"""People with credits, boosts as their events tell of them, and what the clock does to both."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from client import Platform, Shop, User
from deliver import Event, deliver, event, moment

HOUR = 3600
Row = dict[str, Any]


def with_credits(platform: Platform, credits: int) -> User:
    return Shop(platform).customer(credits=credits) if credits else User(platform)


def boost(kind: str, target: str, amount: int, hours: int = 48, ago: float = 0) -> Event:
    """A boost that began so many seconds ago."""
    now = datetime.now(UTC)
    at, until = moment(-ago, now), moment(hours * HOUR - ago, now)
    boost_id = f"boost_{uuid.uuid4().hex}"
    data = {"targetId": target, "amount": amount, "duration": hours, "eventId": boost_id}
    times = {"timestamp": at, "expiresAt": until}
    return event(f"{kind}_boost", at, ("boost", boost_id), **data, **times)


def give(platform: Platform, kind: str, *boosts: Event) -> None:
    deliver(platform, f"{kind}-credit-queue", *boosts)


def sweep(platform: Platform, kind: str) -> Row:
    """Ends what is over, as the hourly clean-up does."""
    functions = platform.aws("lambda")
    name = f"quoin-{platform.outputs['stage']}-{kind}-boost-sweeper"
    reply = functions.invoke(FunctionName=name, Payload=b"{}")
    answer = json.loads(reply["Payload"].read())
    assert "FunctionError" not in reply, answer
    return answer


def listed(user: User, path: str, limit: int, ours: set[str]) -> list[str]:
    """Which of `ours` are in a list, in its order, read page by page."""
    seen: list[str] = []
    for item in walked(user, path, limit):
        identity = item.get("gig_id") or item["clan_id"]
        assert identity not in seen, "nothing moves meanwhile"
        seen.append(identity)
    return [one for one in seen if one in ours]


def walked(user: User, path: str, limit: int) -> Iterator[Row]:
    cursor = ""
    while True:
        page = user.get(f"{path}&limit={limit}{cursor}").expect(200)
        assert len(page["items"]) <= limit
        yield from page["items"]
        if not page["next_cursor"]:
            return
        cursor = f"&cursor={page['next_cursor']}"


def rows(platform: Platform, table: str, pk: str) -> list[Row]:
    """The rows of a partition, by what their sort key tells: the events that are kept there."""
    tables = platform.aws("dynamodb")
    (name,) = [one for one in tables.list_tables()["TableNames"] if f"-{table}" in one]
    condition = {"KeyConditionExpression": "pk = :pk"}
    values = {"ExpressionAttributeValues": {":pk": {"S": pk}}}
    return tables.query(TableName=name, ConsistentRead=True, **condition, **values)["Items"]


def told(platform: Platform, pk: str) -> list[Row]:
    """The events of a stream, in order."""
    items = rows(platform, "JournalTable", pk)
    return [json.loads(text["S"]) for item in items for text in item.get("ev", {"L": []})["L"]]
