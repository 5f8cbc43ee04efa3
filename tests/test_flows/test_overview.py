"""What somebody has to do with boosts, gigs and clans: joined from the events of three services."""

from __future__ import annotations

import uuid
from typing import Any

from boosts import HOUR, boost, give, rows, told, with_credits
from client import Platform, User, eventually
from deliver import deliver, event, moment

PROJECTOR = "overview-projector"


def overview(user: User, limit: int = 100) -> dict[str, Any]:
    """All of it, put together from its pages."""
    whole: dict[str, Any] = {"clans": [], "gigs": [], "given": [], "received": []}
    cursor = ""
    while True:
        page = user.get(f"/api/users/me/overview?limit={limit}{cursor}").expect(200)
        sections = {**page, **page["boosts"]}
        assert sum(len(sections[name]) for name in whole) <= limit
        for name in whole:
            whole[name] += sections[name]
        if not page["next_cursor"]:
            return whole
        cursor = f"&cursor={page['next_cursor']}"


def give_boost(user: User, kind: str, field: str, target: str, amount: int) -> str:
    body = {field: target, "amount": amount, "duration": 24}
    answer = user.post(f"/api/credits/boost/{kind}", body, key=uuid.uuid4().hex)
    return answer.expect(201)["eventId"]


def test_boosts_gigs_and_clans_are_one_answer(platform: Platform) -> None:
    owner, fan, worker = with_credits(platform, 200), with_credits(platform, 100), User(platform)
    assert overview(worker) == {"clans": [], "gigs": [], "given": [], "received": []}
    gig = owner.post("/api/gigs", {"title": "Paint a fence", "price": 150}).expect(201)["gig_id"]
    clan = owner.post("/api/clans", {"name": "Painters"}).expect(201)["clan_id"]
    worker.post(f"/api/clans/{clan}/join").expect(200)
    own = give_boost(owner, "gig", "targetGigId", gig, 5)
    of_gig = give_boost(fan, "gig", "targetGigId", gig, 30)
    of_clan = give_boost(fan, "clan", "targetClanId", clan, 20)
    of_owner = give_boost(fan, "profile", "targetUserId", owner.user_id, 10)

    def is_joined(seen: dict[str, Any]) -> bool:
        boosts = [one for name in ("clans", "gigs") for it in seen[name] for one in it["boosts"]]
        return len(boosts) == 3 and len(seen["given"]) == len(seen["received"]) == 1

    seen = eventually(lambda: overview(owner), is_joined)
    [(shown), (led)] = seen["gigs"][0], seen["clans"][0]
    assert (shown["gig_id"], shown["role"], shown["status"], shown["price"]) == (
        gig, "owner", "open", 150,
    )  # fmt: skip
    assert {one["eventId"]: (one["by"], one["counts"]) for one in shown["boosts"]} == {
        own: (owner.user_id, 5),
        of_gig: (fan.user_id, 30),
    }
    assert (led["clan_id"], led["role"]) == (clan, "leader")
    assert [(one["eventId"], one["counts"]) for one in led["boosts"]] == [(of_clan, 20)]
    assert [one["eventId"] for one in seen["given"]] == [own]
    (received,) = seen["received"]
    assert (received["eventId"], received["by"], received["status"], received["counts"]) == (
        of_owner, fan.user_id, "running", 10,
    )  # fmt: skip
    assert overview(owner, limit=1) == seen, "page by page it is the same"
    given = eventually(lambda: overview(fan)["given"], lambda given: len(given) == 3)
    assert [one["eventId"] for one in given] == [of_gig, of_clan, of_owner], "what ends first"
    mine = eventually(lambda: overview(worker)["clans"], len)
    assert [(one["role"], len(one["boosts"])) for one in mine] == [("member", 1)]

    # Done and paid, at both; the clan is passed on and is its founder's no more.
    worker.post(f"/api/gigs/{gig}/completion").expect(200)
    owner.post(f"/api/gigs/{gig}/payments", key=uuid.uuid4().hex).expect(201)
    owner.post(f"/api/clans/{clan}/leave").expect(204)
    for user, role in ((owner, "owner"), (worker, "worker")):
        (one,) = eventually(
            lambda user=user: overview(user)["gigs"],
            lambda gigs: gigs and gigs[0]["status"] == "paid",
        )
        assert (one["role"], one["completed_by"]) == (role, worker.user_id)
    eventually(lambda: overview(worker)["clans"][0]["role"], "leader".__eq__)
    eventually(lambda: overview(owner)["clans"], lambda clans: not clans)

    # Ended by the clock, or by an end that comes before its boost. What is told again in any order
    # changes nothing.
    over, ended = (boost("profile", owner.user_id, 9, 1, ago=two * HOUR) for two in (2, 3))
    times = {"timestamp": moment(), "expiresAt": ended["data"]["expiresAt"]}
    of_end = {name: ended["data"][name] for name in ("targetId", "amount", "duration", "eventId")}
    expired = event("boost_expired", moment(), ("expiry", of_end["eventId"]), **of_end, **times)
    deliver(platform, PROJECTOR, expired, ended, over)
    past = [event for pk in (f"clan#{clan}", f"gig#{gig}") for event in told(platform, pk)]
    deliver(platform, PROJECTOR, *reversed(past), *past)
    seen = eventually(lambda: overview(owner), lambda seen: len(seen["received"]) == 3)
    ends = {one["eventId"]: (one["status"], "ended_at" in one) for one in seen["received"]}
    assert ends == {
        of_owner: ("running", False),
        over["data"]["eventId"]: ("ended", False),
        of_end["eventId"]: ("ended", True),
    }
    assert seen["clans"] == [] and seen["gigs"][0]["status"] == "paid"

    # Who is forgotten has no rows, whatever comes later; others see what they see.
    fan.post("/api/users/me/erasure").expect(200)
    pk = f"user#{fan.user_id}"
    eventually(lambda: rows(platform, "UserOverviewsTable", pk), lambda left: not left)
    again = [told(platform, f"boost#{one}")[0] for one in (of_gig, of_clan)]
    deliver(platform, PROJECTOR, *again, boost("profile", owner.user_id, 9, 1, ago=4 * HOUR))
    eventually(lambda: len(overview(owner)["received"]), (4).__eq__)
    assert rows(platform, "UserOverviewsTable", pk) == []


def test_a_history_has_everything_from_the_beginning_to_the_end(platform: Platform) -> None:
    owner, worker, operator = with_credits(platform, 50), User(platform), platform.operator_token()
    gig = owner.post("/api/gigs", {"title": "Paint a fence", "price": 20}).expect(201)["gig_id"]
    clan = owner.post("/api/clans", {"name": "Painters"}).expect(201)["clan_id"]
    of_gig = give_boost(owner, "gig", "targetGigId", gig, 5)
    worker.post(f"/api/gigs/{gig}/completion").expect(200)
    owner.post(f"/api/gigs/{gig}/payments", key=uuid.uuid4().hex).expect(201)
    worker.post(f"/api/clans/{clan}/join").expect(200)
    for user in (owner, worker):
        user.post(f"/api/clans/{clan}/leave").expect(204)
    # A boost that is over, told as the bus would: its end is in a stream of its own.
    over = boost("gig", gig, 9, 1, ago=2 * HOUR)
    deliver(platform, "audit", over)
    give(platform, "gig", over)

    def history(kind: str, entity: str, limit: int = 100) -> list[Any]:
        items, cursor = [], ""
        while True:
            path = f"/api/audit/{kind}/{entity}?limit={limit}{cursor}"
            page = platform.get(path, token=operator).expect(200)
            if page["gaps"]:  # what is not written yet
                return []
            items += page["items"]
            if not page["next_cursor"]:
                return items
            cursor = f"&cursor={page['next_cursor']}"

    expected = {
        ("boost", of_gig): ["gig_boost", "credit_spent", "wallet.debited"],
        ("boost", over["data"]["eventId"]): ["gig_boost", "boost_expired"],
        ("gig", gig): [
            *("gig.created", "gig.completed", "wallet.debited", "wallet.credited"),
            *("gig_payment", "credit_spent", "credit_earned"),
        ],
        ("clan", clan): ["clan.created", "clan.member_joined", *["clan.member_left"] * 2],
    }
    for (kind, entity), names in expected.items():
        items = eventually(
            lambda kind=kind, entity=entity: history(kind, entity),
            lambda items, names=names: [one["event"] for one in items] == names,
        )
        assert [one["event"] for one in history(kind, entity, limit=2)] == names
        assert [one["timestamp"] for one in items] == sorted(one["timestamp"] for one in items)
        assert all(one["payload"]["event"] == one["event"] for one in items)
    last = history("boost", over["data"]["eventId"])[-1]
    assert last["entity"] == {"type": "expiry", "id": over["data"]["eventId"]}
    platform.get(f"/api/audit/gig/{gig}", token=owner.token).problem(403, "FORBIDDEN")
