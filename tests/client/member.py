"""Somebody who registers as a member."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from .platform import Answer, Platform
from .user import User
from .wait import eventually


class Member(User):
    """A member of a plan, logged in."""

    def __init__(self, platform: Platform, plan: str = "monthly", **fields: Any) -> None:
        self.platform = platform
        self.registration = registration(plan, **fields)
        self.registered.append(self.registration)
        key = uuid.uuid4().hex
        made = ended(lambda: register(platform, self.registration, key)).expect(201)
        self.customer_id, self.subscription_id = made["customer_id"], made["subscription_id"]
        self.payment_id = made["payment_id"]
        self.user_id = self.customer_id.replace("cust_", "user_")
        self.login()

    @classmethod
    def registered_as(cls, platform: Platform, body: dict[str, Any], saga: Any) -> Member:
        """Who was registered with `body`, as the saga has it, once it is complete; logged in."""
        member = cls.__new__(cls)
        member.platform, member.registration = platform, body
        cls.registered.append(body)
        for name in ("customer_id", "subscription_id", "payment_id", "user_id"):
            setattr(member, name, saga[name])
        member.login()
        return member

    def pays(self, what: str, body: Any = None, key: str | None = None, **options: Any) -> Answer:
        """`what`: renew or plan."""
        path = f"/api/subscriptions/{self.subscription_id}/{what}"
        return self.post(path, body, key=key or uuid.uuid4().hex, **options)

    def paid(self, what: str, body: Any = None) -> Any:
        """The same, once the payment has ended."""
        key = uuid.uuid4().hex
        return ended(lambda: self.pays(what, body, key)).expect(200)

    def cancel(self) -> Answer:
        return self.post(f"/api/subscriptions/{self.subscription_id}/cancel")


def ended(ask: Callable[[], Answer]) -> Answer:
    """The answer of a command with a payment, asked for again while that is on its way."""
    return eventually(ask, lambda answer: answer.status not in (202, 409))


def registration(
    plan: str = "monthly", token: str = "tok_approve", **fields: Any
) -> dict[str, Any]:
    tag = uuid.uuid4().hex[:12]
    return {
        "email": f"{tag}@example.com",
        "full_name": "Jane Doe",
        "password": f"correct horse {tag}",
        "plan": plan,
        "payment_method": {"token": token},
    } | fields


def register(platform: Platform, body: Any, key: str | None = None, **options: Any) -> Answer:
    return platform.post("/register", body, key=key or uuid.uuid4().hex, **options)
