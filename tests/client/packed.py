"""Items of the journal as they were before the store packed their texts into one attribute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lz4.block

Item = dict[str, Any]

PACKED = "z"
# In the order in which the store numbers them; lists have their texts one by one.
TEXTS = ("st", "ans", "lines", "after", "cause", "ev", "pub")
LISTS = {"ev", "pub"}
FOLDER = Path(__file__).parents[2] / "shared" / "store" / "src" / "packed"


def unpack(packed: bytes) -> Item:
    """The attributes whose texts are packed: the dictionary's number, the size, and a block."""
    dictionary = (FOLDER / f"dictionary_{packed[0]}.txt").read_bytes()
    size = int.from_bytes(packed[1:5], "little")
    content = lz4.block.decompress(packed[5:], uncompressed_size=size, dict=dictionary)
    found: Item = {}
    while content:
        name, end = TEXTS[content[0]], 5 + int.from_bytes(content[1:5], "little")
        text, content = {"S": content[5:end].decode()}, content[end:]
        if name in LISTS:
            found.setdefault(name, {"L": []})["L"].append(text)
        else:
            found[name] = text
    return found


def unpacked(item: Item) -> Item:
    """`item` with its texts, if they are packed."""
    if "B" not in item.get(PACKED, {}):
        return item
    return {k: v for k, v in item.items() if k != PACKED} | unpack(item[PACKED]["B"])


def read_packed_items(tables: Any) -> Any:
    """`tables`, a client of DynamoDB whose answers have every item unpacked from now on."""

    def answered(parsed: dict[str, Any], **_: Any) -> None:
        for name in ("Item", "Attributes"):
            if name in parsed:
                parsed[name] = unpacked(parsed[name])
        lists = [parsed, *[{"Items": found} for found in parsed.get("Responses", {}).values()]]
        for one in lists:
            one.get("Items", [])[:] = [unpacked(item) for item in one.get("Items", [])]

    for operation in ("GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "DeleteItem"):
        tables.meta.events.register(f"after-call.dynamodb.{operation}", answered)
    return tables
