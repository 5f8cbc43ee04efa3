"""Requests of somebody who wishes no good, to every documented route that takes what they send.

Each is answered with a problem, never with a fault of ours, and nothing is written.
"""

from __future__ import annotations

import base64
import gzip
import json
import uuid
from collections.abc import Iterator
from string import Template
from typing import Any

import pytest
from client import Answer, Feed, Platform, Shop, User
from routes import OPERATIONS, Managed, Named, Operation, Operators, Public
from stored import Watch, wait_until_quiet

GOOD = {"to_user_id": "user_nobody", "asset": "cash", "amount": 1}

BODIES = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"x"',
    "cut off": b"{",
    "two values": b"{}{}",
    "NUL at the end": b"{}\0",
    "deep lists": b"[" * 30_000,
    "deep objects": b'{"a":' * 10_000,
    "a prototype": b'[{"__proto__":{"roles":["operator"]}}]',
    "UTF-16": "{}".encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "not UTF-8": b'{"\xff":',
    "half a surrogate": b'{"\\ud800":1}',
    "compressed": gzip.compress(b"{}"),
    "a form": b"a=b&c=d",
    "70 kB": b'"' + b"x" * 70_000 + b'"',
    "5 MB": b'"' + b"x" * 5_000_000 + b'"',
}
IDS = {
    "dots": "%2e%2e",
    "NUL": "a%00b",
    "line break": "%0d%0aX-Evil:%201",
    "separator": "a%23b",
    "not UTF-8": "%ff",
    "emoji": "%F0%9F%92%A5",
    "quote": "'%20OR%201=1",
    "long": "x" * 200,
    "too long": "x" * 5_000,
}
LIMITS = ["-1", "0", "101", "1e1", "5.0", "0x5", "%D9%A5", "%00", "4294967297", "5&limit=7"]
AMOUNTS = [
    *("1e2", "1E2", "NaN", "00", "+1", "1.", "[]", "{}", "true", "null", "9" * 16, "9" * 400),
    *('"NaN"', '"Infinity"', '"0x10"', '"1_000"', '" 1"', '"1,5"', '""', "0." + "0" * 40 + "1"),
]
KEYS = ["k" * 256, "k" * 7_000, "a b", "a\tb", "k\u00e9", "\x7f"]


@pytest.fixture(scope="module")
def caller(platform: Platform) -> User:
    one = User(platform).funded(100)
    wait_until_quiet(platform, one.user_id)
    return one


@pytest.fixture(scope="module")
def watch(platform: Platform, caller: User) -> Watch:
    return Watch(platform, caller.user_id)


@pytest.fixture(autouse=True)
def untouched(watch: Watch) -> Iterator[None]:
    yield
    watch.assert_untouched()


@pytest.fixture(scope="module")
def there(platform: Platform) -> dict[str, str]:
    """Ids of things that are there, so that a request gets as far as what is wrong with it."""
    shop = Shop(platform)
    return {"merchant": shop.merchant_id, "product": shop.product(), "campaign": shop.campaign()}


def credential(platform: Platform, method: str, path: str) -> str:
    """What the platform, or a tester, shows the sandbox on this route."""
    if path.startswith("/sandbox/payments"):
        name = "PaymentCredential"
    elif path.startswith("/sandbox/merchant"):
        name = "MerchantCredential"
    else:
        name = "NotificationCredential" if method == "POST" else "Sandbox"
    arn = platform.outputs["stack"][f"{name}SecretArn"]
    secrets = platform.aws("secretsmanager")
    return secrets.get_secret_value(SecretId=arn)["SecretString"]


def token(platform: Platform, caller: User, operation: Operation) -> str | None:
    of_merchants = operation.route.startswith(("PUT /api/merchants", "PUT /api/order-campaigns"))
    if of_merchants or isinstance(operation.kind, Operators | Managed):
        return platform.operator_token()
    if isinstance(operation.kind, Public):
        method, path = operation.route.split()
        return credential(platform, method, path) if path.startswith("/sandbox") else None
    return caller.token


def signature(platform: Platform, operation: Operation, body: bytes) -> dict[str, str]:
    if getattr(operation.kind, "refusal", None) != "SIGNATURE_INVALID":
        return {}
    return platform.signed("sms" if "notifications" in operation.route else "payment", body)


def path_with(operation: Operation, value: str) -> tuple[str, str]:
    method, path = operation.route.split()
    parts = [value if part.startswith("{") else part for part in path.split("/")]
    return method, "/".join(parts) + getattr(operation.kind, "query", "")


def path_there(operation: Operation, there: dict[str, str], other: str) -> tuple[str, str]:
    """The path with ids of things that are there, and `other` for the rest."""
    method, path = path_with(operation, other)
    names = getattr(operation.kind, "path", {})
    parts = []
    for part, shown in zip(operation.route.split()[1].split("/"), path.split("/"), strict=True):
        value = Template(names.get(part.strip("{}"), "$")).safe_substitute(there)
        parts.append(shown if "$" in value or not part.startswith("{") else value)
    return method, "/".join(parts)


def assert_refused(answer: Answer, *statuses: int) -> None:
    assert answer.status in statuses, answer
    answer.problem(answer.status, answer.body["code"])
    assert len(json.dumps(answer.body, default=str)) < 2_000


JSON_ROUTES = [one for one in OPERATIONS if one.has_body and "feeds" not in one.route]
PATHS = [one for one in OPERATIONS if "{" in one.route and "{provider}" not in one.route]


@pytest.mark.parametrize("operation", JSON_ROUTES, ids=str)
def test_a_body_that_is_none(
    platform: Platform, caller: User, there: dict[str, str], operation: Operation
) -> None:
    method, path = path_there(operation, there, "sandbox")
    bearer = token(platform, caller, operation)
    for name, body in BODIES.items():
        headers = signature(platform, operation, body)
        answer = platform.request(method, path, body, token=bearer, key=name, headers=headers)
        if headers and answer.status == 401:
            continue  # The gateway made text of it, which is not what was signed.
        assert_refused(answer, 400, 413)


@pytest.mark.parametrize("operation", PATHS, ids=str)
def test_ids_that_are_none(
    platform: Platform, caller: User, there: dict[str, str], operation: Operation
) -> None:
    # An operator may call a merchant whatever is an id at all; for everybody else there is none.
    named = isinstance(operation.kind, Named)
    bearer = caller.token if named else token(platform, caller, operation)
    for value in IDS.values():
        method, path = path_with(operation, value)
        body = operation.body(there | {"user": "x"})
        answer = platform.request(method, path, body, token=bearer, key=uuid.uuid4().hex)
        assert "x-evil" not in answer.headers
        if answer.status != 200:
            assert_refused(answer, 400, 404)
        else:
            # Of some things one may ask before there is any.
            assert answer.body.get("items", answer.body.get("markets")) == []


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.has_cursor], ids=str)
def test_pages_that_are_none(
    platform: Platform, caller: User, there: dict[str, str], operation: Operation
) -> None:
    bearer = token(platform, caller, operation)
    method, path = path_there(operation, there, "x")
    path += "?to=x&" if "/sandbox/" in path else "&" if "?" in path else "?"
    for limit in LIMITS:
        answer = platform.request(method, f"{path}limit={limit}", token=bearer)
        answer.problem(400, "LIMIT_INVALID")
        assert answer.body["errors"][0]["pointer"] == "/limit"
    keys = [b"", b"\xff\xfe", b"bets#x", b"bets#x\x1f", f"bets#{caller.user_id}\x1f".encode()]
    keys.append(f"bets#{caller.user_id}\x1f{'9' * 1025}".encode())
    for cursor in ["%00", "a+b/c==", *(base64.urlsafe_b64encode(key).decode() for key in keys)]:
        if cursor:
            answer = platform.request(method, f"{path}cursor={cursor}", token=bearer)
            answer.problem(400, "CURSOR_INVALID")


@pytest.mark.parametrize(
    "operation",
    [one for one in OPERATIONS if one.has_key and not one.is_public],
    ids=str,
)
def test_keys_that_are_none(platform: Platform, caller: User, operation: Operation) -> None:
    bearer = token(platform, caller, operation)
    method, path = path_with(operation, "x")
    for key in KEYS:
        headers = {"idempotency-key": key}
        answer = platform.request(method, path, b"{}", token=bearer, headers=headers)
        answer.problem(400, "IDEMPOTENCY_KEY_INVALID")
    answer = platform.request(method, path, b"{}", token=bearer)
    answer.problem(400, "IDEMPOTENCY_KEY_MISSING")


@pytest.mark.parametrize("identity", ["a b", "a\tb", "r\u00e9", "r" * 129, "r" * 7_000])
def test_a_request_id_that_is_none_is_replaced(caller: User, identity: str) -> None:
    answer = caller.get("/api/wallets/me", headers={"x-request-id": identity})
    answer.expect(200)
    assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_that_is_none(platform: Platform, caller: User, amount: str) -> None:
    body = json.dumps(GOOD).replace('"amount": 1', f'"amount": {amount}').encode()
    answer = caller.post("/api/wallets/me/transfers", body, key=uuid.uuid4().hex)
    answer.problem(400, "BODY_MALFORMED")
    assert answer.body["errors"][0]["pointer"] in ("/amount", "")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (list(GOOD.values()), ""),
        (GOOD | {"asset": {"cash": None}}, "/asset"),
        ({"asset": "cash", "amount": 1}, "/to_user_id"),
        (json.dumps(GOOD)[:-1].encode() + b', "amount": 2}', "/amount"),
        ({"k" * 60_000: 1}, "/" + "k" * 299),
    ],
    ids=["positions", "an object for a name", "a missing member", "a member twice", "a long name"],
)
def test_a_body_of_another_shape(caller: User, body: Any, pointer: str) -> None:
    answer = caller.post("/api/wallets/me/transfers", body, key=uuid.uuid4().hex)
    answer.problem(400, "BODY_MALFORMED")
    assert answer.body["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [("PATCH", "/api/users/me", name) for name in ("full_name", "email", "phone", "language")]
    + [("PUT", "/api/notifications/preferences", name) for name in ("sms", "language")],
)
def test_a_change_to_null(caller: User, method: str, path: str, field: str) -> None:
    answer = caller.platform.request(method, path, {field: None}, token=caller.token)
    answer.problem(400, "NULL_NOT_ACCEPTED")
    assert answer.body["errors"][0]["pointer"] == f"/{field}"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"asset": "branded_coins", "merchant_id": ""}, "/merchant_id"),
        ({"asset": "branded_coins", "merchant_id": "m" * 60_000}, "/merchant_id"),
        ({"amount": -1, "expires_at": "2030-01-01T00:00:00Z"}, "/expires_at"),
        ({"reason": "\0"}, "/reason"),
    ],
)
def test_an_adjustment_that_makes_no_sense(
    platform: Platform, caller: User, change: dict[str, Any], pointer: str
) -> None:
    path = f"/api/wallets/{caller.user_id}/adjustments"
    body = {"asset": "bonus", "amount": 1, "reason": "x"} | change
    answer = platform.post(path, body, token=platform.operator_token(), key=uuid.uuid4().hex)
    assert_refused(answer, 400)
    assert answer.body["errors"][0]["pointer"] == pointer


def test_a_callback_that_makes_no_sense(platform: Platform, caller: User) -> None:
    good = {"type": "payment.succeeded", "payment_id": "x", "amount": 1, "provider_reference": "r"}
    for change, status in [
        ({"provider_reference": ""}, 400),
        ({"provider_reference": "r" * 60_000}, 400),
        ({"provider_reference": "\0"}, 400),
        ({"payment_id": ""}, 404),
        ({"payment_id": "p" * 60_000}, 404),
        ({"amount": "1e0"}, 400),
        ({"amount": None}, 400),
    ]:
        body = json.dumps(good | change).encode()
        headers = platform.signed("payment", body)
        answer = platform.post("/api/payments/callbacks/sandbox", body, headers=headers)
        assert_refused(answer, status)


STOP = '<bet_stop event_id="sr:match:1" timestamp="1" groups="all"/>'
MARKET = '<odds_change event_id="sr:match:1" timestamp="1"><odds>{}</odds></odds_change>'
FEED = {
    "entities": '<!DOCTYPE a [<!ENTITY b "c">]><bet_stop event_id="&b;" timestamp="1"/>',
    "a file": '<!DOCTYPE a SYSTEM "file:///etc/passwd">' + STOP,
    "a small doctype": "<!doctype a>" + STOP,
    "two messages": STOP + STOP,
    "text after it": STOP + "and more",
    "the start of another": STOP + "<",
    "deep": "<a>" * 50_000,
    "an attribute twice": STOP.replace("/>", ' event_id="sr:match:2"/>'),
    "character data": f"<![CDATA[{STOP}]]>",
    "UTF-7": '<?xml version="1.0" encoding="UTF-7"?>+ADw-!DOCTYPE x+AD4-',
    "microseconds": STOP.replace('p="1"', 'p="1767521825123000"'),
    "long specifiers": MARKET.format(f'<market id="1" specifiers="{"a" * 1_100}"/>'),
    "many outcomes": MARKET.format(
        '<market id="1">' + "".join(f'<outcome id="{i}"/>' for i in range(1_001)) + "</market>"
    ),
    "odds with an exponent": MARKET.format('<market id="1"><outcome id="1" odds="1e2"/></market>'),
    "JSON": "{}",
}


@pytest.mark.parametrize("xml", FEED.values(), ids=FEED)
def test_a_feed_message_that_is_none(feed: Feed, xml: str) -> None:
    assert_refused(feed.send(xml), 400)


def test_signatures_side_by_side(platform: Platform, feed: Feed) -> None:
    def send(**change: str) -> int:
        body = b'<alive timestamp="1"/>'
        headers = platform.signed("betradar", body)
        good = headers["webhook-signature"]
        headers |= {f"webhook-{name}": text.replace("GOOD", good) for name, text in change.items()}
        return platform.post("/api/feeds/betradar", body, headers=headers).status

    assert send(signature="v1,AAAA GOOD v1a,BBBB") == 204
    assert send(signature=" ".join(["v1,AAAA"] * 800) + " GOOD") == 204
    for wrong in ["", "v1,AAAA,GOOD", "v1a,AAAA v1,", "v2,AAAA"]:
        assert send(signature=wrong) == 401
    for moment in ["0", "-1", "1e9", "9" * 30, ""]:
        assert send(timestamp=moment) == 401
