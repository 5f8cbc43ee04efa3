"""The ledger altered by hand, and put back: what nobody may do, to see that it is found."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from client import Platform

Item = dict[str, Any]
Key = dict[str, Any]


class Ledger:
    """The tables of a stage, without the rules that functions keep."""

    def __init__(self, platform: Platform) -> None:
        self.tables = platform.aws("dynamodb")
        names = self.tables.list_tables()["TableNames"]
        self.journal, self.wallets, self.payment, self.reporting = (
            next(name for name in names if f"-{part}Table" in name)
            for part in ("Journal", "Wallets", "Payment", "Reporting")
        )

    def item(self, table: str, key: Key) -> Item:
        return self.tables.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]

    def change(self, user_id: str, version: int) -> Key:
        return {"pk": {"S": f"wallet#{user_id}"}, "sk": {"N": str(version)}}

    def stream(self, pk: str) -> list[Item]:
        """Every item of a stream, oldest first."""
        pages = self.tables.get_paginator("query").paginate(
            TableName=self.journal,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
        )
        return [item for page in pages for item in page["Items"]]

    def changes(self, user_id: str) -> list[Item]:
        return self.stream(f"wallet#{user_id}")

    @contextmanager
    def altered(self, table: str, key: Key, alter: Callable[[Item], Item | None]) -> Iterator[None]:
        """The item of `key` as `alter` leaves it (gone, for None) and, afterwards, as it was."""
        before = self.tables.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        after = alter(copy.deepcopy(before or dict(key)))
        try:
            self._set(table, key, after)
            yield
        finally:
            self._set(table, key, before)

    def _set(self, table: str, key: Key, item: Item | None) -> None:
        if item is None:
            self.tables.delete_item(TableName=table, Key=key)
        else:
            self.tables.put_item(TableName=table, Item=item)

    @contextmanager
    def credited_more(self, user_id: str, amount: str) -> Iterator[None]:
        """The latest change of a wallet, a credit of cash, made larger so that everything about it
        agrees: the posting, its event, the balances, every hash, the wallet."""
        last = self.changes(user_id)[-1]
        forged = forged_credit(last, user_id, Decimal(amount))
        with self._forged(user_id, last, forged):
            yield

    @contextmanager
    def refunded_more(self, user_id: str, amount: str) -> Iterator[None]:
        """The same of an order's refund, which the order tells."""
        last = self.changes(user_id)[-1]
        cause = json.loads(last["cause"]["S"])
        assert cause["type"] == "order", cause
        order = self.stream(f"order#{cause['id']}")
        refund = next(item for item in order if '"wallet.refunded"' in str(item.get("ev")))
        event = json.loads(refund["ev"]["L"][0]["S"], parse_float=Decimal)
        event["data"]["refund_breakdown"][-1]["amount"] += Decimal(amount)
        event["data"]["total_refunded"] += Decimal(amount)
        told = text(event)

        def retold(item: Item) -> Item:
            item["ev"]["L"][0] = {"S": told}
            return item

        forged = sealed(forged_lines(last, Decimal(amount)), user_id, [told])
        key = {name: refund[name] for name in ("pk", "sk")}
        with self.altered(self.journal, key, retold), self._forged(user_id, last, forged):
            yield

    @contextmanager
    def _forged(self, user_id: str, last: Item, forged: Item) -> Iterator[None]:
        """A wallet and its latest change as they are forged."""
        wallet_key = {"pk": {"S": user_id}}
        wallet = copy.deepcopy(self.item(self.wallets, wallet_key))
        wallet["assets"], wallet["h"] = forged["after"], forged["h"]
        change = {"pk": last["pk"], "sk": last["sk"]}
        with (
            self.altered(self.journal, change, lambda _: forged),
            self.altered(self.wallets, wallet_key, lambda _: wallet),
        ):
            yield


def edited(name: str, edit: Callable[[Any], Any]) -> Callable[[Item], Item]:
    """An alteration of the attribute `name`, a JSON text."""

    def alter(item: Item) -> Item:
        value = json.loads(item[name]["S"], parse_float=Decimal)
        item[name] = {"S": text(edit(value) or value)}
        return item

    return alter


def text(value: Any) -> str:
    """JSON whose decimals keep their digits."""

    def digits(number: Decimal) -> str:
        return f"@{number.normalize():f}@"

    written = json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=digits)
    return re.sub('"@([-0-9.]+)@"', r"\1", written)


def forged_credit(item: Item, user_id: str, more: Decimal) -> Item:
    """A wallet's item whose last line credits `more` than it did, as its event says, too."""
    forged = forged_lines(item, more)
    event = json.loads(item["ev"]["L"][-1]["S"], parse_float=Decimal)
    event["data"]["amount"] += more
    event["data"]["balance_after"] += more
    forged["ev"]["L"][-1] = {"S": text(event)}
    return sealed(forged, user_id, [one["S"] for one in forged["ev"]["L"]])


def forged_lines(item: Item, more: Decimal) -> Item:
    """A wallet's item whose last line and balances are larger."""
    forged = copy.deepcopy(item)
    lines = json.loads(item["lines"]["S"], parse_float=Decimal)
    after = json.loads(item["after"]["S"], parse_float=Decimal)
    line = lines[-1]
    assert line["asset"] == "cash" and line["delta"] > 0, line
    line["delta"], line["after"] = line["delta"] + more, line["after"] + more
    after["cash"]["available"] += more
    forged["lines"], forged["after"] = {"S": text(lines)}, {"S": text(after)}
    return forged


def sealed(forged: Item, user_id: str, told: list[str]) -> Item:
    """The same with the hashes that go with it, and with the events that tell of it."""
    digests = b"".join(hashlib.sha256(one.encode()).digest() for one in told)
    forged["evh"] = {"S": hashlib.sha256(digests).hexdigest()}
    forged["h"] = {"S": chain_hash(forged, user_id)}
    return forged


def chain_hash(item: Item, user_id: str) -> str:
    """The hash of a change, over each part with its length in front."""
    parts = [item["ph"]["S"], user_id, item["sk"]["N"]]
    parts += [item[name]["S"] for name in ("at", "lines", "after", "cause", "evh")]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part.encode()).to_bytes(8, "big") + part.encode())
    return digest.hexdigest()
