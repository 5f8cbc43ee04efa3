"""A merchant of one's own, as an operator sets it up, and orders from it."""

from __future__ import annotations

import uuid
from typing import Any

from .platform import Answer, Platform
from .user import User

ADDRESS = {"line1": "123, MG Road", "city": "Bangalore", "pincode": "560001"}


class Shop:
    """A merchant that delivers to 560001 for nothing; `changes` say what is other about it."""

    def __init__(self, platform: Platform, merchant_id: str | None = None, **changes: Any) -> None:
        self.platform = platform
        self.merchant_id = merchant_id or f"merch_{uuid.uuid4().hex[:12]}"
        self.token = platform.operator_token()
        self.profile = {
            "name": "Fresh Mart BizOne",
            "company": "bizone",
            "active": True,
            "min_order_value": 0,
            "delivery_pincodes": ["560001"],
        }
        self.change(**changes)

    def put(self, path: str, body: Any) -> Answer:
        return self.platform.put(path, body, token=self.token)

    def change(self, **changes: Any) -> Any:
        self.profile |= changes
        return self.put(f"/api/merchants/{self.merchant_id}", self.profile).expect(200)

    def product(
        self, price: Any = 10, stock: int = 1000, product_id: str | None = None, name: str = "Bread"
    ) -> str:
        """A product's id; with `product_id` it is changed, and its stock counted anew."""
        product_id = product_id or f"prod_{uuid.uuid4().hex[:12]}"
        body = {"name": name, "unit_price": price, "stock": stock}
        self.put(f"/api/merchants/{self.merchant_id}/products/{product_id}", body).expect(200)
        return product_id

    def stock(self, product_id: str) -> int:
        path = f"/api/merchants/{self.merchant_id}/products?limit=100"
        products = self.platform.get(path, token=self.token).expect(200)["items"]
        return next(one["stock"] for one in products if one["product_id"] == product_id)

    def campaign(
        self, amount: Any = 50, kind: str = "fixed", code: str | None = None, **fields: Any
    ) -> str:
        """A campaign's code."""
        code = code or f"C{uuid.uuid4().hex[:12]}".upper()
        self.put_campaign(code, amount, kind, **fields).expect(200)
        return code

    def put_campaign(self, code: str, amount: Any, kind: str = "fixed", **fields: Any) -> Answer:
        discount = {"type": kind, "amount": amount}
        body = {"merchant_id": self.merchant_id, "discount": discount, "active": True} | fields
        return self.put(f"/api/order-campaigns/{code}", body)

    def verify(self, user: User, status: str = "verified") -> User:
        """The same user, known well enough to order."""
        self.put(f"/api/users/{user.user_id}/kyc", {"status": status}).expect(200)
        return user

    def give(self, user: User, asset: str, amount: Any) -> None:
        """Coins or money as an operator gives them; branded coins are this merchant's."""
        body = {"asset": asset, "amount": amount, "reason": "for a test"}
        if asset == "branded_coins":
            body["merchant_id"] = self.merchant_id
        path = f"/api/wallets/{user.user_id}/adjustments"
        key = uuid.uuid4().hex
        self.platform.post(path, body, token=self.token, key=key).expect(201)

    def customer(self, **assets: Any) -> User:
        """Somebody who is verified and has so much of each asset."""
        user = self.verify(User(self.platform))
        for asset, amount in assets.items():
            self.give(user, asset, amount)
        return user

    def cart(self, items: dict[str, int], /, **changes: Any) -> dict[str, Any]:
        return {
            "merchant_id": self.merchant_id,
            "items": [{"product_id": one, "quantity": many} for one, many in items.items()],
            "delivery": {"address": ADDRESS},
            "session_id": "sess_abc123",
        } | changes

    def order(
        self, user: User, items: dict[str, int], /, key: str | None = None, **changes: Any
    ) -> Answer:
        body = self.cart(items, **changes)
        return user.post("/api/orders", body, key=key or uuid.uuid4().hex)
