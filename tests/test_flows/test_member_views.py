"""Members' read models: each row is what its stream says, whoever reads it and however it came."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from threading import Event, Thread
from typing import Any

from client import Platform, User, eventually
from client.command_line import Said, quoin
from deliver import deliver
from member import Member

# Longer than consumers of views run.
SETTLE_SECONDS = "21"
# So many members make a rebuild meet traffic.
ENOUGH = 20


def plan() -> str:
    """A plan that nobody else is of: its figures are this test's own."""
    return f"plan_{uuid.uuid4().hex}"


def a_day_of_its_own() -> str:
    """A day on which nothing else happens."""
    return str(date(2001, 1, 1) + timedelta(days=random.randrange(7_000)))


@cache
def operator(platform: Platform) -> str:
    return platform.operator_token()


def seen(user: User, path: str, **members: Any) -> dict[str, Any]:
    """What a path answers once it says this."""

    def says(answer: Any) -> bool:
        return answer.status == 200 and members.items() <= answer.body.items()

    return eventually(lambda: user.get(path), says).body


def figures(platform: Platform, view: str, first: str, last: str) -> dict[str, Any]:
    path = f"/api/analytics/{view}?from={first}&to={last}"
    return platform.get(path, token=operator(platform)).expect(200)


def of_plan(platform: Platform, view: str, first: str, last: str, plan: str) -> dict[str, Any]:
    """Figures of a plan by day; days without any are left out."""
    days = figures(platform, view, first, last)["days"]
    return {day["day"]: day["plans"][plan] for day in days if plan in day["plans"]}


def test_a_customer_is_seen_by_the_person_that_it_is(platform: Platform, user: User) -> None:
    member = Member(platform, user).created("2026-01-05")
    path = f"/api/customers/{member.customer_id}"
    begun = seen(user, path, status="registering")
    assert (begun["full_name"], begun["email"]) == ("Jane Doe", user.registration["email"])
    member.registered("2026-01-05T12:00:01.000Z", "2026-02-05")
    done = seen(user, path, status="registered")
    assert done["subscription_id"] == member.subscription_id
    assert done["registered_at"] == "2026-01-05T12:00:01.000Z"
    other = User(platform)
    other.get(path).problem(404, "NOT_FOUND")
    other.get("/api/customers/cust_nobody").problem(404, "NOT_FOUND")
    platform.get(path).expect(401)
    shown = platform.get(path, token=operator(platform)).expect(200)
    assert shown["user_id"] == user.user_id and not {"full_name", "email"} & shown.keys()


def test_a_registration_that_came_to_nothing_leaves_no_row(platform: Platform, user: User) -> None:
    member = Member(platform, user).created("2026-01-05")
    path = f"/api/customers/{member.customer_id}"
    seen(user, path, status="registering")
    member.deleted("2026-01-06", "payment_declined")
    eventually(lambda: user.get(path).status, lambda status: status == 404)
    # What is told again, and in any order, changes nothing.
    deliver(platform, "customer-view", *reversed(member.customer.events * 2))
    later = Member(platform, user).created("2026-01-07")
    seen(user, f"/api/customers/{later.customer_id}", status="registering")
    user.get(path).problem(404, "NOT_FOUND")


def test_after_erasure_nothing_personal_is_left(platform: Platform, user: User) -> None:
    member = Member(platform, user).created("2026-01-05")
    member.registered("2026-01-05T12:00:01.000Z", "2026-02-05")
    path = f"/api/customers/{member.customer_id}"
    seen(user, path, status="registered")
    keys = platform.outputs["stack"]["UserKeysTable"]
    platform.aws("dynamodb").delete_item(TableName=keys, Key={"pk": {"S": user.user_id}})
    member.deleted("2026-01-20", "erasure")
    gone = seen(user, path, status="deleted")
    assert gone["deletion_reason"] == "erasure" and not {"full_name", "email"} & gone.keys()


def test_a_subscription_is_seen_and_listed_by_its_customer(platform: Platform, user: User) -> None:
    first = Member(platform, user).created("2026-01-05").registered("2026-01-05", "2026-02-05")
    second = Member(platform, user, "yearly").created("2026-03-05")
    second.registered("2026-03-05", "2027-03-05", price=99)
    first.renewed("2026-02-05", "2026-03-05")
    path = f"/api/subscriptions/{first.subscription_id}"
    shown = seen(user, path, period=2)
    assert shown["period_end"] == "2026-03-05T12:00:00.000Z" == shown["next_charge_at"]
    assert (shown["price"], shown["plan"]) == (Decimal("9.99"), "monthly")
    first.cancelled("2026-02-20")
    assert "next_charge_at" not in seen(user, path, status="cancelled")
    seen(user, f"/api/subscriptions/{second.subscription_id}", status="active")

    page = user.get("/api/subscriptions?limit=1").expect(200)
    rest = user.get(f"/api/subscriptions?limit=5&cursor={page['next_cursor']}").expect(200)
    listed = page["items"] + rest["items"]
    ids = [second.subscription_id, first.subscription_id]
    assert [one["subscription_id"] for one in listed] == ids and rest["next_cursor"] is None
    assert listed[1]["status"] == "cancelled"
    other = User(platform)
    assert other.get("/api/subscriptions").expect(200)["items"] == []
    other.get(path).problem(404, "NOT_FOUND")
    shown = platform.get(path, token=operator(platform)).expect(200)
    assert shown["customer_id"] == first.customer_id


def test_what_members_do_is_counted_by_day_and_plan(platform: Platform, user: User) -> None:
    own, day = plan(), a_day_of_its_own()
    member = Member(platform, plan=own).created(day)
    member.registered("2026-01-05", "2026-02-05").renewed("2026-02-04", "2026-03-05")
    member.cancelled("2026-03-01", "payment_failed")
    yearly = Member(platform, plan=own).created(day).registered("2026-01-07", "2027-01-07", 99)
    Member(platform).created(day).deleted("2026-01-09", "payment_expired")
    Member(platform).created(day)

    def measured(view: str, first: str, last: str) -> dict[str, Any]:
        return of_plan(platform, view, first, last, own)

    registrations = {"2026-01-05": {"registered": 1}, "2026-01-07": {"registered": 1}}
    eventually(lambda: measured("registrations", "2026-01-01", "2026-01-31"), registrations.__eq__)
    churn = {"2026-03-01": {"cancelled": 1, "payment_failed": 1}}
    eventually(lambda: measured("churn", "2026-03-01", "2026-03-31"), churn.__eq__)
    revenue = measured("mrr", "2026-01-04", "2026-03-06")
    assert "2026-01-04" not in revenue
    at = {day: revenue[day]["mrr"] for day in ("2026-01-05", "2026-01-07", "2026-03-04")}
    assert at == {
        "2026-01-05": Decimal("9.99"),
        "2026-01-07": Decimal("18.24"),
        "2026-03-04": Decimal("18.24"),
    }
    assert revenue["2026-03-05"] == {"mrr": Decimal("8.25")} == revenue["2026-03-06"]

    def converted() -> dict[str, Any]:
        return figures(platform, "conversion", day, day)["total"]

    expected = {"begun": 4, "completed": 2, "payment_expired": 1, "rate": Decimal("0.5")}
    eventually(lambda: converted()["all"], expected.__eq__)
    assert converted()["plans"][own] == {"completed": 2}

    # The same events again, and in another order, count nothing more.
    again = member.subscription.events + member.customer.events + yearly.customer.events
    random.shuffle(again)
    deliver(platform, "analytics-view", *again, *again)
    yearly.cancelled("2026-04-01")
    churn = {"2026-04-01": {"cancelled": 1, "customer": 1}}
    eventually(lambda: measured("churn", "2026-04-01", "2026-04-30"), churn.__eq__)
    assert measured("registrations", "2026-01-01", "2026-01-31") == registrations
    assert converted()["all"] == expected


def test_figures_are_for_operators_and_of_days_that_there_are(
    platform: Platform, user: User
) -> None:
    path = "/api/analytics/mrr?from=2026-01-01&to=2026-01-31"
    user.get(path).problem(403, "FORBIDDEN")
    token = operator(platform)
    wrong = "/api/analytics/weather?from=2026-01-01&to=2026-01-31"
    platform.get(wrong, token=token).problem(404, "NOT_FOUND")
    platform.get("/api/analytics/mrr?from=2026-01-01", token=token).problem(400, "DATE_INVALID")


def table(platform: Platform, name: str) -> str:
    names = platform.aws("dynamodb").list_tables()["TableNames"]
    return next(one for one in names if f"-{name}ViewTable" in one)


def generation(platform: Platform, name: str) -> int:
    key = {"pk": {"S": "generations"}, "sk": {"S": "-"}}
    tables = platform.aws("dynamodb")
    item = tables.get_item(TableName=table(platform, name), Key=key, ConsistentRead=True)
    return int(item.get("Item", {"live": {"N": "1"}})["live"]["N"])


def generations(platform: Platform, name: str) -> set[str]:
    """Of which generations there are rows."""
    scan = platform.aws("dynamodb").get_paginator("scan")
    pages = scan.paginate(TableName=table(platform, name), ConsistentRead=True)
    items = [item["pk"]["S"] for page in pages for item in page["Items"]]
    return {pk.split("#")[0] for pk in items if pk != "generations"}


def corrupt(platform: Platform, name: str, pk: str, sk: str, **values: Any) -> None:
    """Sets attributes of a row by hand."""
    platform.aws("dynamodb").update_item(
        TableName=table(platform, name),
        Key={"pk": {"S": f"g{generation(platform, name)}#{pk}"}, "sk": {"S": sk}},
        UpdateExpression="SET " + ", ".join(f"#n{i} = :v{i}" for i in range(len(values))),
        ExpressionAttributeNames={f"#n{i}": n for i, n in enumerate(values)},
        ExpressionAttributeValues={f":v{i}": v for i, v in enumerate(values.values())},
    )


def rebuild(platform: Platform, view: str, *arguments: str) -> Said:
    settle = ("--settle", SETTLE_SECONDS)
    return quoin(platform, "rebuild", view, "--stage", "local", "--json", *settle, *arguments)


@contextmanager
def traffic(platform: Platform, own: str) -> Iterator[list[Member]]:
    """Members who register, renew and cancel until the block ends: many at first, then few."""
    members: list[Member] = []
    is_over = Event()

    def live() -> None:
        while not is_over.wait(0.3 if len(members) <= ENOUGH else 5):
            member = Member(platform, plan=own).created("2026-05-05")
            member.registered("2026-05-05", "2026-06-05")
            if members:
                members[-1].renewed("2026-06-05", "2026-07-05")
            if len(members) > 1:
                members[-2].cancelled("2026-06-20")
            members.append(member)

    thread = Thread(target=live)
    thread.start()
    try:
        yield members
    finally:
        is_over.set()
        thread.join()


def test_views_are_rebuilt_while_traffic_goes_on(platform: Platform, user: User) -> None:
    own = plan()
    member = Member(platform, user, own).created("2026-05-04")
    member.registered("2026-05-04", "2026-06-04")
    customer, subscription = (
        f"customer#{member.customer_id}",
        f"subscription#{member.subscription_id}",
    )
    paths = {
        "customers": f"/api/customers/{member.customer_id}",
        "subscriptions": f"/api/subscriptions/{member.subscription_id}",
    }
    right = {
        "customers": seen(user, paths["customers"], status="registered"),
        "subscriptions": seen(user, paths["subscriptions"], status="active"),
    }
    day = {"2026-05-04": {"registered": 1}}
    may = ("registrations", "2026-05-01", "2026-05-31", own)
    eventually(lambda: of_plan(platform, *may), day.__eq__)
    before = {
        name: generation(platform, name) for name in ("Customer", "Subscription", "Analytics")
    }

    # A row with another person's, one that is gone, and a counter that somebody else wrote.
    stolen = '{"customer_id":"x","user_id":"user_x","status":"registered","language":"en"'
    stolen += ',"created_at":"2026-05-04T12:00:00.000Z"}'
    corrupt(platform, "Customer", customer, "-", row={"S": stolen})
    user.get(paths["customers"]).problem(404, "NOT_FOUND")
    key = {
        "pk": {"S": f"g{before['Subscription']}#{subscription}"},
        "sk": {"S": "-"},
    }
    tables = platform.aws("dynamodb")
    tables.delete_item(TableName=table(platform, "Subscription"), Key=key)
    shards = sum(f"customer#{member.customer_id}".encode()) % 256 % 4
    counter = {f"04.registered.{own}": {"N": "7"}}
    corrupt(platform, "Analytics", f"registrations#{shards}", "2026-05", **counter)
    assert of_plan(platform, *may)["2026-05-04"] == {"registered": 7}

    views = ("customers", "subscriptions", "analytics")
    with traffic(platform, own) as members, ThreadPoolExecutor(len(views)) as pool:
        said = dict(zip(views, pool.map(lambda view: rebuild(platform, view), views), strict=True))
    wrong = {
        view: [(one["row"], one["reason"]) for one in answer.document["differences"]]
        for view, answer in said.items()
    }
    # Figures also tell of customers that another flow took out of the journal by hand.
    assert (f"registrations#{shards} 2026-05", "different") in wrong.pop("analytics"), said
    assert wrong == {
        "customers": [(f"{customer} -", "different")],
        "subscriptions": [(f"{subscription} -", "missing")],
    }, said
    assert [answer.code for answer in said.values()] == [1, 1, 1], said
    assert len(members) > ENOUGH
    for view, path in paths.items():
        assert user.get(path).expect(200) == right[view]
    for name, number in before.items():
        assert generation(platform, name) == number + 1
        assert generations(platform, name) == {f"g{number + 1}"}

    # All that happened meanwhile is there, once.
    count = len(members)
    registered = day | {"2026-05-05": {"registered": count}}
    eventually(lambda: of_plan(platform, *may), registered.__eq__)
    cancelled = {"2026-06-20": {"cancelled": count - 2, "customer": count - 2}}
    june = ("churn", "2026-06-01", "2026-06-30", own)
    eventually(lambda: of_plan(platform, *june), cancelled.__eq__)
    revenue = of_plan(platform, "mrr", "2026-05-03", "2026-07-06", own)
    assert revenue["2026-05-05"]["mrr"] == Decimal("9.99") * (count + 1)
    assert revenue["2026-06-05"]["mrr"] == Decimal("9.99") * (count - 1)
    assert "2026-07-05" not in revenue
    token = operator(platform)
    for one in members:
        customer = platform.get(f"/api/customers/{one.customer_id}", token=token).expect(200)
        assert customer["status"] == "registered"

    # A rebuild of what is right says so; one that was broken off is not taken over unasked.
    tables.update_item(
        TableName=table(platform, "Customer"),
        Key={"pk": {"S": "generations"}, "sk": {"S": "-"}},
        UpdateExpression="SET building = :n, #last = :n",
        ExpressionAttributeNames={"#last": "last"},
        ExpressionAttributeValues={":n": {"N": "41"}},
    )
    refused = rebuild(platform, "customers")
    assert (refused.code, refused.out) == (2, "") and "--again" in refused.err
    with ThreadPoolExecutor(len(views)) as pool:
        again = pool.map(lambda view: rebuild(platform, view, "--again"), views)
        said = dict(zip(views, again, strict=True))
    assert [answer.code for answer in said.values()] == [0, 0, 0], said
    assert said["customers"].document["generation"] == 42
    assert generations(platform, "Customer") == {"g42"}
    assert user.get(paths["customers"]).expect(200) == right["customers"]
    assert of_plan(platform, *may) == registered and of_plan(platform, *june) == cancelled
