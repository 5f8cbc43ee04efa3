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
        wallet_key = {"pk": {"S": user_id}}
        last = self.changes(user_id)[-1]
        forged = forged_credit(last, user_id, Decimal(amount))
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
    """A wallet's item whose last line credits `more` than it did."""
    forged = copy.deepcopy(item)
    lines = json.loads(item["lines"]["S"], parse_float=Decimal)
    after = json.loads(item["after"]["S"], parse_float=Decimal)
    line = lines[-1]
    assert line["asset"] == "cash" and line["delta"] > 0, line
    line["delta"], line["after"] = line["delta"] + more, line["after"] + more
    after["cash"]["available"] += more
    event = json.loads(item["ev"]["L"][-1]["S"], parse_float=Decimal)
    event["data"]["amount"] += more
    event["data"]["balance_after"] += more
    forged["lines"], forged["after"] = {"S": text(lines)}, {"S": text(after)}
    forged["ev"]["L"][-1] = {"S": text(event)}
    told = b"".join(hashlib.sha256(one["S"].encode()).digest() for one in forged["ev"]["L"])
    forged["evh"] = {"S": hashlib.sha256(told).hexdigest()}
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
