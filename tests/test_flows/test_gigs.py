"""Gigs: offered, done, paid by one wallet to another, and moved in their list by boosts."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from boosts import HOUR, boost, give, listed, rows, sweep, told, with_credits
from client import Answer, Platform, User, eventually

TITLE = "Edit a video of ten minutes"
OPEN = "/api/gigs?sort=priority"


def offer(owner: User, price: Any = 150, title: str = TITLE) -> str:
    return owner.post("/api/gigs", {"title": title, "price": price}).expect(201)["gig_id"]


def pay(owner: User, gig: str, key: str = "") -> Answer:
    return owner.post(f"/api/gigs/{gig}/payments", key=key or uuid.uuid4().hex)


def test_a_gig_is_offered_done_and_paid_once(platform: Platform) -> None:
    owner, worker, other = with_credits(platform, 200), User(platform), User(platform)
    for body, code, pointer in [
        ({"title": " ", "price": 1}, "TEXT_INVALID", "/title"),
        ({"title": "x" * 201, "price": 1}, "TEXT_INVALID", "/title"),
        ({"title": TITLE, "price": 0}, "PRICE_INVALID", "/price"),
        ({"title": TITLE, "price": "1.5"}, "PRICE_INVALID", "/price"),
        ({"title": TITLE, "price": 1_000_001}, "PRICE_INVALID", "/price"),
        ({"title": TITLE}, "BODY_MALFORMED", "/price"),
    ]:
        refused = owner.post("/api/gigs", body).problem(400, code)
        assert refused["errors"][0]["pointer"] == pointer
    gig, second = offer(owner, title=f" {TITLE} "), offer(owner)
    seen = other.get(f"/api/gigs/{gig}").expect(200)
    assert (seen["title"], seen["price"], seen["status"]) == (TITLE, 150, "open")
    assert (seen["owner_id"], seen["priority"]) == (owner.user_id, 0)
    ours = {gig, second}
    assert listed(other, "/api/gigs?sort=newest", 3, ours) == [second, gig]
    other.get("/api/gigs?sort=oldest").problem(400, "SORT_INVALID")

    # Nobody completes their own, and nobody is paid for what is not done.
    owner.post(f"/api/gigs/{gig}/completion").problem(422, "OWN_GIG")
    early = uuid.uuid4().hex
    pay(owner, gig, early).problem(422, "GIG_NOT_COMPLETED")
    done = worker.post(f"/api/gigs/{gig}/completion").expect(200)
    assert (done["status"], done["completed_by"]) == ("completed", worker.user_id)
    assert worker.post(f"/api/gigs/{gig}/completion").expect(200) == done
    other.post(f"/api/gigs/{gig}/completion").problem(422, "GIG_NOT_OPEN")
    assert listed(other, OPEN, 50, ours) == [second]
    assert listed(other, "/api/gigs?sort=newest", 50, ours) == [second]

    # The refusal stays the answer of its key; whose gig it is not gets none.
    assert pay(owner, gig, early).headers["idempotency-hit"] == "true"
    pay(worker, gig).problem(404, "NOT_FOUND")
    pay(owner, "gig_nowhere").problem(404, "NOT_FOUND")
    for ending in ("", "/priority"):
        owner.get(f"/api/gigs/gig_nowhere{ending}").problem(404, "NOT_FOUND")
    owner.post(f"/api/gigs/{gig}/payments").problem(400, "IDEMPOTENCY_KEY_MISSING")
    keys = [uuid.uuid4().hex] * 3 + [uuid.uuid4().hex for _ in range(3)]
    with ThreadPoolExecutor(len(keys)) as threads:
        answers = list(threads.map(lambda key: pay(owner, gig, key), keys))
    paid = [answer.body for answer in answers if answer.status == 201]
    assert paid and all(one == paid[0] for one in paid), (
        "one payment, however often it is asked for"
    )
    for answer in answers:
        if answer.status != 201:
            answer.problem(422, "GIG_PAID")
    assert (paid[0]["to_user_id"], paid[0]["amount"], paid[0]["balance"]) == (
        worker.user_id, 150, 50,
    )  # fmt: skip
    assert (owner.balance("credits"), worker.balance("credits")) == (50, 150)
    assert owner.get(f"/api/gigs/{gig}").expect(200)["status"] == "paid"
    earned = [one["type"] for one in worker.entries() if one["asset"] == "credits"]
    assert earned == ["credit_gig_payment"]
    events = told(platform, f"gig#{gig}")
    assert [one["event"] for one in events] == [
        *("gig.created", "gig.completed", "wallet.debited", "wallet.credited"),
        *("gig_payment", "credit_spent", "credit_earned"),
    ]
    assert [one["metadata"]["sequence"] for one in events] == list(range(1, 8))
    for one in events[-3:]:
        assert one["metadata"]["routing_key"] == "credit.event"
        assert one["data"]["eventId"] == paid[0]["payment_id"]

    # The service keeps what was paid for the gig and spent on it, once each.
    def kept() -> list[str]:
        return [row["event"]["S"] for row in rows(platform, "GigCreditEventsTable", f"gig#{gig}")]

    assert sorted(eventually(kept, lambda names: len(names) == 2)) == [
        "credit_spent",
        "gig_payment",
    ]

    # Who has too little keeps it, and may pay once there is enough.
    worker.post(f"/api/gigs/{second}/completion").expect(200)
    short = uuid.uuid4().hex
    refused = pay(owner, second, short).problem(422, "WALLET_INSUFFICIENT_BALANCE")
    assert (refused["amount_required"], refused["amount_available"]) == (150, 50)
    body = {"to_user_id": owner.user_id, "asset": "credits", "amount": 100}
    worker.post("/api/wallets/me/transfers", body, key=uuid.uuid4().hex).expect(201)
    assert pay(owner, second, short).expect(422) == refused, "a key has one answer"
    assert pay(owner, second).expect(201)["balance"] == 0


def test_boosts_move_gigs_and_what_ends_goes_back(platform: Platform) -> None:
    owner = User(platform)
    low, high, old, plain = (offer(owner) for _ in range(4))
    ours = {low, high, old, plain}
    assert listed(owner, OPEN, 3, ours) == [plain, old, high, low], "the newest of equals first"

    def in_order() -> list[str]:
        return listed(owner, OPEN, 100, ours)

    # Half of its time is over: it counts half. Another one is over altogether.
    decayed, over = boost("gig", old, 101, 48, ago=25 * HOUR), boost("gig", plain, 999, 1, ago=HOUR)
    soon = boost("gig", low, 4_000, 1, ago=HOUR - 20)
    boosts = [boost("gig", low, 10), boost("gig", high, 60), decayed, over, soon]
    give(platform, "gig", *boosts, *reversed(boosts), boost("gig", "gig_nowhere", 5))
    eventually(in_order, lambda order: order == [low, high, old, plain])
    assert listed(owner, OPEN, 1, ours)[:2] == [low, high], "page by page it is the same"
    answer = owner.get(f"/api/gigs/{old}/priority").expect(200)
    assert answer["score"] == 50 and answer["as_of"]
    (counted,) = answer["boosts"]
    assert counted["eventId"] == decayed["data"]["eventId"]
    assert (counted["by"], counted["amount"], counted["counts"]) == ("booster456", 101, 50)
    assert counted["until"] == decayed["data"]["expiresAt"]
    assert counted["next_change_at"] < counted["until"]
    assert owner.get(f"/api/gigs/{plain}/priority").expect(200)["boosts"] == []

    # What is over counts no more from then on, and its place follows by schedule or sweep.
    def counts() -> int:
        return owner.get(f"/api/gigs/{low}/priority").expect(200)["score"]

    assert eventually(counts, lambda score: score == 10) == 10
    sweep(platform, "gig")
    assert in_order() == [high, old, low, plain]
    assert owner.get(f"/api/gigs/{low}").expect(200)["priority"] == 10
    assert sweep(platform, "gig")["failed"] == 0
    for ended in (soon, over):
        (expired,) = told(platform, f"expiry#{ended['data']['eventId']}")
        assert (expired["event"], expired["metadata"]["routing_key"]) == (
            "boost_expired", "boost.event",
        )  # fmt: skip
        assert expired["data"]["targetId"] == ended["data"]["targetId"]
    # A gig that is done is in no list, whatever boosts it.
    User(platform).post(f"/api/gigs/{high}/completion").expect(200)
    give(platform, "gig", boost("gig", high, 500), boost("gig", plain, 20))
    eventually(in_order, lambda order: order == [old, plain, low])
    assert owner.get(f"/api/gigs/{high}").expect(200)["priority"] == 560
