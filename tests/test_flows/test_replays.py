"""A service's tables are made again from a time on, out of what the warehouse has of the events."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from client import Platform, User, eventually
from deliver import deliver, event, moment
from ledger import Ledger
from test_credits import HOUR, boost, invoke, told, visibility
from test_warehouse import export, staged_rows

TABLES = ("UserBoostEvents", "UserCreditEvents")
CONSUMER = "user-credit-queue"


@pytest.fixture(scope="module")
def operator(platform: Platform) -> str:
    return platform.operator_token()


def rows(platform: Platform, *users: str) -> dict[str, Any]:
    """What the tables of the user service hold of users, by table and key."""
    tables = platform.aws("dynamodb")
    found = {}
    for kind in TABLES:
        (table,) = [t for t in tables.list_tables()["TableNames"] if f"-{kind}Table" in t]
        for user_id in users:
            query = {
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": f"user#{user_id}"}},
            }
            for item in tables.query(TableName=table, ConsistentRead=True, **query)["Items"]:
                found[f"{table} {item['pk']['S']} {item['sk']['S']}"] = item
    return found


def lose(platform: Platform, lost: dict[str, Any]) -> None:
    for key in lost:
        table, pk, sk = key.split(" ")
        platform.aws("dynamodb").delete_item(
            TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}}
        )


def replay(platform: Platform, operator: str, since: str, **more: Any) -> dict[str, Any]:
    """A replay to the user service that has come to its end."""
    body = {"from": since, "to": moment(), "consumer": CONSUMER} | more
    started = platform.post("/api/replays", body, token=operator).expect(202)
    assert (started["status"], started["sent"]) == ("running", 0)
    path = f"/api/replays/{started['replay_id']}"

    def run() -> dict[str, Any]:
        assert invoke(platform, "replay-runner")["stuck"] == 0
        return platform.get(path, token=operator).expect(200)

    ended = eventually(run, lambda now: now["status"] == "finished")
    assert ended["days_done"] == ended["days"] >= 1
    return ended


def in_warehouse(platform: Platform, target: str) -> int:
    """How many events that name a profile are on their way into objects."""
    mention = f'"targetId":"{target}"'
    # One that was delivered twice is staged twice.
    return len({line for row in staged_rows(platform, mention) for line in row if mention in line})


def waiting(platform: Platform) -> int:
    """How many messages the user service has before it."""
    queues = platform.aws("sqs")
    url = queues.get_queue_url(QueueName=f"quoin-local-{CONSUMER}")["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = queues.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(counts[name]) for name in names)


def over(booster: User, target: str) -> dict[str, Any]:
    """The event of a boost that ended an hour ago."""
    boost_id, now = f"boost_{uuid.uuid4().hex}", datetime.now(UTC)
    at = moment(-2 * HOUR, now)
    ids = {"userId": booster.user_id, "targetId": target, "eventId": boost_id}
    times = {"timestamp": at, "expiresAt": moment(-HOUR, now)}
    return event(
        "profile_boost", at, ("boost", boost_id), amount=40, duration=1, **ids, **times
    )  # fmt: skip


def test_lost_tables_are_made_again_while_traffic_goes_on(
    platform: Platform, operator: str
) -> None:
    ledger = Ledger(platform)
    since = moment(-3 * HOUR)
    booster = User(platform).funded(60)
    booster.credits(500).expect(201)
    target, other = User(platform).user_id, User(platform).user_id
    users = (booster.user_id, target)
    boost(booster, target, 100).expect(201)
    ended = over(booster, target)
    deliver(platform, CONSUMER, ended)
    deliver(platform, "warehouse", ended)
    ends = f"expiry#{ended['data']['eventId']}"
    eventually(lambda: len(told(ledger, ends)), (1).__eq__)
    # Some are in objects of the warehouse by then, and some are still on their way there.
    eventually(lambda: in_warehouse(platform, target), (4).__eq__)  # one of them: it has ended
    eventually(lambda: export(platform), lambda done: done["lines"] == done["left"] == 0)
    boost(booster, target, 50).expect(201)
    eventually(lambda: in_warehouse(platform, target), (2).__eq__)
    # Three boosts and what runs of them, a purchase and two spendings.
    before = eventually(lambda: rows(platform, *users), lambda found: len(found) == 7)
    assert visibility(booster, target)["score"] == 150

    lose(platform, before)
    assert visibility(booster, target)["score"] == 0
    boost(booster, other, 10).expect(201)
    done = replay(platform, operator, since)
    assert done["sent"] >= 6

    def as_told(found: dict[str, Any]) -> dict[str, Any]:
        """Without what tells when it was written, and without what came meanwhile."""
        return {
            key: {
                name: json.loads(value["S"]) if name == "data" else value
                for name, value in item.items()
                if name not in ("ended_at", "v")
            }
            for key, item in found.items()
            if key in before
        }

    eventually(lambda: as_told(rows(platform, *users)), as_told(before).__eq__)
    eventually(lambda: visibility(booster, other)["score"], (10).__eq__)
    # The end of what had ended is not told again, nor is anything counted twice by another replay.
    eventually(lambda: waiting(platform), (0).__eq__)
    after = rows(platform, *users, other)
    assert len(after) == 7 + 3
    again = replay(platform, operator, since, events=["profile_boost"])
    assert 4 <= again["sent"] <= done["sent"]
    eventually(lambda: waiting(platform), (0).__eq__)
    assert rows(platform, *users, other) == after
    assert len(told(ledger, ends)) == 1
    assert visibility(booster, target)["score"] == 150


def test_what_cannot_be_replayed_is_refused(platform: Platform, operator: str) -> None:
    good = {"from": moment(-60), "to": moment(-1), "consumer": CONSUMER}
    for code, pointer, wrong in [
        ("CONSUMER_UNKNOWN", "/consumer", {"consumer": "user"}),
        ("EVENTS_INVALID", "/events", {"events": ["BetPlaced"]}),
        ("EVENTS_INVALID", "/events", {"events": []}),
        ("PERIOD_INVALID", "/from", {"from": moment()}),
        ("PERIOD_INVALID", "/from", {"from": "2020-01-01T00:00:00Z"}),
        ("PERIOD_INVALID", "/to", {"to": moment(3600)}),
    ]:
        answer = platform.post("/api/replays", good | wrong, token=operator)
        assert answer.problem(400, code)["errors"][0]["pointer"] == pointer
    for wrong in ({"from": "yesterday"}, {"rate": 1}, {"to": None}):
        assert platform.post("/api/replays", good | wrong, token=operator).status == 400
    platform.get("/api/replays/replay_0", token=operator).problem(404, "NOT_FOUND")
