"""The tables, exact numbers, and the write that all of a change is in."""

from __future__ import annotations

import decimal
import os
from decimal import Decimal
from typing import Any

import boto3
from botocore.config import Config

# Digits enough for the product of 20 odds: nothing is rounded unasked.
decimal.getcontext().prec = 1000

WALLETS = os.environ["TABLE_WALLETS"]
LEDGER = os.environ["TABLE_LEDGER"]
OUTBOX = os.environ["TABLE_OUTBOX"]
BETS = os.environ["TABLE_BETS"]
MARKETS = os.environ["TABLE_MARKETS"]
IDEMPOTENCY = os.environ["TABLE_IDEMPOTENCY"]

Item = dict[str, dict[str, Any]]

client = boto3.client(
    "dynamodb", region_name=os.environ["AWS_REGION"], config=Config(tcp_keepalive=True)
)

FAILED = "ConditionalCheckFailed"
REPEATABLE = (FAILED, "TransactionConflict", "None")


def text(value: Decimal) -> str:
    """A decimal digit for digit, without an exponent or trailing zeros."""
    return format(value.normalize(), "f") if value else "0"


def number(value: Decimal) -> dict[str, str]:
    return {"N": text(value)}


def read(table: str, key: Item) -> Item | None:
    return client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")


def write(items: list[dict[str, Any]]) -> list[str] | None:
    """Writes all items or none; when none, says for each why, unless it is nothing to do with
    them."""
    try:
        client.transact_write_items(TransactItems=items)
    except client.exceptions.TransactionCanceledException as error:
        codes = [reason.get("Code", "None") for reason in error.response["CancellationReasons"]]
        if not all(code in REPEATABLE for code in codes):
            raise
        return codes
    return None
