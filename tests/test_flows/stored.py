"""Every item of every table but the sandbox's, which is the provider's own."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator
from typing import Any

from client import Platform, eventually

QUIET_SECONDS = 3


def staged(item: dict[str, Any]) -> list[str]:
    """The events that a row of the warehouse's table holds; none, of any other item."""
    packed = item.get("lines", {}).get("B")
    return zlib.decompress(packed).decode().splitlines() if packed else []


def items(platform: Platform) -> Iterator[tuple[str, str]]:
    """Where each item is, and its text."""
    tables = platform.aws("dynamodb")
    for table in tables.list_tables()["TableNames"]:
        if "sandbox" not in table.lower():
            scan = tables.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
            for item in (item for page in scan for item in page["Items"]):
                unpacked = item | {"lines": staged(item)} if staged(item) else item
                text = json.dumps(unpacked, default=str, sort_keys=True)
                yield f"{table} {item['pk']} {item.get('sk')}", text


def naming(platform: Platform, user_id: str) -> dict[str, str]:
    """The items that name a user, by where they are, but for those that an export takes."""
    named = ((place, text) for place, text in items(platform) if user_id in text)
    return {place: text for place, text in named if "WarehouseTable" not in place}


class Watch:
    """What names a user, which nothing is to touch from now on; looked at once for each test."""

    def __init__(self, platform: Platform, user_id: str) -> None:
        self.platform, self.user_id = platform, user_id
        self.before = naming(platform, user_id)

    def assert_untouched(self) -> None:
        assert naming(self.platform, self.user_id) == self.before


def wait_until_quiet(platform: Platform, user_id: str) -> None:
    """Until everything that followed from what a user did has happened."""

    def unchanged() -> bool:
        before = naming(platform, user_id)
        time.sleep(QUIET_SECONDS)
        return naming(platform, user_id) == before

    eventually(unchanged)
