"""Clans: who belongs to them, what members give, and what their reputation is made of."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from boosts import HOUR, boost, give, listed, rows, sweep, told, with_credits
from client import Answer, Platform, User, eventually
from deliver import deliver

BEST = "/api/clans?sort=reputation"


def found(founder: User, name: str = "Brains United") -> str:
    return founder.post("/api/clans", {"name": name}).expect(201)["clan_id"]


def join(user: User, clan: str) -> Any:
    return user.post(f"/api/clans/{clan}/join").expect(200)


def contribute(user: User, clan: str, amount: Any, key: str = "") -> Answer:
    body = {"amount": amount}
    return user.post(f"/api/clans/{clan}/contributions", body, key=key or uuid.uuid4().hex)


def reputation(user: User, clan: str) -> Any:
    return user.get(f"/api/clans/{clan}/reputation").expect(200)


def test_people_found_join_and_leave_clans(platform: Platform) -> None:
    founder, second, third = (User(platform) for _ in range(3))
    for name in ("", "a\nb", "x" * 101):
        refused = founder.post("/api/clans", {"name": name}).problem(400, "TEXT_INVALID")
        assert refused["errors"][0]["pointer"] == "/name"
    clan, other = found(founder), found(founder, "Another")
    assert join(second, clan)["members"] == 2
    assert join(second, clan) == join(second, clan), "who belongs to it does so once"
    join(third, clan)
    seen = third.get(f"/api/clans/{clan}").expect(200)
    assert (seen["name"], seen["founder_id"], seen["members"]) == (
        "Brains United", founder.user_id, 3,
    )  # fmt: skip
    assert (seen["status"], seen["contributed"], seen["reputation"]) == ("open", 0, 0)
    assert listed(third, "/api/clans?sort=newest", 2, {clan, other}) == [other, clan]
    third.get("/api/clans?sort=priority").problem(400, "SORT_INVALID")
    for method, ending in [
        ("GET", ""),
        ("GET", "/analytics"),
        ("POST", "/join"),
        ("POST", "/leave"),
    ]:
        path = f"/api/clans/clan_nowhere{ending}"
        platform.request(method, path, token=third.token).problem(404, "NOT_FOUND")

    # A founder who leaves passes the clan on to the longest member; the last one closes it.
    for _ in range(2):
        founder.post(f"/api/clans/{clan}/leave").expect(204)
    assert third.get(f"/api/clans/{clan}").expect(200)["founder_id"] == second.user_id
    founder.get(f"/api/clans/{clan}/analytics").problem(404, "NOT_FOUND")
    with ThreadPoolExecutor(2) as threads:
        left = threads.map(lambda one: one.post(f"/api/clans/{clan}/leave"), (second, third))
        assert [answer.status for answer in left] == [204, 204]
    closed = third.get(f"/api/clans/{clan}").expect(200)
    assert (closed["status"], closed["members"]) == ("closed", 0)
    third.post(f"/api/clans/{clan}/join").problem(422, "CLAN_CLOSED")
    for sort in ("newest", "reputation"):
        assert listed(third, f"/api/clans?sort={sort}", 100, {clan, other}) == [other]
    events = told(platform, f"clan#{clan}")
    assert [one["event"] for one in events] == [
        "clan.created", *["clan.member_joined"] * 2, *["clan.member_left"] * 3,
    ]  # fmt: skip
    assert [one["data"].get("members") for one in events] == [None, 2, 3, 2, 1, 0]
    assert events[3]["data"]["new_founder_id"] == second.user_id
    assert [one["metadata"]["sequence"] for one in events] == list(range(1, 7))


def test_members_give_to_their_clan_and_each_gift_counts_once(platform: Platform) -> None:
    founder, member, stranger = (
        with_credits(platform, 100),
        with_credits(platform, 50),
        User(platform),
    )
    clan, rival = found(founder), found(stranger)
    join(member, clan)
    for amount in (0, "0.5", 1_000_001):
        refused = contribute(member, clan, amount).problem(400, "AMOUNT_INVALID")
        assert refused["errors"][0]["pointer"] == "/amount"
    contribute(stranger, clan, 1).problem(422, "NOT_A_MEMBER")
    contribute(member, "clan_nowhere", 1).problem(404, "NOT_FOUND")
    refused = contribute(member, clan, 51).problem(422, "WALLET_INSUFFICIENT_BALANCE")
    assert refused["amount_available"] == 50
    key = uuid.uuid4().hex
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: contribute(member, clan, 30, key), range(3)))
    given = answers[0].expect(201)
    assert all(answer.expect(201) == given for answer in answers)
    assert (given["amount"], given["balance"], member.balance("credits")) == (30, 20, 20)
    contribute(member, clan, 31, key).problem(422, "IDEMPOTENCY_KEY_REUSED")
    contribute(founder, clan, 100).expect(201)
    contribute(member, clan, 5).expect(201)

    seen = eventually(lambda: reputation(stranger, clan), lambda seen: seen["contributed"] == 135)
    assert (seen["score"], seen["boosts"]) == (135, [])
    events = told(platform, f"contribution#{given['contribution_id']}")
    assert [one["event"] for one in events] == [
        "wallet.debited", "clan_contribution", "credit_spent",
    ]  # fmt: skip
    # Told again, it is not counted again; a copy of each event is kept.
    deliver(platform, "clan-credit-queue", *events[1:], *events[1:])

    def kept() -> int:
        return len(rows(platform, "ClanCreditEventsTable", f"clan#{clan}"))

    assert eventually(kept, lambda count: count == 6) == 6
    inside = member.get(f"/api/clans/{clan}/analytics").expect(200)
    assert [(one["user_id"], one["contributed"]) for one in inside["members"]] == [
        (founder.user_id, 100),
        (member.user_id, 35),
    ]
    assert inside["members"][0]["since"] < inside["members"][1]["since"]
    assert (inside["contributed"], inside["reputation"]) == (135, 135)
    stranger.get(f"/api/clans/{clan}/analytics").problem(404, "NOT_FOUND")
    platform.get(f"/api/clans/{clan}/analytics", token=platform.operator_token()).expect(200)
    assert listed(stranger, BEST, 100, {clan, rival}) == [clan, rival]

    # Boosts come on top, and go when they are over; what was given stays, also of those who leave.
    soon = boost("clan", rival, 4_000, 1, ago=HOUR - 20)
    boosts = [boost("clan", rival, 40, 72), soon, boost("clan", clan, 100, 48, ago=37 * HOUR)]
    give(platform, "clan", *boosts, *boosts)
    both = {clan, rival}
    eventually(lambda: listed(stranger, BEST, 100, both), lambda order: order == [rival, clan])
    seen = eventually(lambda: reputation(stranger, clan), lambda seen: seen["score"] == 160)
    assert (seen["contributed"], [one["counts"] for one in seen["boosts"]]) == (135, [25])
    member.post(f"/api/clans/{clan}/leave").expect(204)
    contribute(member, clan, 1).problem(422, "NOT_A_MEMBER")
    eventually(lambda: reputation(stranger, rival)["score"], lambda score: score == 40)
    sweep(platform, "clan")
    assert sweep(platform, "clan")["failed"] == 0
    assert listed(stranger, BEST, 100, both) == [clan, rival]
    assert stranger.get(f"/api/clans/{clan}").expect(200)["reputation"] == 160
    assert len(told(platform, f"expiry#{soon['data']['eventId']}")) == 1
