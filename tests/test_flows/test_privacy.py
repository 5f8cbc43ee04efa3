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


def test_the_note_of_a_transfer_is_kept_for_the_payee_alone(platform: Platform) -> None:
    payer, payee = User(platform).funded(10), User(platform)
    body = {"to_user_id": payee.user_id, "asset": "cash", "amount": 1, "note": "Marmalade & sand"}
    done = payer.post("/api/wallets/me/transfers", body, key="n").expect(201)
    assert payer.post("/api/wallets/me/transfers", body, key="n").expect(201) == done
    other = payer.post("/api/wallets/me/transfers", body | {"note": "Marmalade"}, key="n")
    other.problem(422, "IDEMPOTENCY_KEY_REUSED")
    seen = eventually(
        lambda: [text for table, text in stored(platform) if done["transfer_id"] in text],
        lambda texts: len(texts) > 3,
    )
    sealed = [text for text in seen if "enc:v1:" in text]
    assert any('\\"note\\"' in text for text in sealed)
    assert [text for _, text in stored(platform) if "Marmalade" in text] == []
    logs = "".join(file.read_text(errors="replace") for file in paths.LOGS.glob("quoin-*.log"))
    assert "create-transfer" in logs
    assert "Marmalade" not in logs
    nobody = body | {"to_user_id": "user_nobody"}
    payer.post("/api/wallets/me/transfers", nobody, key="o").problem(422, "NOTE_UNDELIVERABLE")
    assert (payer.balance(), payee.balance()) == (9, 1)
