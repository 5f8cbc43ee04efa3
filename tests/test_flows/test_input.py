"""Bad input: a clear problem with a stable code and a pointer; nothing written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from client import Feed, Platform, User

GOOD: dict[str, Any] = {
    "type": "single",
    "stake": {"amount": 1, "asset": "cash"},
    "selections": [{"event_id": "sr:match:1", "market_id": "1", "outcome_id": "1", "odds": 2}],
    "accept_odds": "any",
}


def changed(text: str, path: str) -> bytes:
    """GOOD with the JSON `text` at `path`."""
    body = json.loads(json.dumps(GOOD))
    *parents, last = path.strip("/").split("/")
    place: Any = body
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place[name]
    place[int(last) if isinstance(place, list) else last] = "@@"
    return json.dumps(body).replace('"@@"', text).encode()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/stake/amount", "1e3"),
        ("/stake/amount", "-5"),
        ("/stake/amount", "0"),
        ("/stake/amount", "1.005"),
        ("/stake/amount", '"ten"'),
        ("/stake/amount", "null"),
        ("/stake/amount", "1" + "0" * 40),
        ("/stake/asset", '"gold"'),
        ("/stake/asset", '"rez_coins"'),
        ("/selections/0/odds", "0.99"),
        ("/selections/0/odds", "1e1"),
        ("/selections/0/market_id", '""'),
        ("/type", '"triple"'),
        ("/accept_odds", "true"),
        ("/more", "1"),
        ("/stake/more", "1"),
    ],
)
def test_a_wrong_field_is_named(user: User, path: str, text: str) -> None:
    answer = user.post("/api/bets", changed(text, path), key=f"{path}{text}"[:200])
    assert answer.status == 400, answer.body
    assert answer.body["errors"][0]["pointer"] == path
    assert answer.headers["content-type"] == "application/problem+json"
    assert user.get("/api/bets").expect(200)["items"] == []


def test_bodies_that_are_too_large_or_no_json(user: User) -> None:
    large = json.dumps(GOOD | {"note": "x" * 70_000}).encode()
    user.post("/api/bets", large, key="k").problem(413, "BODY_TOO_LARGE")
    user.post("/api/bets", b"{", key="k").problem(400, "BODY_MALFORMED")
    user.post("/api/bets", b"", key="k").problem(400, "BODY_MALFORMED")


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        ("<odds_change", "XML_MALFORMED"),
        ("<unknown/>", "XML_MALFORMED"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><bet_stop event_id="&b;" timestamp="1"/>', "XML_DOCTYPE"),
        ('<bet_stop event_id="nothing" timestamp="1"/>', "FEED_MESSAGE_INVALID"),
    ],
)
def test_feed_messages_that_cannot_be_read(feed: Feed, xml: str, code: str) -> None:
    feed.send(xml).problem(400, code)


def test_unsigned_and_altered_feed_messages(platform: Platform) -> None:
    body = b'<alive timestamp="1"/>'
    platform.post("/api/feeds/betradar", body).problem(401, "SIGNATURE_INVALID")
    headers = platform.signed("betradar", body)
    platform.post("/api/feeds/betradar", body + b" ", headers=headers).problem(
        401, "SIGNATURE_INVALID"
    )
    platform.post("/api/feeds/betradar", body, headers=platform.signed("payment", body)).problem(
        401, "SIGNATURE_INVALID"
    )
    old = platform.signed("betradar", body, at=1_000_000)
    platform.post("/api/feeds/betradar", body, headers=old).problem(401, "SIGNATURE_INVALID")


def test_cursors_and_limits(user: User) -> None:
    user.get("/api/bets?limit=0").problem(400, "LIMIT_INVALID")
    user.get("/api/bets?limit=101").problem(400, "LIMIT_INVALID")
    user.get("/api/bets?cursor=nonsense").problem(400, "CURSOR_INVALID")
    user.get("/api/wallets/me?at=yesterday").problem(400, "TIMESTAMP_INVALID")


def test_registration_names_every_bad_field(platform: Platform) -> None:
    body = {
        "phone": "call me",
        "email": "nowhere",
        "password": "short",
        "full_name": "",
        "country": "XX1",
        "language": "?",
    }
    answer = platform.post("/api/users", body)
    assert answer.status == 400
    pointers = {error["pointer"] for error in answer.body["errors"]}
    assert pointers == {f"/{name}" for name in body}
