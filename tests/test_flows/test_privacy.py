"""A person's data is in the clear nowhere but with its owner and the provider that delivers it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from client import Platform, User, eventually
from local import paths


def stored(platform: Platform) -> Iterator[tuple[str, str]]:
    """Every item of every table but the sandbox's, which is the provider's own."""
    tables = platform.aws("dynamodb")
    for table in tables.list_tables()["TableNames"]:
        if "sandbox" not in table.lower():
            for page in tables.get_paginator("scan").paginate(TableName=table):
                yield from ((table, json.dumps(item, default=str)) for item in page["Items"])


def test_nothing_personal_is_stored_published_or_logged_in_the_clear(platform: Platform) -> None:
    user = User(platform, full_name="Wilhelmina Featherstonehaugh")
    user.funded(10)
    eventually(lambda: user.get("/api/notifications").expect(200)["items"])
    secret = [
        user.registration["full_name"],
        user.registration["email"],
        user.registration["phone"],
        user.registration["phone"].removeprefix("+"),
        user.registration["password"],
        user.refresh_token,
    ]
    seen = list(stored(platform))
    assert any("UserRegistered" in text for _, text in seen)
    found = [(table, word) for table, text in seen for word in secret if word in text]
    assert found == []
    logs = "".join(file.read_text(errors="replace") for file in paths.LOGS.glob("quoin-*.log"))
    sandboxed = [word for word in secret if word in logs]
    assert "register-user" in logs
    assert sandboxed == []
