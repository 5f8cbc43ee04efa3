"""Wallets with a past and markets with open bets, as the platform writes them."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

Item = dict[str, Any]

CASH = Decimal(10_000_000)
# What each entry after the first takes.
TAKEN = Decimal("0.01")
EVENT_IDS = uuid.UUID("7b1d4f2e-93c8-5a60-8d15-6e0ca4f72b39")
SHARDS = 16
# DynamoDB takes so many items in one call.
BATCH = 25
AT_ONCE = 8


def put_all(table: Any, name: str, items: Iterable[Item]) -> None:
    """Puts all `items` into the table called `name`, by the client `table`."""

    def put(some: list[Item]) -> None:
        requests = {name: [{"PutRequest": {"Item": item}} for item in some]}
        if table.batch_write_item(RequestItems=requests).get("UnprocessedItems"):
            raise ValueError("the table took only a part")

    # A few at a time, so that a long past is never in memory as a whole.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for some in parts(items, 50 * AT_ONCE * BATCH):
            list(pool.map(put, parts(some, BATCH)))


def parts(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=number)


def number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


class Wallet:
    """A wallet that was given money once, and has paid ever since: `entries` in its journal."""

    def __init__(self, user_id: str, entries: int) -> None:
        self.user_id, self.entries = user_id, entries
        self.at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
        self.head, self.balance = "", Decimal(0)

    def journal(self) -> Iterator[Item]:
        """Every entry, each linked to the one before."""
        for version in range(1, self.entries + 1):
            delta = CASH if version == 1 else -TAKEN
            before, self.balance = self.balance, self.balance + delta
            yield self._entry(version, delta, before)

    def item(self) -> Item:
        """The wallet as it is after the entries that were taken from `journal`."""
        texts = {
            "pk": self.user_id,
            "at": self.at,
            "h": self.head,
            "status": compact({"state": "active"}),
            "assets": compact({"cash": {"available": self.balance}}),
            "holds": "{}",
            "limits": "[]",
            "owed": "{}",
        }
        counts = {"schema": 1, "v": self.entries, "ws": self.entries, "es": self.entries}
        return as_texts(texts) | as_numbers(counts)

    def _entry(self, version: int, delta: Decimal, before: Decimal) -> Item:
        purpose = f"{'debit' if delta < 0 else 'credit'}_adjustment"
        transaction = f"txn_{uuid.uuid4().hex[:24]}"
        lines = compact(
            [
                {
                    "transaction_id": transaction,
                    "asset": "cash",
                    "delta": delta,
                    "before": before,
                    "after": self.balance,
                    "purpose": purpose,
                    "account": "adjustments",
                }
            ]
        )
        after = compact({"cash": {"available": self.balance}})
        related = {"type": "operation", "id": f"op-{uuid.uuid4().hex}"}
        name = "wallet.debited" if delta < 0 else "wallet.credited"
        data = {
            "transaction_id": transaction,
            "user_id": self.user_id,
            "transaction_type": purpose,
            "coin_type": "cash",
            "amount": abs(delta),
            "balance_before": before,
            "balance_after": self.balance,
            "related_entity": related,
        }
        event = self._event(name, version, data)
        told = sha256(hashlib.sha256(event.encode()).digest())
        link = (
            self.head,
            self.user_id,
            str(version),
            self.at,
            lines,
            after,
            compact(related),
            told,
        )
        previous, self.head = self.head, linked(link)
        texts = {
            "pk": f"wallet#{self.user_id}",
            "at": self.at,
            "src": "quoin-local-wallet-command",
            "lines": lines,
            "after": after,
            "cause": compact(related),
            "evh": told,
            "ph": previous,
            "h": self.head,
        }
        lists = {
            "ev": {"L": [{"S": event}]},
            "pub": {"L": [{"S": f"wallet.events/{name}"}]},
        }
        return as_texts(texts) | as_numbers({"sk": version, "s0": version, "n": 1}) | lists

    def _event(self, name: str, version: int, data: dict[str, Any]) -> str:
        place = f"wallet#{self.user_id}/{version}"
        return compact(
            {
                "event": name,
                "version": "1.0",
                "timestamp": self.at,
                "data": data,
                "metadata": {
                    "source": "wallet-service",
                    "request_id": f"req_{uuid.uuid4().hex}",
                    "event_id": str(uuid.uuid5(EVENT_IDS, place)),
                    "entity": {"type": "wallet", "id": self.user_id},
                    "sequence": version,
                    "wallet": {"id": self.user_id, "version": version, "sequence": version},
                },
            }
        )


def cash(wallet: Item) -> Decimal:
    """What a wallet's item says is available."""
    return json.loads(wallet["assets"]["S"], parse_float=Decimal, parse_int=Decimal)["cash"][
        "available"
    ]


def as_texts(texts: dict[str, str]) -> Item:
    return {name: {"S": text} for name, text in texts.items()}


def as_numbers(numbers: dict[str, int]) -> Item:
    return {name: {"N": str(value)} for name, value in numbers.items()}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def linked(fields: Iterable[str]) -> str:
    """The hash of a link of the chain: each field behind its length."""
    encoded = (field.encode() for field in fields)
    return sha256(b"".join(len(one).to_bytes(8, "big") + one for one in encoded))


def shard(bet_id: str) -> int:
    """The shard of its event's index that a bet is in."""
    return int(linked([bet_id])[31], 16)


def alike(bet: Item, count: int) -> Iterator[tuple[str, Item]]:
    """So many bets that differ from `bet`, a new journal item, in nothing but the id."""
    text, known = json.dumps(bet), bet["pk"]["S"].partition("#")[2]
    for _ in range(count):
        bet_id = f"bet_{uuid.uuid4().hex}"
        yield bet_id, json.loads(text.replace(known, bet_id))


def index_row(bet_id: str, bet: Item) -> Item:
    """The row that settlement finds a bet on one selection by."""
    state = json.loads(bet["st"]["S"])
    (selection,) = state["selections"]
    leg = {
        "market_id": selection["market_id"],
        "outcome_id": selection["outcome_id"],
        "legs": 1,
        "stake": state["stake"],
        "potential_payout": state["potential_payout"],
        "open": True,
    }
    texts = {
        "pk": f"index#{selection['event_id']}#{shard(bet_id)}",
        "sk": f"{selection['market_id']}##{bet_id}#0",
        "bet_id": bet_id,
        "leg": compact(leg),
    }
    return as_texts(texts) | as_numbers({"version": 1})
