"""What the emulator could do at best, in the same run and by the same client.

The gateway with a function that asks no table; the same behind the authorizer; the table engine
without a function. Whatever the platform does of its own comes on top of the first two.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import urllib3

from .flow_stage import Stage

GATEWAY = "gateway and a function without a table (the public keys)"
PUT = "table engine: PutItem"
TABLE = "quoin-bench-ceiling"
PUTS = 3
CREDENTIAL = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request"


def bets(found: Mapping[str, float], asked: Mapping[str, float]) -> float:
    """Bets a second, if all that one asks for took no longer than the cheapest of its kind."""
    return 1 / (asked["invocations"] / found[GATEWAY] + asked["table_calls"] / found[PUT])


def rate(act: Callable[[], Any], count: int, workers: int) -> float:
    """So many a second, by so many workers at once."""
    with ThreadPoolExecutor(workers) as pool:
        begun = time.perf_counter()
        list(pool.map(lambda _: act(), range(count)))
        return count / (time.perf_counter() - begun)


def ceilings(stage: Stage, count: int, workers: int) -> dict[str, float]:
    """Rates by what was asked."""
    user = stage.people[0]
    nothing = {"type": "single", "selections": []}

    def keys() -> None:
        stage.platform.get("/.well-known/jwks.json").expect(200)

    def no_bet() -> None:
        answer = user.post("/api/bets", nothing, key=uuid.uuid4().hex)
        assert 400 <= answer.status < 500, answer

    engine = Engine(stage)
    asked: dict[str, Callable[[], Any]] = {
        GATEWAY: keys,
        "gateway, authorizer and a bet refused for its form": no_bet,
        PUT: engine.put,
        "table engine: TransactWriteItems of three puts": engine.transact,
    }
    found: dict[str, float] = {}
    for what, act in asked.items():
        # The first ones start functions.
        rate(act, workers, workers)
        found[what] = rate(act, count, workers)
    return found


class Engine:
    """The table engine, asked without the SDK, which would be slower than what it asks."""

    def __init__(self, stage: Stage) -> None:
        tables = stage.platform.aws("dynamodb")
        tables.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self._url = stage.emulator.url
        self._pool = urllib3.PoolManager(maxsize=64, retries=False)

    def put(self) -> None:
        self._ask("PutItem", self._item())

    def transact(self) -> None:
        puts = [{"Put": self._item()} for _ in range(PUTS)]
        self._ask("TransactWriteItems", {"TransactItems": puts})

    @staticmethod
    def _item() -> dict[str, Any]:
        item = {"pk": {"S": uuid.uuid4().hex}, "text": {"S": "x" * 900}}
        free = "attribute_not_exists(pk)"
        return {"TableName": TABLE, "Item": item, "ConditionExpression": free}

    def _ask(self, operation: str, request: dict[str, Any]) -> None:
        headers = {
            "x-amz-target": f"DynamoDB_20120810.{operation}",
            "content-type": "application/x-amz-json-1.0",
            "authorization": CREDENTIAL,
        }
        answer = self._pool.request("POST", self._url, body=json.dumps(request), headers=headers)
        assert answer.status == 200, answer.data
