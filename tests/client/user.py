"""A person who uses the platform."""

from __future__ import annotations

import itertools
import random
import uuid
from decimal import Decimal
from typing import Any, ClassVar

from .platform import Answer, Platform
from .wait import eventually

# Each has an account of its own, so none may be drawn twice.
_phones = itertools.count(random.randrange(9 * 10**7))


class User:
    """A registered and logged-in person."""

    # Everybody of this run, since none of it may be found anywhere in the clear.
    registered: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, platform: Platform, **fields: Any) -> None:
        self.platform = platform
        self.registration = self.somebody() | fields
        self.registered.append(self.registration)
        created = platform.post("/api/users", self.registration, key=uuid.uuid4().hex).expect(201)
        self.user_id, self.referral_code = created["user_id"], created["referral_code"]
        self.login()

    @staticmethod
    def somebody() -> dict[str, Any]:
        """What somebody registers with whom nobody knows yet."""
        tag = uuid.uuid4().hex[:12]
        return {
            "phone": f"+9198{next(_phones):08d}",
            "email": f"{tag}@example.com",
            "password": f"correct horse {tag}",
            "full_name": "Jane Doe",
            "country": "IN",
            "language": "en",
        }

    def login(self) -> None:
        body = {"email": self.registration["email"], "password": self.registration["password"]}
        session = self.platform.post("/api/sessions", body).expect(200)
        self.token, self.refresh_token = session["access_token"], session["refresh_token"]

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self.platform.post(path, body, token=self.token, **options)

    def get(self, path: str, **options: Any) -> Answer:
        return self.platform.get(path, token=self.token, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self.platform.put(path, body, token=self.token, **options)

    def patch_me(self, body: Any) -> Answer:
        return self.platform.request("PATCH", "/api/users/me", body, token=self.token)

    def deposit(self, amount: Any, method: str = "sandbox", key: str | None = None) -> Answer:
        body = {"amount": amount, "asset": "cash", "method": method}
        return self.post("/api/payments/deposits", body, key=key or uuid.uuid4().hex)

    def bet(self, selections: list[dict[str, Any]], stake: Any, **options: Any) -> Answer:
        kind = "single" if len(selections) == 1 else "accumulator"
        body = {
            "type": kind,
            "stake": {"amount": stake, "asset": options.pop("asset", "cash")},
            "selections": selections,
            "accept_odds": options.pop("accept_odds", "exact"),
        }
        return self.post("/api/bets", body, key=options.pop("key", uuid.uuid4().hex), **options)

    def credits(self, amount: Any, key: str | None = None, method: str = "wallet") -> Answer:
        body = {"amount": amount, "payment_method": method}
        return self.post("/api/credits/purchases", body, key=key or uuid.uuid4().hex)

    def balance(self, asset: str = "cash") -> Decimal:
        wallet = self.get("/api/wallets/me").expect(200)
        lines = [line for line in wallet["balances"] if line["asset"] == asset]
        return Decimal(lines[0]["available"]) if lines else Decimal(0)

    def funded(self, amount: Any) -> User:
        """This user, once a deposit of `amount` has arrived."""
        before = self.balance()
        self.deposit(amount).expect(202)
        eventually(self.balance, lambda now: now == before + Decimal(str(amount)))
        return self

    def entries(self) -> list[dict[str, Any]]:
        return self.get("/api/wallets/me/entries?limit=100").expect(200)["items"]
