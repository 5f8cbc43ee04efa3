"""Members as the journal tells of them: what the write side appends, appended by hand."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from client import Platform, User

NAMESPACE = uuid.UUID("7b1d4f2e-93c8-5a60-8d15-6e0ca4f72b39")
SOURCES = {
    "customer": "customer-service",
    "subscription": "subscription-service",
    "charge": "payment-service",
}
Event = dict[str, Any]


def moment(text: str) -> str:
    """A day at noon, or a moment, as events write it."""
    return text if "T" in text else f"{text}T12:00:00.000Z"


class Stream:
    """A stream of the journal that only this writes."""

    def __init__(self, platform: Platform, kind: str, identity: str) -> None:
        self.platform = platform
        self.tables = platform.aws("dynamodb")
        self.table = platform.outputs["stack"]["JournalTable"]
        self.kind, self.id = kind, identity
        self.version = self.sequence = 0
        self.events: list[Event] = []

    def envelope(self, name: str, at: str, data: dict[str, Any]) -> Event:
        self.sequence += 1
        return {
            "event": name,
            "version": "1.0",
            "timestamp": at,
            "data": data,
            "metadata": {
                "source": SOURCES[self.kind],
                "request_id": f"req_{uuid.uuid4().hex}",
                "event_id": str(uuid.uuid5(NAMESPACE, f"{self.kind}#{self.id}/{self.sequence}")),
                "entity": {"type": self.kind, "id": self.id},
                "sequence": self.sequence,
            },
        }

    def append(self, *told: tuple[str, str, dict[str, Any]]) -> None:
        """One item with these events: name, moment, data."""
        first = self.sequence + 1
        events = [self.envelope(name, moment(at), data) for name, at, data in told]
        self.version += 1
        topics = {"charge": "payment.events"}
        topic = topics.get(self.kind, f"{self.kind}.events")
        self.tables.put_item(
            TableName=self.table,
            Item={
                "pk": {"S": f"{self.kind}#{self.id}"},
                "sk": {"N": str(self.version)},
                "s0": {"N": str(first)},
                "n": {"N": str(len(events))},
                "at": {"S": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"},
                "src": {"S": "test"},
                "ev": {"L": [{"S": json.dumps(event)} for event in events]},
                "pub": {"L": [{"S": f"{topic}/{event['event']}"} for event in events]},
            },
            ConditionExpression="attribute_not_exists(pk)",
        )
        self.events += events


def sealed(platform: Platform, user: User) -> dict[str, str]:
    """Name and e-mail address as the user's registration sealed them."""
    key = {"pk": {"S": f"user#{user.user_id}"}, "sk": {"N": "1"}}
    table = platform.outputs["stack"]["JournalTable"]
    item = platform.aws("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
    data = json.loads(item["ev"]["L"][0]["S"])["data"]
    return {name: data[name] for name in ("full_name", "email")}


UNREADABLE = {"full_name": f"enc:v1:{'A' * 40}", "email": f"enc:v1:{'B' * 40}"}


class Member:
    """A customer and a subscription, event by event."""

    def __init__(self, platform: Platform, user: User | None = None, plan: str = "monthly") -> None:
        self.plan = plan
        tag = uuid.uuid4().hex
        self.customer_id, self.subscription_id = f"cust_{tag}", f"sub_{tag}"
        self.user_id = user.user_id if user else f"user_{tag}"
        self.personal = sealed(platform, user) if user else UNREADABLE
        self.customer = Stream(platform, "customer", self.customer_id)
        self.subscription = Stream(platform, "subscription", self.subscription_id)
        self.period, self.charges, self.end, self.price = 0, 0, "", 9.99

    @property
    def who(self) -> dict[str, str]:
        return {"customer_id": self.customer_id, "user_id": self.user_id}

    @property
    def whose(self) -> dict[str, str]:
        return {"subscription_id": self.subscription_id} | self.who

    def created(self, at: str) -> Member:
        data = self.who | self.personal | {"language": "en"}
        self.customer.append(("customer.created", at, data))
        return self

    def deleted(self, at: str, reason: str) -> Member:
        self.customer.append(("customer.deleted", at, self.who | {"reason": reason}))
        return self

    def registered(self, at: str, end: str, price: float = 9.99) -> Member:
        """The registration is complete and the subscription begins."""
        self.period, self.end, self.price = 1, moment(end), price
        paid = {"plan": self.plan, "payment_id": f"pay_{uuid.uuid4().hex}"}
        data = self.who | self.personal | {"language": "en"} | paid
        registered = data | {"subscription_id": self.subscription_id}
        self.customer.append(("customer.registered", at, registered))
        period = {"period_start": moment(at), "period_end": self.end}
        begun = self.whose | paid | {"price": price, "currency": "INR"} | period
        self.subscription.append(("subscription.created", at, begun))
        paid_for = self.whose | paid | period | {"purpose": "registration", "price": price}
        sum_of_it = {"credit": 0, "amount": price, "currency": "INR"}
        provider = {"provider": "sandbox", "provider_reference": "ref_1"}
        charge = Stream(self.subscription.platform, "charge", paid["payment_id"])
        charge.append(("payment.processed", at, paid_for | sum_of_it | provider))
        return self

    def charged(self, at: str, purpose: str) -> str:
        self.charges += 1
        payment = f"pay_{self.subscription_id}_{self.charges}"
        what = {"purpose": purpose, "plan": self.plan, "amount": self.price, "attempt": 1}
        data = self.whose | {"payment_id": payment} | what
        self.subscription.append(("subscription.charge_started", at, data))
        return payment

    def renewed(self, at: str, end: str) -> Member:
        payment = self.charged(at, "renewal")
        self.period += 1
        paid = {"price": self.price, "credit": 0, "amount": self.price, "currency": "INR"}
        period = {"period": self.period, "period_start": self.end, "period_end": moment(end)}
        data = self.whose | {"plan": self.plan, "payment_id": payment} | paid | period
        self.subscription.append(("subscription.renewed", at, data))
        self.end = moment(end)
        return self

    def cancelled(self, at: str, reason: str = "customer") -> Member:
        what = {"plan": self.plan, "price": self.price, "currency": "INR", "reason": reason}
        began = self.subscription.events[0]["data"]["period_start"]
        life = {"ends_at": self.end, "began_at": began, "periods": self.period}
        self.subscription.append(("subscription.cancelled", at, self.whose | what | life))
        return self
