"""Whose each route's answers are. A documented route that is not classified here fails the tests of
isolation; see `test_isolation`, which tells what follows from each kind.

`$bet` in a path or body stands for an id of the victim's; `names` of `test_isolation` has them all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from string import Template
from typing import Any

from local import paths

DOCUMENT = paths.ROOT / "docs" / "openapi.json"
METHODS = {"get", "put", "post", "delete", "patch"}


@dataclass(frozen=True)
class Public:
    """Asks for no access token. `refusal`: the code for who lacks another proof of identity."""

    refusal: str | None = None
    path: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shared:
    """Tells everybody the same."""

    path: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Own:
    """About the caller, who is known by the token alone."""

    body: dict[str, Any] | None = None
    ends_account: bool = False
    path: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Named:
    """About the thing whose id the path names, and for its owner only."""

    path: dict[str, str]
    body: dict[str, Any] | None = None


@dataclass(frozen=True)
class Operators:
    """For operators only."""

    path: dict[str, str] = field(default_factory=dict)
    query: str = ""
    body: dict[str, Any] | None = None


@dataclass(frozen=True)
class Managed:
    """About the merchant that the path names, for its managers and operators only."""

    path: dict[str, str]


Kind = Public | Shared | Own | Named | Operators | Managed

SELECTION = {"event_id": "$event", "market_id": "1", "outcome_id": "1", "odds": 2}
ORDER = {
    "merchant_id": "$merchant",
    "items": [{"product_id": "$product", "quantity": 1}],
    "delivery": {"address": {"line1": "1 Street", "city": "Town", "pincode": "560001"}},
    "session_id": "sess_stranger",
}
MERCHANT = {
    "name": "Mine Now",
    "company": "mine",
    "active": True,
    "min_order_value": 0,
    "delivery_pincodes": [],
}
CAMPAIGN = {
    "merchant_id": "$merchant",
    "discount": {"type": "fixed", "amount": 1},
    "active": True,
}
LIMIT = {"kind": "stake", "period": "day", "asset": "cash", "amount": 500}

ROUTES: dict[str, Kind] = {
    "GET /.well-known/jwks.json": Public(),
    "POST /api/users": Public(),
    "POST /api/sessions": Public(),
    "POST /api/sessions/refresh": Public(),
    "POST /api/feeds/betradar": Public("SIGNATURE_INVALID"),
    "POST /api/notifications/callbacks/{provider}": Public(
        "SIGNATURE_INVALID", {"provider": "sandbox"}
    ),
    "POST /api/payments/callbacks/{provider}": Public("SIGNATURE_INVALID", {"provider": "sandbox"}),
    "POST /register": Public(),
    "GET /api/sagas/{id}": Public(path={"id": "$saga"}),
    "POST /api/charges/callbacks/{provider}": Public("SIGNATURE_INVALID", {"provider": "sandbox"}),
    "PUT /sandbox/behaviour": Public("UNAUTHENTICATED"),
    "POST /sandbox/merchant/orders": Public("UNAUTHENTICATED"),
    "GET /sandbox/merchant/orders/{id}": Public("UNAUTHENTICATED", {"id": "order_1"}),
    "POST /sandbox/merchant/orders/{id}/cancel": Public("UNAUTHENTICATED", {"id": "order_1"}),
    "GET /sandbox/messages": Public("UNAUTHENTICATED"),
    "POST /sandbox/messages": Public("UNAUTHENTICATED"),
    "POST /sandbox/payments": Public("UNAUTHENTICATED"),
    "GET /sandbox/payments/{id}": Public("UNAUTHENTICATED", {"id": "$payment"}),
    "POST /sandbox/payments/{id}/cancel": Public("UNAUTHENTICATED", {"id": "$payment"}),
    "GET /api/fixtures": Shared(),
    "GET /api/fixtures/{event_id}": Shared({"event_id": "$event"}),
    "GET /api/users/me": Own(),
    "PATCH /api/users/me": Own({"language": "de"}),
    "POST /api/users/me/deactivate": Own({"reason": "closed"}, ends_account=True),
    "POST /api/users/me/erasure": Own(ends_account=True),
    "POST /api/realtime/tickets": Own(),
    "GET /api/wallets/me": Own(),
    "GET /api/wallets/me/entries": Own(),
    "PUT /api/wallets/me/limits": Own(LIMIT),
    "POST /api/wallets/me/transfers": Own({"to_user_id": "$other", "asset": "cash", "amount": 1}),
    "POST /api/payments/deposits": Own({"amount": 7, "asset": "cash", "method": "sandbox"}),
    "GET /api/payments/{id}": Named({"id": "$payment"}),
    "GET /api/bets": Own(),
    "POST /api/bets": Own(
        {
            "type": "single",
            "stake": {"amount": 2, "asset": "cash"},
            "selections": [SELECTION],
            "accept_odds": "any",
        }
    ),
    "GET /api/customers/{id}": Named({"id": "$customer"}),
    "GET /api/subscriptions": Own(),
    "GET /api/subscriptions/{id}": Named({"id": "$subscription"}),
    "GET /api/analytics/{view}": Operators({"view": "mrr"}, "?from=2026-01-01&to=2026-01-02"),
    "GET /api/bets/{id}": Named({"id": "$bet"}),
    "POST /api/bets/{id}/cancel": Named({"id": "$bet"}),
    "GET /api/orders": Own(),
    "POST /api/orders": Own(ORDER),
    "GET /api/orders/{id}": Named({"id": "$order"}),
    "GET /api/orders/{id}/timeline": Named({"id": "$order"}),
    "GET /api/compliance/{customer_id}": Operators({"customer_id": "$member"}),
    "GET /api/invoices": Own(),
    "GET /api/invoices/{number}": Named({"number": "$invoice"}),
    "GET /api/gl/periods": Operators(),
    "POST /api/gl/periods/{month}/close": Operators({"month": "2026-01"}),
    "POST /api/subscriptions/{id}/renew": Named({"id": "$subscription"}),
    "POST /api/subscriptions/{id}/plan": Named({"id": "$subscription"}, {"plan": "yearly"}),
    "POST /api/subscriptions/{id}/cancel": Named({"id": "$subscription"}),
    "GET /api/merchants/{id}": Shared({"id": "$merchant"}),
    "PUT /api/merchants/{id}": Named({"id": "$merchant"}, MERCHANT),
    "GET /api/merchants/{id}/products": Shared({"id": "$merchant"}),
    "PUT /api/merchants/{id}/products/{product_id}": Named(
        {"id": "$merchant", "product_id": "$product"},
        {"name": "Mine", "unit_price": 0, "stock": 0},
    ),
    "PUT /api/order-campaigns/{code}": Named({"code": "$campaign"}, CAMPAIGN),
    "GET /api/order-rules": Operators(),
    "PUT /api/order-rules/{rule}": Operators({"rule": "user_kyc"}, body={"enabled": False}),
    "GET /api/credits/me": Own(),
    "POST /api/credits/purchases": Own({"amount": 3, "payment_method": "wallet"}),
    "POST /api/credits/boost/profile": Own({"targetUserId": "$other", "amount": 1, "duration": 1}),
    "POST /api/credits/boost/gig": Own({"targetGigId": "$offer", "amount": 1, "duration": 1}),
    "POST /api/credits/boost/clan": Own({"targetClanId": "$club", "amount": 1, "duration": 1}),
    "POST /api/gigs": Own({"title": "Paint a fence", "price": 2}),
    "GET /api/gigs": Shared(),
    "GET /api/gigs/{id}": Shared({"id": "$offer"}),
    "GET /api/gigs/{id}/priority": Shared({"id": "$offer"}),
    "POST /api/gigs/{id}/completion": Own(path={"id": "$offer"}),
    "POST /api/gigs/{id}/payments": Named({"id": "$gig"}),
    "POST /api/clans": Own({"name": "Strangers"}),
    "GET /api/clans": Shared(),
    "GET /api/clans/{id}": Shared({"id": "$club"}),
    "GET /api/clans/{id}/analytics": Named({"id": "$clan"}),
    "GET /api/clans/{id}/reputation": Shared({"id": "$club"}),
    "POST /api/clans/{id}/contributions": Own({"amount": 1}, path={"id": "$club"}),
    "POST /api/clans/{id}/join": Own(path={"id": "$club"}),
    "POST /api/clans/{id}/leave": Own(path={"id": "$club"}),
    # A look at a profile is kept, and says whose it is.
    "GET /api/users/{id}/visibility": Shared({"id": "$other"}),
    "GET /api/users/me/overview": Own(),
    "GET /api/loyalty/me": Own(),
    "GET /api/bonuses/me": Own(),
    "GET /api/referrals/me": Own(),
    "GET /api/notifications": Own(),
    "GET /api/activity": Own(),
    "PUT /api/notifications/preferences": Own({"sms": False}),
    "GET /api/wallets/{user_id}": Operators({"user_id": "$user"}),
    "POST /api/wallets/{user_id}/adjustments": Operators(
        {"user_id": "$user"}, body={"asset": "cash", "amount": 1, "reason": "a gift"}
    ),
    "GET /api/users/{id}": Operators({"id": "$user"}),
    "PUT /api/users/{id}/kyc": Operators({"id": "$user"}, body={"status": "verified"}),
    "GET /api/dead-letters": Operators(),
    "POST /api/dead-letters/{queue}/redrive": Operators(
        {"queue": "wallet-payouts"}, body={"dry_run": True}
    ),
    "POST /api/replays": Operators(
        body={"from": "2026-01-03T00:00:00Z", "to": "2026-01-04T00:00:00Z", "consumer": "activity"}
    ),
    "GET /api/replays/{id}": Operators({"id": "$replay"}),
    "GET /api/boosts/analytics": Operators(query="?kind=profile"),
    "GET /api/audit/{entity_type}/{entity_id}": Operators(
        {"entity_type": "bet", "entity_id": "$bet"}
    ),
    "GET /api/support/orders/{id}": Operators({"id": "$order"}),
    "GET /api/requests/{request_id}/timeline": Operators({"request_id": "$request"}),
    "GET /api/fixtures/{event_id}/exposure": Operators({"event_id": "$event"}),
    "GET /api/reports/{report}": Operators({"report": "kpis"}, "?from=2026-01-01&to=2026-01-02"),
    "GET /api/fraud/users/{id}": Operators({"id": "$user"}),
    "POST /api/fraud/users/{id}/clear": Operators({"id": "$user"}, body={"note": "looked at"}),
    "GET /api/fraud/rules/{rule}": Operators({"rule": "order_velocity"}),
    "PUT /api/fraud/rules/{rule}": Operators({"rule": "threshold"}, body={"limit": 100}),
    "GET /api/gl/trial-balance": Operators(),
    "GET /api/gl/entries": Operators(query="?account=stakes&asset=cash&day=2026-01-04"),
    "GET /api/merchants/{id}/orders": Managed({"id": "$merchant"}),
    "GET /api/merchants/{id}/commissions": Managed({"id": "$merchant"}),
    "PUT /api/merchants/{id}/commission-rate": Operators({"id": "$merchant"}, body={"percent": 5}),
}


@dataclass(frozen=True)
class Operation:
    """A route as the OpenAPI document has it."""

    route: str
    is_public: bool
    has_cursor: bool
    has_key: bool
    has_body: bool

    @property
    def kind(self) -> Kind:
        return ROUTES[self.route]

    def target(self, names: dict[str, str]) -> tuple[str, str]:
        """Method and path with the ids of `names` in it."""
        method, path = self.route.split(" ")
        for parameter, value in getattr(self.kind, "path", {}).items():
            path = path.replace(f"{{{parameter}}}", Template(value).substitute(names))
        assert "{" not in path, f"{self.route}: its class names no value for a parameter"
        return method, path + getattr(self.kind, "query", "")

    def body(self, names: dict[str, str]) -> Any:
        body = getattr(self.kind, "body", None)
        return body and json.loads(Template(json.dumps(body)).substitute(names))

    def __str__(self) -> str:
        return self.route


def documented() -> Iterator[Operation]:
    document = json.loads(DOCUMENT.read_text())

    def name(parameter: dict[str, Any]) -> str:
        """Of a parameter, or of the shared one that it refers to."""
        place: Any = document
        for step in parameter.get("$ref", "").split("/")[1:]:
            place = place[step]
        return (place if "$ref" in parameter else parameter)["name"]

    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                parameters = {name(parameter) for parameter in operation.get("parameters", [])}
                yield Operation(
                    f"{method.upper()} {path}",
                    is_public=operation.get("security") == [],
                    has_cursor="cursor" in parameters,
                    has_key="Idempotency-Key" in parameters,
                    has_body="requestBody" in operation,
                )


OPERATIONS = sorted(documented(), key=str)


def of_kind(*kinds: type) -> list[Operation]:
    """Operations classified as one of `kinds`; unclassified ones fail a test of their own."""
    return [one for one in OPERATIONS if isinstance(ROUTES.get(one.route), kinds)]
