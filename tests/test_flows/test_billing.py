"""What follows from subscriptions' payments: invoices and their documents, the ledger, e-mails."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from client import Answer, Platform, User, eventually
from deliver import Event, deliver, event, moment
from inbox import messages
from test_accounting import leg, trial_balance

PDF = {"accept": "application/pdf"}


@pytest.fixture(scope="module")
def operator(platform: Platform) -> str:
    return platform.operator_token()


class Member:
    """A user with a subscription, as the events of it say."""

    def __init__(self, user: User) -> None:
        self.user, self.platform = user, user.platform
        self.customer_id = f"cust_{uuid.uuid4().hex}"
        self.subscription_id = f"sub_{uuid.uuid4().hex}"

    def ids(self) -> dict[str, str]:
        return {
            "user_id": self.user.user_id,
            "customer_id": self.customer_id,
            "subscription_id": self.subscription_id,
        }

    def told(self, name: str, at: str = "", **data: Any) -> Event:
        place = ("subscription", self.subscription_id)
        return event(name, at or moment(), place, **self.ids(), **data)

    def paid(self, payment_id: str, amount: Any = 499, at: str = "", **data: Any) -> Event:
        amounts = {"price": amount, "credit": 0, "amount": amount}
        data = self.ids() | {"payment_id": payment_id, "purpose": "renewal"} | amounts | data
        return event("payment.processed", at or moment(), ("charge", payment_id), **data)

    def renewed(self, payment_id: str, amount: Any = 499) -> Event:
        amounts = {"price": amount, "credit": 0, "amount": amount}
        return self.told("subscription.renewed", payment_id=payment_id, **amounts)

    def invoices(self) -> list[dict[str, Any]]:
        return self.user.get("/api/invoices?limit=100").expect(200)["items"]

    def invoice(self, number: str, **options: Any) -> Answer:
        return self.user.get(f"/api/invoices/{number}", **options)

    def document(self, number: str) -> bytes:
        """It is put soon after its invoice; until then the answer is 503, which is tried again."""
        return self.invoice(number, headers=PDF).expect(200)


@pytest.fixture
def member(user: User) -> Member:
    return Member(user)


def payment_id() -> str:
    return f"pay_{uuid.uuid4().hex}"


def publish(platform: Platform, topic: str, one: Event) -> None:
    """Puts an event onto the bus, from where the rules take it."""
    bus = platform.aws("events")
    (name,) = [
        one["Name"] for one in bus.list_event_buses()["EventBuses"] if "quoin" in one["Name"]
    ]
    entry = {
        "EventBusName": name,
        "Source": topic,
        "DetailType": one["event"],
        "Detail": json.dumps(one),
    }
    assert bus.put_events(Entries=[entry])["FailedEntryCount"] == 0


def rows(platform: Platform, kind: str) -> dict[str, dict[str, Any]]:
    """Rows of the billing table by what their partition names."""
    tables = platform.aws("dynamodb")
    (name,) = [name for name in tables.list_tables()["TableNames"] if "-BillingTable" in name]
    scan = tables.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    items = [item for page in scan for item in page["Items"]]
    found = {item["pk"]["S"]: item for item in items if item["pk"]["S"].startswith(f"{kind}#")}
    return {pk.partition("#")[2]: item for pk, item in found.items()}


def test_a_payment_has_one_invoice_whichever_event_comes_first(member: Member) -> None:
    first, second = payment_id(), payment_id()
    events = [
        member.renewed(first), member.paid(first), member.renewed(first),
        member.paid(second, "399.5", price=499, credit="99.5"), member.renewed(second, "399.5"),
    ]  # fmt: skip
    events[-1]["data"] |= {"price": 499, "credit": "99.5"}
    free = member.told("subscription.renewed", price=499, credit=499, amount=0)
    del free["data"]["payment_id"]
    deliver(member.platform, "invoice-generator", free, *events)
    deliver(member.platform, "invoice-generator", *reversed(events))
    listed = eventually(member.invoices, lambda found: len(found) == 2)
    assert {one["payment_id"] for one in listed} == {first, second}
    reduced = next(one for one in listed if one["payment_id"] == second)
    invoice = member.invoice(reduced["number"]).expect(200)
    assert [(line["kind"], line["amount"]) for line in invoice["lines"]] == [
        ("plan", 499), ("credit", Decimal("-99.5")),
    ]  # fmt: skip
    totals = [invoice[name] for name in ("total", "tax_percent", "net", "tax")]
    assert totals == [Decimal("399.5"), 18, Decimal("338.56"), Decimal("60.94")]
    assert invoice["full_name"] == "Jane Doe" and len(invoice["hash"]) == 64
    assert member.invoices() == listed


def test_numbers_have_no_gaps_however_many_are_asked_for_at_once(platform: Platform) -> None:
    members = [Member(User(platform)) for _ in range(3)]
    wanted = {payment_id(): member for member in members * 8}
    for one, member in wanted.items():
        deliver(platform, "invoice-generator", member.renewed(one), member.paid(one))

    eventually(lambda: wanted.keys() <= rows(platform, "payment").keys())
    numbers = sorted(rows(platform, "invoice"))
    year = moment()[:4]
    of_year = [number for number in numbers if number.startswith(f"INV-{year}-")]
    assert of_year == [f"INV-{year}-{place:06}" for place in range(1, len(of_year) + 1)]
    assert int(rows(platform, "year")[year]["last"]["N"]) == len(of_year)
    claims = [claim["number"]["S"] for claim in rows(platform, "payment").values()]
    assert sorted(claims) == numbers
    assert all(len(member.invoices()) == 8 for member in members)


def test_pages_of_invoices_begin_with_the_newest(member: Member) -> None:
    paid = [payment_id() for _ in range(3)]
    for one in paid:
        deliver(member.platform, "invoice-generator", member.paid(one))
        eventually(lambda one=one: one in {found["payment_id"] for found in member.invoices()})
    page = member.user.get("/api/invoices?limit=2").expect(200)
    rest = member.user.get(f"/api/invoices?limit=2&cursor={page['next_cursor']}").expect(200)
    found = [one["payment_id"] for one in page["items"] + rest["items"]]
    assert found == paid[::-1] and rest["next_cursor"] is None


def test_an_invoice_is_its_customers_and_operators(
    platform: Platform, operator: str, member: Member
) -> None:
    deliver(platform, "invoice-generator", member.paid(payment_id()))
    (listed,) = eventually(member.invoices)
    path = f"/api/invoices/{listed['number']}"
    other = User(platform)
    assert other.get("/api/invoices").expect(200)["items"] == []
    other.get(path).problem(404, "NOT_FOUND")
    other.get(path, headers=PDF).problem(404, "NOT_FOUND")
    other.get("/api/invoices/INV-2026-999999").problem(404, "NOT_FOUND")
    of_customer = f"/api/invoices?customer_id={member.customer_id}"
    other.get(of_customer).problem(403, "FORBIDDEN")
    assert platform.get(of_customer, token=operator).expect(200)["items"] == [listed]
    assert platform.get(path, token=operator).expect(200)["customer_id"] == member.customer_id


def test_a_document_is_sealed_and_goes_with_the_key(
    platform: Platform, operator: str, user: User
) -> None:
    members = [Member(user), Member(User(platform, full_name="Łukasz Groß"))]
    numbers = []
    for member in members:
        deliver(platform, "invoice-generator", member.paid(payment_id(), "9.99"))
        numbers.append(eventually(member.invoices)[0]["number"])
    answer = members[0].invoice(numbers[0], headers=PDF)
    document = answer.expect(200)
    assert document.startswith(b"%PDF-1.7") and document.endswith(b"%%EOF")
    assert answer.headers["content-type"] == "application/pdf"
    for part in (numbers[0], "For: Jane Doe", "9.99 INR", "8.47 INR", "1.52 INR"):
        assert part.encode() in document, (part, document)
    both = {"accept": "application/json, application/pdf;q=0.5"}
    assert members[0].invoice(numbers[0], headers=both).expect(200)["net"] == Decimal("8.47")

    buckets = platform.aws("s3")
    names = [bucket["Name"] for bucket in buckets.list_buckets()["Buckets"]]
    (bucket,) = [name for name in names if "invoice" in name.lower()]
    key = f"retention=3650/invoice={numbers[1]}.pdf"
    eventually(lambda: [o["Key"] for o in buckets.list_objects_v2(Bucket=bucket)["Contents"]],
               lambda keys: key in keys)  # fmt: skip
    stored = buckets.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert b"%PDF" not in stored and b"Lukasz" not in stored and len(stored) > 1000

    # The second one's key is destroyed before anybody has opened it.
    tables = platform.aws("dynamodb")
    (keys,) = [name for name in tables.list_tables()["TableNames"] if "UserKeysTable" in name]
    tables.delete_item(TableName=keys, Key={"pk": {"S": members[1].user.user_id}})
    members[1].invoice(numbers[1], headers=PDF).problem(410, "DOCUMENT_ERASED")
    left = members[1].invoice(numbers[1]).expect(200)
    assert "full_name" not in left and left["total"] == Decimal("9.99")
    platform.get(f"/api/invoices/{numbers[1]}", token=operator).expect(200)


def entries(platform: Platform, operator: str, account: str, day: str) -> dict[str, Any]:
    """An account's entries of a day by their ids."""
    path = f"/api/gl/entries?account={account}&asset=cash&day={day}&limit=100"
    found = platform.get(path, token=operator).expect(200)["items"]
    return {one["entry_id"]: one for one in found}


def test_the_bus_brings_a_payment_to_the_ledger_the_invoice_and_the_receipt(
    platform: Platform, operator: str, member: Member
) -> None:
    one = payment_id()
    publish(platform, "payment.events", member.paid(one, "9.99"))
    publish(platform, "subscription.events", member.renewed(one, "9.99"))
    day = moment()[:10]
    found = eventually(
        lambda: entries(platform, operator, "tax_payable", day), lambda found: one in found
    )
    assert found[one]["legs"] == [
        leg("payments", "subscription_revenue", "8.47"), leg("payments", "tax_payable", "1.52"),
    ]  # fmt: skip
    assert found[one]["tax_percent"] == 18 and "misposted" not in found[one]
    (listed,) = eventually(member.invoices)
    assert listed["payment_id"] == one
    email = member.user.registration["email"]
    (receipt,) = eventually(lambda: messages(platform, email, "Your payment of 9.99 INR"))
    assert one in receipt["text"]
    (renewal,) = eventually(lambda: messages(platform, email, "Your membership is renewed"))
    assert member.subscription_id in renewal["text"]
    # The renewal posts nothing, and asks for no second invoice.
    mine = entries(platform, operator, "payments", day).values()
    assert [e["entry_id"] for e in mine if e["user_id"] == member.user.user_id] == [one]
    assert len(member.invoices()) == 1
    trial_balance(platform, operator)


def test_a_closed_month_takes_nothing_more(
    platform: Platform, operator: str, member: Member
) -> None:
    first, late, again = payment_id(), payment_id(), payment_id()
    deliver(platform, "gl-postings", member.paid(first, 118, "2020-05-10T12:00:00.000Z"))
    eventually(lambda: first in entries(platform, operator, "tax_payable", "2020-05-10"))
    path = "/api/gl/periods/2020-05/close"
    member.user.post(path).problem(403, "FORBIDDEN")
    closed = platform.post(path, token=operator).expect(200)
    assert (closed["month"], closed["status"]) == ("2020-05", "closed")
    assert platform.post(path, token=operator).expect(200) == closed
    reported = of_period(platform, operator, "2020-05")
    assert reported["tax_payable"]["credit"] == 18

    events = [
        member.paid(late, 236, "2020-05-11T12:00:00.000Z"),
        member.paid(again, 59, "2020-06-02T12:00:00.000Z"),
        # What was entered before the closing comes again.
        member.paid(first, 118, "2020-05-10T12:00:00.000Z"),
    ]
    events[2]["metadata"]["event_id"] = entries(platform, operator, "tax_payable", "2020-05-10")[
        first
    ]["event_id"]
    deliver(platform, "gl-postings", *events, *events)
    found = eventually(lambda: entries(platform, operator, "tax_payable", "2020-06-01"))
    assert found.keys() == {late}
    assert found[late]["at"] == "2020-05-11T12:00:00.000Z"
    assert found[late]["entered_on"] == "2020-06-01"
    eventually(lambda: again in entries(platform, operator, "tax_payable", "2020-06-02"))
    assert entries(platform, operator, "tax_payable", "2020-05-11") == {}
    assert of_period(platform, operator, "2020-05") == reported
    assert of_period(platform, operator, "2020-06")["tax_payable"]["credit"] == 36 + 9
    until = trial_balance(platform, operator, "2020-05-31")["cash"]
    assert until["tax_payable"]["credit"] == 18

    periods = platform.get("/api/gl/periods", token=operator).expect(200)["items"]
    status = {one["month"]: one["status"] for one in periods}
    assert (status["2020-05"], status["2020-06"]) == ("closed", "open")
    assert [one["month"] for one in periods] == sorted(status, reverse=True)
    member.user.get("/api/gl/periods").problem(403, "FORBIDDEN")


def of_period(platform: Platform, operator: str, month: str) -> dict[str, Any]:
    """The accounts of a month's cash, which sum to zero."""
    path = f"/api/gl/trial-balance?period={month}"
    (cash,) = platform.get(path, token=operator).expect(200)["assets"]
    assert cash["sum"] == 0 and cash["debit"] == cash["credit"]
    return {account["account"]: account for account in cash["accounts"]}


def test_only_a_month_that_is_over_is_closed(platform: Platform, operator: str) -> None:
    for month, status, code in [
        (moment()[:7], 422, "PERIOD_NOT_OVER"),
        ("2999-01", 422, "PERIOD_NOT_OVER"),
        ("2020-13", 404, "NOT_FOUND"),
        ("2020-1", 404, "NOT_FOUND"),
    ]:
        path = f"/api/gl/periods/{month}/close"
        platform.post(path, token=operator).problem(status, code)
    wrong = "/api/gl/trial-balance?period=2020-13"
    platform.get(wrong, token=operator).problem(400, "DATE_INVALID")
    both = "/api/gl/trial-balance?period=2020-01&as_of=2020-01-31"
    platform.get(both, token=operator).problem(400, "DATE_INVALID")


def test_a_member_without_a_phone_is_written_to_once_about_each_event(
    platform: Platform, member: Member
) -> None:
    tables = platform.aws("dynamodb")
    names = tables.list_tables()["TableNames"]
    (users,) = [name for name in names if "UsersTable" in name]
    (contacts,) = [name for name in names if "-NotificationTable" in name]
    user_id = member.user.user_id
    email = member.user.registration["email"]
    eventually(lambda: messages(platform, email, "Welcome to Quoin"))
    profile = tables.get_item(
        TableName=users, Key={"pk": {"S": f"user#{user_id}"}, "sk": {"S": "profile"}}
    )["Item"]
    known = json.loads(profile["user"]["S"])
    person = {name: known[name] for name in ("full_name", "email")} | {"language": "de"}
    # Known as a member only, which is how one who registers as such is known.
    scan = tables.get_paginator("scan").paginate(TableName=contacts, ConsistentRead=True)
    contact = [
        {"pk": item["pk"], "sk": item["sk"]}
        for page in scan
        for item in page["Items"]
        if user_id in item["pk"]["S"] and "phone" in item and "full_name" in item
    ]
    assert len(contact) == 1
    tables.delete_item(TableName=contacts, Key=contact[0])

    one = payment_id()
    created = member.told("customer.created", **person)
    registered = member.told("customer.registered", **person, payment_id=one, plan="yearly")
    failed = member.told(
        "subscription.charge_failed", payment_id=one, purpose="renewal", amount="9.99",
        failure_reason="declined", next_attempt_at="2027-02-07T10:00:00.000Z", plan="monthly",
    )  # fmt: skip
    first_failed = member.told(
        "subscription.charge_failed", payment_id=one, purpose="registration", amount="7.77"
    )
    cancelled = member.told(
        "subscription.cancelled", reason="customer", ends_at="2027-03-01T00:00:00.000Z"
    )
    events = [registered, member.paid(one, "9.99"), failed, first_failed, cancelled]
    deliver(platform, "notify", created, *events)
    wanted = {
        "Willkommen bei Quoin": "Jahrestarif",
        "Ihre Zahlung über 9,99 INR\n": one,
        "Ihre Zahlung über 9,99 INR ist nicht": "2027-02-07",
        "Ihre Mitgliedschaft endet am 2027-03-01": member.subscription_id,
    }

    def inbox() -> dict[str, list[str]]:
        mails = messages(platform, email)
        texts = [f"{mail.get('subject', '')}\n{mail['text']}" for mail in mails]
        return {about: [one for one in texts if one.startswith(about)] for about in wanted}

    eventually(inbox, lambda found: all(found.values()))
    deliver(platform, "notify", *events, *events)
    # What was delivered last is told last; by then all others came again.
    last = member.told("subscription.renewed", payment_id=one, amount="9.99")
    deliver(platform, "notify", last)
    eventually(lambda: messages(platform, email, "Ihre Mitgliedschaft ist bis"))
    for about, part in wanted.items():
        (mail,) = inbox()[about]
        assert part in mail, (about, mail)
    assert not messages(platform, email, "7,77")
