"""What both jobs do with a wallet."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import table
from receipt import Receipt

RETRIES_MAX = 5
PLACES = 2
# Above it, a double no longer tells one cent from the next.
AMOUNT_MAX = 10**12

Answer = dict[str, Any]
# What is to be written, and the answer; a refusal has no items.
Decision = tuple[list[dict[str, Any]], Answer]


@dataclass(frozen=True)
class Wallet:
    balance: Decimal
    version: Decimal

    @classmethod
    def of(cls, item: table.Item | None) -> Wallet:
        """A wallet as it was read; one that is not there holds nothing."""
        if item is None:
            return cls(Decimal(0), Decimal(0))
        return cls(Decimal(item["balance"]["N"]), Decimal(item["version"]["N"]))


def decimal_of(value: Any) -> Decimal | None:
    """The exact value of a JSON number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    exact = Decimal(str(value))
    return exact if exact.is_finite() else None


def amount_of(value: Any) -> Decimal | None:
    """The exact amount of a JSON number; none when it is none of money."""
    amount = decimal_of(value)
    if amount is None or not 0 < amount <= AMOUNT_MAX:
        return None
    return amount if amount == round(amount, PLACES) else None


def is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def debit_items(
    *,
    wallet: Wallet,
    user_id: str,
    entry_id: str,
    operation: str,
    amount: Decimal,
    at: str,
    event: dict[str, Any],
    more: tuple[dict[str, Any], ...] = (),
) -> list[dict[str, Any]]:
    """The items of a debit: wallet, ledger entry, event; `more` go with them."""
    after = wallet.balance - amount
    event_id = str(uuid.uuid4())
    event = {"event_id": event_id, "occurred_at": at, **event}
    return [
        {
            "Update": {
                "TableName": table.WALLETS,
                "Key": {"user_id": {"S": user_id}},
                "UpdateExpression": "SET balance = :after, version = :next",
                "ConditionExpression": "version = :read",
                "ExpressionAttributeValues": {
                    ":after": table.number(after),
                    ":next": table.number(wallet.version + 1),
                    ":read": table.number(wallet.version),
                },
            }
        },
        {
            "Put": {
                "TableName": table.LEDGER,
                "Item": {
                    "user_id": {"S": user_id},
                    "entry_id": {"S": entry_id},
                    "operation": {"S": operation},
                    "asset": {"S": "cash"},
                    "amount": table.number(-amount),
                    "balance_before": table.number(wallet.balance),
                    "balance_after": table.number(after),
                    "at": {"S": at},
                },
                "ConditionExpression": "attribute_not_exists(entry_id)",
            }
        },
        *more,
        {
            "Put": {
                "TableName": table.OUTBOX,
                "Item": {
                    "event_id": {"S": event_id},
                    "event": {"S": json.dumps(event)},
                    "at": {"S": at},
                },
            }
        },
    ]


def change(
    decide: Callable[[], Decision], done: Callable[[], Answer], receipt: Receipt | None
) -> Answer:
    """Reads, decides and writes; begins again when the wallet moved meanwhile.

    `receipt`, where there is one, keeps the answer with what is written; `done` reads the answer
    of a debit whose ledger entry is already there.
    """
    for _ in range(1 + RETRIES_MAX):
        items, answer = decide()
        if not items:
            return receipt.keep(answer) if receipt else answer
        failed = table.write([*items, receipt.put(answer)] if receipt else items)
        if failed is None:
            return answer
        if receipt and failed[-1] == table.FAILED:
            return receipt.stored()
        if failed[1] == table.FAILED:
            return done()
    raise RuntimeError("the wallet kept changing")
