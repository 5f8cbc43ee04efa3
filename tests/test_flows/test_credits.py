"""Credits: bought with cash, spent on boosts, and what boosts come to until they end."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from client import Answer, Platform, User, eventually
from deliver import deliver, event, moment
from ledger import Ledger
from test_accounting import entries
from test_verify import verify

HOUR = 3600


@pytest.fixture(scope="module")
def booster(platform: Platform) -> User:
    user = User(platform).funded(200)
    user.credits(1000).expect(201)
    return user


@pytest.fixture(scope="module")
def ledger(platform: Platform) -> Ledger:
    return Ledger(platform)


def boost(user: User, target: str, amount: Any = 100, hours: Any = 24, key: str = "") -> Answer:
    body = {"targetUserId": target, "amount": amount, "duration": hours}
    return user.post("/api/credits/boost/profile", body, key=key or uuid.uuid4().hex)


def visibility(user: User, target: str) -> dict[str, Any]:
    return user.get(f"/api/users/{target}/visibility").expect(200)


def credits(user: User) -> dict[str, Any]:
    return user.get("/api/credits/me").expect(200)


def told(ledger: Ledger, pk: str) -> list[dict[str, Any]]:
    texts = [one["S"] for item in ledger.stream(pk) for one in item.get("ev", {"L": []})["L"]]
    return [json.loads(text) for text in texts]


def invoke(platform: Platform, function: str, **payload: Any) -> Any:
    functions = platform.aws("lambda")
    name, text = f"quoin-local-{function}", json.dumps(payload)
    reply = functions.invoke(FunctionName=name, Payload=text)
    answer = json.loads(reply["Payload"].read())
    assert "FunctionError" not in reply, answer
    return answer


def given_before(platform: Platform, booster: User, target: str, seconds: float) -> str:
    """A boost of 40 credits for an hour, given so many seconds ago, as the credit service tells it.
    Its event is sent twice."""
    boost_id, now = f"boost_{uuid.uuid4().hex}", datetime.now(UTC)
    at = moment(-seconds, now)
    data = {
        "userId": booster.user_id,
        "targetId": target,
        "amount": 40,
        "duration": 1,
        "eventId": boost_id,
        "timestamp": at,
        "expiresAt": moment(HOUR - seconds, now),
    }
    made = event("profile_boost", at, ("boost", boost_id), **data)
    deliver(platform, "user-credit-queue", made, made)
    return boost_id


def test_credits_are_bought_with_the_wallets_cash(platform: Platform, ledger: Ledger) -> None:
    user, key = User(platform).funded(60), uuid.uuid4().hex
    bought = user.credits(500, key).expect(201)
    expected = {"amount": 500, "price": 50, "balance": 500}
    assert bought == expected | {"eventId": bought["eventId"]}
    again = user.credits(500, key)
    assert (again.expect(201), again.headers["idempotency-hit"]) == (bought, "true")
    user.credits(501, key).problem(422, "IDEMPOTENCY_KEY_REUSED")
    names = [one["event"] for one in told(ledger, f"purchase#{bought['eventId']}")]
    assert names == ["credit_purchase", "wallet.debited", "wallet.credited"]

    refused = user.credits(101)
    refused.problem(422, "WALLET_INSUFFICIENT_BALANCE")
    for amount in (0, "1.5", 1_000_001):
        problem = user.credits(amount).problem(400, "CREDITS_INVALID")
        assert problem["errors"][0]["pointer"] == "/amount"
    problem = user.credits(1, method="card").problem(422, "PAYMENT_METHOD_NOT_ACCEPTED")
    assert problem["errors"][0]["pointer"] == "/payment_method"
    body = {"amount": 1, "payment_method": "wallet"}
    user.post("/api/credits/purchases", body).problem(400, "IDEMPOTENCY_KEY_MISSING")
    assert (user.balance("credits"), user.balance()) == (Decimal(500), Decimal(10))

    eventually(lambda: credits(user)["items"], lambda items: len(items) == 1)
    (item,) = credits(user)["items"]
    assert (item["type"], item["amount"], item["price"]) == ("credit_purchase", 500, 50)
    assert credits(user) | {"items": []} == {
        "balance": 500, "boosts": [], "items": [], "next_cursor": None,
    }  # fmt: skip


def test_a_profile_is_boosted(platform: Platform, booster: User, ledger: Ledger) -> None:
    target, key = User(platform), uuid.uuid4().hex
    assert visibility(booster, target.user_id)["score"] == 0
    before = credits(booster)["balance"]
    # A double click, and once more later: one boost.
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: boost(booster, target.user_id, key=key), range(4)))
    answers.append(boost(booster, target.user_id, key=key))
    (given,) = {json.dumps(one.expect(201), default=str) for one in answers}
    given = json.loads(given)
    assert given["balance"] == before - 100 == credits(booster)["balance"]
    boost(booster, target.user_id, amount=99, key=key).problem(422, "IDEMPOTENCY_KEY_REUSED")

    events = told(ledger, f"boost#{given['eventId']}")
    assert [one["event"] for one in events] == ["profile_boost", "credit_spent", "wallet.debited"]
    keys = [one["metadata"].get("routing_key") for one in events]
    assert keys == ["boost.event", "credit.event", None]
    ids = {"userId": booster.user_id, "targetId": target.user_id, "eventId": given["eventId"]}
    of_boost = {"type": "profile_boost", "amount": 100, "duration": 24}
    times = {"timestamp": events[0]["timestamp"], "expiresAt": given["expiresAt"]}
    assert events[0]["data"] == ids | of_boost | times

    eventually(lambda: visibility(target, target.user_id)["score"], (100).__eq__)
    (line,) = visibility(target, target.user_id)["boosts"]
    assert line["next_change_at"] < line["until"] == given["expiresAt"]
    assert (line["eventId"], line["by"]) == (given["eventId"], booster.user_id)
    assert (line["amount"], line["counts"]) == (100, 100)
    mine = credits(booster)["boosts"]
    assert given["eventId"] in [one["eventId"] for one in mine]
    spent = eventually(
        lambda: [one for one in credits(booster)["items"] if one["eventId"] == given["eventId"]]
    )
    assert [(one["type"], one["targetType"]) for one in spent] == [("credit_spent", "user")]

    scheduler = platform.aws("scheduler")
    prefix = f"quoin-local-user-boost-{given['eventId'].split('_')[1]}"
    (schedule,) = scheduler.list_schedules(NamePrefix=prefix)["Schedules"]
    at = scheduler.get_schedule(Name=schedule["Name"])["ScheduleExpression"]
    assert at[3:16] == given["expiresAt"][:13]


def test_what_is_refused_changes_nothing(platform: Platform, booster: User) -> None:
    target = User(platform).user_id
    before = credits(booster)["balance"]
    for amount in (0, "0.5", 10_001, 10**12):
        problem = boost(booster, target, amount).problem(400, "CREDITS_INVALID")
        assert problem["errors"][0]["pointer"] == "/amount"
    for hours in (0, 169):
        problem = boost(booster, target, hours=hours).problem(400, "DURATION_INVALID")
        assert problem["errors"][0]["pointer"] == "/duration"
    assert boost(booster, target, hours="1.5").status == 400
    problem = boost(booster, booster.user_id).problem(422, "SELF_BOOST")
    assert problem["errors"][0]["pointer"] == "/targetUserId"
    problem = boost(booster, f"user_{uuid.uuid4().hex}").problem(404, "TARGET_NOT_FOUND")
    assert problem["errors"][0]["pointer"] == "/targetUserId"
    boost(booster, "a#b").problem(400, "TARGET_INVALID")
    body = {"targetUserId": target, "amount": 1, "duration": 1}
    booster.post("/api/credits/boost/profile", body).problem(400, "IDEMPOTENCY_KEY_MISSING")
    booster.get("/api/users/nobody/visibility").problem(404, "NOT_FOUND")
    poor, key = User(platform), uuid.uuid4().hex
    poor_boost = boost(poor, target, key=key)
    assert poor_boost.problem(422, "WALLET_INSUFFICIENT_BALANCE")["amount_required"] == 100
    # The refusal is the answer to this key, whatever is there later.
    poor.funded(20)
    poor.credits(150).expect(201)
    again = boost(poor, target, key=key)
    assert (again.expect(422), again.headers["idempotency-hit"]) == (poor_boost.body, "true")
    assert (credits(poor)["balance"], credits(booster)["balance"]) == (150, before)
    assert visibility(booster, target)["score"] == 0


def test_twenty_boosts_of_one_profile_run_at_once(platform: Platform, booster: User) -> None:
    target, before = User(platform).user_id, credits(booster)["balance"]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: boost(booster, target, 1, 1), range(22)))
    refused = [one for one in answers if one.status != 201]
    assert [one.problem(422, "BOOSTS_AT_MOST")["code"] for one in refused] == ["BOOSTS_AT_MOST"] * 2
    assert credits(booster)["balance"] == before - 20
    eventually(lambda: visibility(booster, target)["score"], (20).__eq__)


def test_a_boost_counts_less_and_ends_once(
    platform: Platform, booster: User, ledger: Ledger
) -> None:
    late, swept = User(platform).user_id, User(platform).user_id
    ending = given_before(platform, booster, late, HOUR - 20)
    half = given_before(platform, booster, late, HOUR / 2 + 60)
    other = given_before(platform, booster, swept, HOUR - 20)
    # Ten in its last quarter, and twenty in its third.
    eventually(lambda: visibility(booster, late)["score"], (30).__eq__)
    eventually(lambda: visibility(booster, swept)["score"], (10).__eq__)
    assert invoke(platform, "user-boost-end", target_id=late) == "nothing_due"
    until = max(line["until"] for line in visibility(booster, late)["boosts"][:1])
    swept_at = max(line["until"] for line in visibility(booster, swept)["boosts"])
    eventually(lambda: moment() > until)
    # It counts nothing at once, whoever has noted its end.
    assert [line["eventId"] for line in visibility(booster, late)["boosts"]] == [half]
    assert visibility(booster, late)["score"] == 20
    assert told(ledger, f"expiry#{ending}") == []
    ends = [invoke(platform, "user-boost-end", target_id=late) for _ in range(2)]
    assert ends == ["changed", "nothing_due"]
    assert told(ledger, f"expiry#{half}") == []

    # What no schedule called for by then is swept, once.
    eventually(lambda: moment() > swept_at)
    invoke(platform, "user-boost-sweeper")
    assert invoke(platform, "user-boost-sweeper")["changed"] == 0
    for boost_id, target in [(ending, late), (other, swept)]:
        (expired,) = told(ledger, f"expiry#{boost_id}")
        assert (expired["event"], expired["data"]["targetId"]) == ("boost_expired", target)
        assert expired["data"]["expiresAt"] <= expired["timestamp"]
        assert expired["metadata"]["routing_key"] == "boost.event"
    # A boost that is heard of when it is over ends at once.
    over = given_before(platform, booster, swept, 2 * HOUR)
    eventually(lambda: len(told(ledger, f"expiry#{over}")), (1).__eq__)
    assert visibility(booster, swept)["boosts"] == []


def test_a_boost_is_ended_by_the_firing_of_its_own_schedule(
    platform: Platform, booster: User, ledger: Ledger
) -> None:
    """Nobody but the scheduler calls. The platform sets nothing less than a minute ahead, so the
    schedule that it made is brought forward to the boost's true end, with nothing else changed."""
    target, scheduler = User(platform).user_id, platform.aws("scheduler")
    ending = given_before(platform, booster, target, HOUR - 25)
    eventually(lambda: visibility(booster, target)["score"], (10).__eq__)
    until = visibility(booster, target)["boosts"][0]["until"]
    prefix = f"quoin-local-user-boost-{ending.split('_')[1]}"
    # It is set when the boost counts already.
    (named,) = eventually(lambda: scheduler.list_schedules(NamePrefix=prefix)["Schedules"])
    found = scheduler.get_schedule(Name=named["Name"])
    names = ("Name", "FlexibleTimeWindow", "Target", "ActionAfterCompletion")
    same = {name: found[name] for name in names}
    assert json.loads(same["Target"]["Input"]) == {"target_id": target}

    second_after = moment((datetime.fromisoformat(until) - datetime.now(UTC)).total_seconds() + 1)
    scheduler.update_schedule(**same, ScheduleExpression=f"at({second_after[:19]})")
    expired = eventually(lambda: told(ledger, f"expiry#{ending}"))
    assert [one["event"] for one in expired] == ["boost_expired"]
    assert expired[0]["timestamp"] >= second_after[:19] > until[:19], "not before its end"
    eventually(lambda: scheduler.list_schedules(NamePrefix=prefix)["Schedules"] == [])
    assert invoke(platform, "user-boost-end", target_id=target) == "nothing_due"


def test_the_books_know_what_credits_moved_for(platform: Platform, booster: User) -> None:
    operator = platform.operator_token()

    def balances() -> set[str]:
        answer = platform.get("/api/gl/trial-balance", token=operator).expect(200)
        return {
            f"{line['account']} {asset['asset']}"
            for asset in answer["assets"]
            for line in asset["accounts"]
        }

    eventually(balances, {"credits credits", "credits cash"}.issubset)
    unexplained = [
        entry
        for asset in ("credits", "cash")
        for entry in entries(platform, operator, "suspense", asset)
        if entry["user_id"] == booster.user_id
    ]
    assert unexplained == []
    eventually(lambda: verify(platform, "--user", booster.user_id).code, (0).__eq__)
