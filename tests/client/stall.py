"""A shop with one product, and people who order it."""

from __future__ import annotations

from typing import Any

from .platform import Answer, Platform
from .shop import Shop
from .user import User


class Stall(Shop):
    """A merchant with one product."""

    def __init__(self, platform: Platform, price: Any = 100, **profile: Any) -> None:
        super().__init__(platform, min_order_value=1, **profile)
        self.product_id = self.product(price, 1_000)

    def get(self, path: str, token: str | None = None) -> Any:
        path = f"/api/merchants/{self.merchant_id}{path}"
        return self.platform.get(path, token=token or self.token).expect(200)

    def shopper(self, cash: Any = 1_000) -> User:
        """Somebody who is known well enough and can pay."""
        return self.verify(User(self.platform)).funded(cash)

    def buy(self, user: User, quantity: int = 1, key: str | None = None) -> Answer:
        return self.order(user, {self.product_id: quantity}, key=key)
