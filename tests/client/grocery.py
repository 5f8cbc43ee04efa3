"""A shop with apples and bread, and people who order there."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from .platform import Answer, Platform
from .shop import Shop
from .user import User


class Grocery(Shop):
    """A merchant that an operator has set up: apples at 150 and bread at 40."""

    def __init__(self, platform: Platform, stock: int = 1000, manner: str = "") -> None:
        """`manner` says how the sandbox's merchant behaves; without one it takes every order."""
        self.name = f"Fresh Mart {uuid.uuid4().hex[:4]}"
        merchant_id = f"merch_{uuid.uuid4().hex[:12]}_{manner}" if manner else None
        super().__init__(platform, merchant_id, name=self.name)
        self.product(150, stock, "apples", "Organic Apples (1 kg)")
        self.product(40, stock, "bread", "Brown Bread (400g)")

    def shopper(self, amount: Any = 1000, **fields: Any) -> User:
        """A person who is known well enough to order, with `amount` of money."""
        user = self.verify(User(self.platform, **fields))
        return user.funded(amount) if amount else user

    def buy(self, user: User, key: str | None = None, **items: int) -> Answer:
        """Asks for so many of each product; for two apples and five breads if none is named."""
        return self.order(user, items or {"apples": 2, "bread": 5}, key=key)

    def ordered(self, user: User, **items: int) -> str:
        """The id of an order that is paid."""
        return self.buy(user, **items).expect(201)["order_id"]

    def events(self, order_id: str, name: str | None = None) -> list[dict[str, Any]]:
        """What was told of an order, in its sequence; of one event only, if it is named."""
        path = f"/api/audit/order/{order_id}?limit=100"
        trail = self.platform.get(path, token=self.token).expect(200)
        entries = [entry["payload"] for entry in trail["items"] if "payload" in entry]
        return [event for event in entries if name in (None, event["event"])]


def total_of(event: dict[str, Any]) -> Decimal:
    """What an order that was created costs."""
    return Decimal(str(event["data"]["pricing"]["total"]))
