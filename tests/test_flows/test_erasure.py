"""Erasure: who somebody was cannot be read any more, and what happened stays as it was."""

from __future__ import annotations

import base64
import json
import re
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from boosts import walked
from client import Answer, Feed, Member, Platform, Shop, User, eventually, register, registration
from client.command_line import quoin
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from ledger import Ledger
from stored import items, wait_until_quiet
from test_membership import callback, events, names
from test_privacy import exported, recorded

NAME = "Ottokar Quittenbaum"
TITLE, CLAN = "Harvest the Quittenbaum quinces", "Friends of Ottokar"
SEALED = re.compile(r"enc:v1:([A-Za-z0-9+/=]+)")


@pytest.fixture(scope="module")
def ledger(platform: Platform) -> Ledger:
    return Ledger(platform)


def erasure(user: User) -> Answer:
    return user.post("/api/users/me/erasure")


def erased(user: User) -> dict[str, Any]:
    """The answer once nothing is open that has to end first."""
    answer = eventually(lambda: erasure(user), lambda seen: seen.status == 200)
    assert (answer.body["user_id"], answer.body["status"]) == (user.user_id, "carried_out")
    return answer.body


def key_rows(platform: Platform) -> dict[str, bytes]:
    """Every wrapped data key, by whose it is."""
    tables = platform.aws("dynamodb")
    name = next(name for name in tables.list_tables()["TableNames"] if "-UserKeysTable" in name)
    scan = tables.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    return {
        item["pk"]["S"]: base64.b64decode(json.loads(item["wrapped"]["S"])["key"])
        for page in scan
        for item in page["Items"]
    }


def unwrapped(platform: Platform, user_id: str, wrapped: bytes) -> bytes:
    context = {"user_id": user_id}
    kms = platform.aws("kms")
    return kms.decrypt(CiphertextBlob=wrapped, EncryptionContext=context)["Plaintext"]


def opened(key: bytes, user_id: str, sealed: str) -> str | None:
    raw = base64.b64decode(sealed)
    try:
        return AESGCM(key).decrypt(raw[:12], raw[12:], user_id.encode()).decode()
    except InvalidTag:
        return None


def sealed_texts(platform: Platform) -> set[str]:
    return {found for _, text in items(platform) for found in SEALED.findall(text)}


def compliance(platform: Platform, customer_id: str) -> Any:
    path = f"/api/compliance/{customer_id}"
    return platform.get(path, token=platform.operator_token()).expect(200)


@dataclass(frozen=True)
class Scene:
    """A member who did much, was forgotten, and what was readable before."""

    member: Member
    order_id: str
    wrote: dict[str, str]
    answer: dict[str, Any]
    key: bytes
    readable: dict[str, str]
    phone: str


@pytest.fixture(scope="module")
def scene(platform: Platform) -> Scene:
    member, shop, feed = Member(platform, full_name=NAME), Shop(platform), Feed(platform)
    phone = f"+9198{uuid.uuid4().int % 10**8:08d}"
    User.registered.append(member.registration | {"phone": phone})
    member.patch_me({"phone": phone}).expect(200)
    shop.verify(member)
    wrote = {"gig": member.post("/api/gigs", {"title": TITLE, "price": 5}).expect(201)["gig_id"]}
    for key, name in (("clan", CLAN), ("shared", "Open orchard")):
        wrote[key] = member.post("/api/clans", {"name": name}).expect(201)["clan_id"]
    User(platform).post(f"/api/clans/{wrote['shared']}/join").expect(200)
    shop.give(member, "cash", 20)
    feed.odds(o1="2", o2="3").expect(204)
    member.bet([feed.selection("2")], 10).expect(201)
    eventually(lambda: erasure(member).expect(422)["code"], "BETS_OPEN".__eq__)
    feed.settle(o1="0", o2="1").expect(204)
    eventually(lambda: erasure(member).expect(422)["code"], "WALLET_NOT_EMPTY".__eq__)
    erasure(member).problem(422, "WALLET_NOT_EMPTY")
    member.paid("renew")
    order_id = shop.order(member, {shop.product(10): 1}).expect(201)["order_id"]
    # After the order, which would take them first.
    shop.give(member, "promo_coins", 7)
    eventually(lambda: member.get("/api/notifications").expect(200)["items"])
    eventually(
        lambda: member.get(f"/api/orders/{order_id}").expect(200)["status"], "created".__eq__
    )
    wait_until_quiet(platform, member.user_id)
    key = unwrapped(platform, member.user_id, key_rows(platform)[member.user_id])
    clear = {text: opened(key, member.user_id, text) for text in sealed_texts(platform)}
    readable = {text: field for text, field in clear.items() if field is not None}
    answer = erased(member)
    wait_until_quiet(platform, member.user_id)
    return Scene(member, order_id, wrote, answer, key, readable, phone)


def test_what_is_open_is_settled_first(scene: Scene, platform: Platform) -> None:
    """The scene met the refusals; what is no right to money is left behind, and told."""
    assert scene.answer["left"] == {"promo_coins": 7}
    excluded = User(platform)
    away = {"reason": "self_exclusion", "self_exclusion_days": 1}
    excluded.post("/api/users/me/deactivate", away).expect(200)
    erasure(excluded).problem(422, "SELF_EXCLUDED")


def test_who_is_forgotten_does_not_sign_in_and_the_address_is_free(
    scene: Scene, platform: Platform, ledger: Ledger
) -> None:
    member = scene.member
    login = {name: member.registration[name] for name in ("email", "password")}
    platform.post("/api/sessions", login).problem(401, "INVALID_CREDENTIALS")
    refresh = {"refresh_token": member.refresh_token}
    platform.post("/api/sessions/refresh", refresh).problem(401, "REFRESH_TOKEN_INVALID")
    register(platform, member.registration).expect(201)
    other = User(platform, phone=scene.phone)
    assert other.user_id != member.user_id
    tables = ledger.tables.list_tables()["TableNames"]
    users = next(name for name in tables if "-UsersTable" in name)
    own = ledger.tables.query(
        TableName=users,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"user#{member.user_id}"}},
    )
    assert own["Items"] == []


def test_nothing_that_is_kept_tells_who_it_was(scene: Scene, platform: Platform) -> None:
    email, digits = scene.member.registration["email"], scene.phone.removeprefix("+")
    assert {NAME, TITLE, CLAN, email, scene.phone} <= set(scene.readable.values()), (
        "it could be read before"
    )
    secret = re.compile("|".join(map(re.escape, (NAME, email, digits))))
    places = [*items(platform), *exported(platform), *recorded()]
    assert [place for place, text in places if secret.search(text)] == []


def test_what_they_wrote_for_everybody_to_read_is_gone_too(
    scene: Scene, platform: Platform, user: User
) -> None:
    secret = re.compile("|".join(map(re.escape, (TITLE, CLAN))))
    places = [*items(platform), *exported(platform)]
    assert [place for place, text in places if secret.search(text)] == []
    gig, clan, shared = (scene.wrote[key] for key in ("gig", "clan", "shared"))
    seen = {one["gig_id"]: one["title"] for one in walked(user, "/api/gigs?sort=newest", 100)}
    assert seen[gig] == user.get(f"/api/gigs/{gig}").expect(200)["title"] == "[erased]"
    seen = {one["clan_id"]: one["name"] for one in walked(user, "/api/clans?sort=newest", 100)}
    assert seen[clan] == user.get(f"/api/clans/{clan}").expect(200)["name"] == "[erased]"
    # Others belong to it: its name is theirs.
    assert seen[shared] == "Open orchard"
    # It is a gig and a clan as before.
    done = user.post(f"/api/gigs/{gig}/completion").expect(200)
    assert (done["title"], done["status"]) == ("[erased]", "completed")
    assert user.post(f"/api/clans/{clan}/join").expect(200)["name"] == "[erased]"


def test_no_key_that_is_left_opens_what_is_sealed(scene: Scene, platform: Platform) -> None:
    rows, user_id = key_rows(platform), scene.member.user_id
    assert user_id not in rows
    kept = scene.readable.keys() & sealed_texts(platform)
    assert kept, "the journal is not rewritten"
    keys = [unwrapped(platform, owner, wrapped) for owner, wrapped in rows.items()]
    assert all(opened(key, user_id, text) is None for key in keys for text in kept)


def test_the_books_and_chains_are_as_they_were(scene: Scene, platform: Platform) -> None:
    for arguments in (("--user", scene.member.user_id), ()):
        said = quoin(platform, "verify", "--stage", "local", "--json", *arguments)
        assert said.code == 0, said.out + said.err


def test_nobody_fails_over_a_name_that_is_gone(scene: Scene, platform: Platform) -> None:
    token, user_id = platform.operator_token(), scene.member.user_id
    letters = platform.get("/api/dead-letters", token=token).expect(200)
    assert user_id not in json.dumps(letters, default=str)
    order = platform.get(f"/api/support/orders/{scene.order_id}", token=token).expect(200)
    assert order["order_id"] == scene.order_id
    assert NAME not in json.dumps(order, default=str)
    platform.get(f"/api/users/{user_id}", token=token).problem(404, "NOT_FOUND")
    # What comes later still finds the wallet, and no name.
    body = {"asset": "promo_coins", "amount": -7, "reason": "nobody's any more"}
    path = f"/api/wallets/{user_id}/adjustments"
    platform.post(path, body, token=token, key=uuid.uuid4().hex).expect(201)
    wait_until_quiet(platform, user_id)
    letters = platform.get("/api/dead-letters", token=token).expect(200)
    assert user_id not in json.dumps(letters, default=str)


def test_compliance_has_looked_and_names_nobody(
    scene: Scene, platform: Platform, ledger: Ledger
) -> None:
    member = scene.member
    told = names(ledger, f"subscription#{member.subscription_id}")
    assert told[-1] == "subscription.cancelled"
    assert names(ledger, f"customer#{member.customer_id}")[-1] == "customer.deleted"
    last = events(ledger, f"customer#{member.customer_id}")[-1]
    assert last["data"]["reason"] == "erasure"
    seen = eventually(
        lambda: compliance(platform, member.customer_id), lambda seen: len(seen["checks"]) == 2
    )
    assert (seen["status"], seen["erasure"]["status"]) == ("deleted", "carried_out")
    occasions = sorted(check["occasion"]["what"] for check in seen["checks"])
    assert occasions == ["customer_deleted", "subscription_cancelled"]
    assert all(check["occasion"]["why"] == "erasure" for check in seen["checks"])
    assert all("open_payment_id" not in check for check in seen["checks"])
    text = json.dumps(seen, default=str)
    assert NAME not in text and "enc:v1:" not in text
    path = f"/api/compliance/{member.customer_id}"
    User(platform).get(path).problem(403, "FORBIDDEN")


def test_an_erasure_is_one_however_often_it_is_asked_for(
    scene: Scene, platform: Platform, ledger: Ledger
) -> None:
    again = erasure(scene.member).expect(200)
    assert again == scene.answer
    assert len(ledger.stream(f"erasure#{scene.member.user_id}")) == 1
    scene.member.get("/api/users/me").problem(404, "NOT_FOUND")


def test_who_is_no_member_is_forgotten_too_and_nobody_else_is(
    platform: Platform, ledger: Ledger
) -> None:
    user, other = User(platform), User(platform)
    # Whom it is about follows from the token alone.
    answer = user.platform.post(
        f"/api/users/me/erasure?user_id={other.user_id}",
        token=user.token,
        headers={"x-user-id": other.user_id},
    ).expect(200)
    assert answer["user_id"] == user.user_id
    assert other.get("/api/users/me").expect(200)["user_id"] == other.user_id
    assert user.user_id not in key_rows(platform) and other.user_id in key_rows(platform)
    platform.post("/api/users", user.registration).expect(201)


def silent_member(platform: Platform) -> Member:
    """A member whose payments end only when the provider calls back."""
    body = registration(token="tok_silent")
    begun = register(platform, body).expect(202)
    state = json.loads(Ledger(platform).stream(f"saga#{begun['saga_id']}")[-1]["st"]["S"])
    callback(platform, state["payment_id"], "succeeded", "9.99").expect(204)
    return Member.registered_as(platform, body, state)


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
def test_an_erasure_waits_for_a_payment_that_is_on_its_way(
    platform: Platform, ledger: Ledger, outcome: str
) -> None:
    member = silent_member(platform)
    underway = member.pays("renew").expect(202)
    waiting = erasure(member).expect(202)
    assert (waiting["status"], waiting["reasons"]) == ("waiting", ["payment_in_progress"])
    assert erasure(member).expect(202) == waiting
    assert member.user_id in key_rows(platform)
    login = {name: member.registration[name] for name in ("email", "password")}
    platform.post("/api/sessions", login).problem(403, "ACCOUNT_CLOSED")
    callback(platform, underway["payment_id"], outcome, "9.99").expect(204)
    eventually(lambda: member.user_id not in key_rows(platform))
    seen = eventually(
        lambda: compliance(platform, member.customer_id), lambda seen: len(seen["checks"]) == 2
    )
    assert seen["erasure"]["status"] == "carried_out"
    # The period that could not be charged had not begun.
    assert all("unpaid" not in check for check in seen["checks"])
    paid = names(ledger, f"charge#{underway['payment_id']}")
    assert paid == (["payment.processed"] if outcome == "succeeded" else [])
    assert names(ledger, f"subscription#{member.subscription_id}")[-1] == "subscription.cancelled"
