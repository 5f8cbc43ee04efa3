"""A deployed local stack, set up for measurements: people, markets, shops, and then quiet.

What is measured runs outside of the stack, with the environment that its function has inside and
against the same tables. By then nothing is taken from queues and streams, so that nobody else asks.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from client import Contract, Feed, Platform, Shop
from client.packed import PACKED
from local import deployment, paths, server

from .process import Program

BUILT = paths.ROOT / "target" / "lambda-bench"
EVENTS = paths.ROOT / "events"
ODDS = "1.10"
RICH = 10_000_000
HOUR_MS = 3_600_000
WON, LOST = {"result": 1}, {"result": 0}


class World:
    """The stack, and what its functions are called with."""

    def __init__(self, emulator: server.Server) -> None:
        self.emulator = emulator
        contract = Contract.from_file(paths.ROOT / "docs" / "openapi.json")
        self.platform = Platform(deployment.write_outputs(emulator), contract)
        self.lambdas = deployment.client(emulator, "lambda")
        self.shop = Shop(self.platform)
        self.user = self.shop.customer(cash=RICH)
        for asset in ("promo_coins", "branded_coins", "rez_coins"):
            self.shop.give(self.user, asset, RICH)
        self.product = self.shop.product(30, stock=RICH)
        self.feeds = [Feed(self.platform) for _ in range(20)]
        for feed in self.feeds:
            feed.odds(o1=ODDS, o2="1.80").expect(204)

    def quiet(self) -> None:
        """Nothing is taken from queues and streams any more."""
        time.sleep(5)
        for mapping in self.lambdas.get_paginator("list_event_source_mappings").paginate():
            for one in mapping["EventSourceMappings"]:
                self.lambdas.update_event_source_mapping(UUID=one["UUID"], Enabled=False)
        time.sleep(2)

    def program(self, function: str, built: Path, endpoint: str, bundle: str) -> Program:
        """What was built of a function, with the environment that the stack gives it."""
        name = f"{deployment.STACK}-{function}"
        configuration = self.lambdas.get_function_configuration(FunctionName=name)
        variables = configuration["Environment"]["Variables"]
        own = {
            **server.CREDENTIALS,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_CA_BUNDLE": bundle,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "benchmark",
        }
        return Program(function, [str(built / function / "bootstrap")], {**variables, **own})

    def api(self, function: str, body: Any, user_id: str | None = None) -> dict[str, Any]:
        """A request as the HTTP API hands it to a function, by the function's sample."""
        event = sample(function)
        sub = user_id or self.user.user_id
        who = {"sub": sub, "roles": "user", "session_id": "sess_bench"}
        event["requestContext"]["authorizer"] = {"lambda": who}
        event["headers"]["idempotency-key"] = uuid.uuid4().hex
        event["headers"]["x-request-id"] = f"req_{uuid.uuid4().hex}"
        event["body"] = json.dumps(body)
        return event

    def debit(self) -> dict[str, Any]:
        return {
            "operation_id": f"op-{uuid.uuid4().hex}",
            "user_id": self.user.user_id,
            "request_id": f"req_{uuid.uuid4().hex}",
            "command": "debit",
            "asset": "cash",
            "amount": 1.25,
        }

    def bet(
        self, legs: int, user_id: str | None = None, feeds: list[Feed] | None = None
    ) -> dict[str, Any]:
        return self.api(
            "place-bet",
            {
                "type": "single" if legs == 1 else "accumulator",
                "stake": {"amount": 1.25, "asset": "cash"},
                "selections": [feed.selection(ODDS) for feed in (feeds or self.feeds)[:legs]],
                "accept_odds": "better",
            },
            user_id,
        )

    def settle(self) -> dict[str, Any]:
        """A bet that is open, and the result that its market is told to have."""
        feed = self.feeds[0]
        answer = self.user.bet([feed.selection(ODDS)], "1.25", accept_odds="better")
        at = feed.now() + HOUR_MS
        task = {
            "market": {"event_id": feed.event_id, "market_id": "1", "specifiers": ""},
            "facts": {
                "revision": 1,
                "known_since": at,
                "decided_at": at,
                "outcomes": {"1": WON, "2": LOST},
            },
            "bets": [answer.expect(201)["bet_id"]],
            "request_id": f"req_{uuid.uuid4().hex}",
        }
        event = sample("settle-bets")
        event["Records"][0]["body"] = json.dumps(task)
        return event

    def order(self) -> dict[str, Any]:
        # Each kind of coin pays a part: of 30, promo and branded coins as far as they may.
        return self.api("place-order", self.shop.cart({self.product: 2}))

    def authorizer(self) -> dict[str, Any]:
        event = sample("authorizer")
        bearer = f"Bearer {self.user.token}"
        event["identitySource"], event["headers"]["authorization"] = [bearer], bearer
        return event

    def credit(self, count: int) -> dict[str, Any]:
        """A batch of so many bonuses for the same person."""
        event = sample("wallet-bonuses")
        record, records = event["Records"][0], []
        for place in range(count):
            bonus = f"bonus_{uuid.uuid4().hex}"
            bus = json.loads(record["body"])
            bus["detail"]["data"] |= {"bonus_id": bonus, "user_id": self.user.user_id}
            bus["detail"]["data"].pop("expires_at", None)
            bus["detail"]["metadata"]["entity"]["id"] = bonus
            bus["id"] = bus["detail"]["metadata"]["event_id"] = str(uuid.uuid4())
            one = deepcopy(record) | {"body": json.dumps(bus), "messageId": f"{place:08}"}
            records.append(one)
        return {"Records": records}

    def published(self, count: int) -> dict[str, Any]:
        """So many new rows of the journal, an event each."""
        event = sample("publisher")
        record, records = event["Records"][0], []
        for place in range(count):
            one, payment = deepcopy(record), f"pay_{uuid.uuid4().hex}"
            one["eventID"] = uuid.uuid4().hex
            one["dynamodb"]["SequenceNumber"] = str(10**20 + place)
            for image in (one["dynamodb"]["Keys"], one["dynamodb"]["NewImage"]):
                image["pk"]["S"] = f"payment#{payment}"
            told = json.loads(one["dynamodb"]["NewImage"]["ev"]["L"][0]["S"])
            told["data"]["payment_id"] = told["metadata"]["entity"]["id"] = payment
            told["metadata"]["event_id"] = str(uuid.uuid4())
            one["dynamodb"]["NewImage"]["ev"]["L"][0]["S"] = json.dumps(told)
            records.append(one)
        return {"Records": records}

    def published_bet(self) -> dict[str, Any]:
        """The new row of a placed bet, two events whose texts are packed."""
        answer = self.user.bet([self.feeds[0].selection(ODDS)], "1.25", accept_odds="better")
        keys = {"pk": {"S": f"bet#{answer.expect(201)['bet_id']}"}, "sk": {"N": "1"}}
        tables = deployment.client(self.emulator, "dynamodb", as_stored=True)
        journal = self.platform.outputs["stack"]["JournalTable"]
        image = tables.get_item(TableName=journal, Key=keys)["Item"]
        # As the stream has it.
        image[PACKED] = {"B": base64.b64encode(image[PACKED]["B"]).decode()}
        event = sample("publisher")
        event["Records"][0]["dynamodb"] |= {"Keys": keys, "NewImage": image}
        return event


def sample(function: str) -> dict[str, Any]:
    return json.loads((EVENTS / f"{function}.json").read_text())


@contextmanager
def deployed(say: Callable[[str], None]) -> Iterator[World]:
    """A stack of its own, ended at the end."""
    say("deploying the local stack")
    emulator = server.start()
    try:
        deployment.deploy(emulator, {"MinStake": "1", "MaxStake": "1000"})
        world = World(emulator)
        world.quiet()
        yield world
    finally:
        server.stop()
