"""What people do is scored by rules that operators set; whom they mark waits for an operator."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from client import Platform, Stall, User, eventually
from deliver import deliver, event, moment

SETTABLE = ("enabled", "window_seconds", "limit", "points")


@pytest.fixture(scope="module")
def operator(platform: Platform) -> str:
    return platform.operator_token()


@contextmanager
def rule(platform: Platform, operator: str, name: str, **wanted: Any) -> Iterator[None]:
    """A rule as it is wanted, for a while."""
    path = f"/api/fraud/rules/{name}"
    before = platform.get(path, token=operator).expect(200)
    platform.put(path, wanted, token=operator).expect(200)
    try:
        yield
    finally:
        was = {member: before[member] for member in SETTABLE if member in before}
        platform.put(path, was, token=operator).expect(200)


def known(platform: Platform, operator: str, user_id: str, query: str = "") -> Any:
    return platform.get(f"/api/fraud/users/{user_id}{query}", token=operator).expect(200)


def is_marked(seen: Any) -> bool:
    return seen.get("mark", {}).get("state") == "review"


def log_in_from(user: User, device: str) -> None:
    body = {"email": user.registration["email"], "password": user.registration["password"]}
    headers = {"user-agent": device}
    user.platform.post("/api/sessions", body, headers=headers).expect(200)


def test_new_devices_at_once_mark_a_user_until_an_operator_clears_it(
    platform: Platform, operator: str, user: User
) -> None:
    with rule(platform, operator, "new_devices", window_seconds=3600, limit=5, points=101):
        # With the one from which the user came.
        with ThreadPoolExecutor(5) as pool:
            list(pool.map(lambda number: log_in_from(user, f"device {number}"), range(5)))
        seen = eventually(lambda: known(platform, operator, user.user_id), is_marked)
        assert (seen["mark"]["score"], seen["score"]) == (101, 101)
        (reason,) = seen["mark"]["reasons"]
        assert (reason["rule"], reason["measured"], reason["limit"]) == ("new_devices", 6, 5)
        assert [item["kind"] for item in seen["items"]] == ["new_device_login"] * 6

        path = f"/api/fraud/users/{user.user_id}/clear"
        cleared = platform.post(path, {"note": "a family"}, token=operator).expect(200)
        assert cleared["mark"]["state"] == "clear"
        again = platform.post(path, {"note": "once more"}, token=operator).expect(200)
        assert again == cleared
        log_in_from(user, "one more device")
        seen = eventually(
            lambda: known(platform, operator, user.user_id), lambda seen: len(seen["items"]) == 7
        )
        assert not is_marked(seen)
        assert [item["counts"] for item in seen["items"]] == [True] + [False] * 6
        (clearing,) = seen["clearings"]
        assert (clearing["note"], clearing["score"]) == ("a family", 101)
        assert clearing["by"].startswith("user_")


def test_late_and_repeated_events_count_once_and_at_their_own_time(
    platform: Platform, operator: str
) -> None:
    user_id = f"user_{uuid.uuid4().hex}"

    def debit(seconds: float, amount: int) -> dict[str, Any]:
        order = f"order_{uuid.uuid4().hex}"
        own = {"user_id": user_id, "total_amount": amount, "related_order_id": order}
        return event("wallet.debit_started", moment(seconds), ("order", order), **own)

    with rule(platform, operator, "spend_velocity", window_seconds=600, limit=250, points=101):
        # Two are not enough; the one between them comes last.
        first, last = debit(-1_200, 100), debit(-650, 100)
        deliver(platform, "fraud-detection", last, first, last, first, last)
        seen = eventually(
            lambda: known(platform, operator, user_id), lambda seen: len(seen["items"]) == 2
        )
        assert not is_marked(seen)
        late = debit(-700, 100)
        deliver(platform, "fraud-detection", late, first)
        seen = eventually(lambda: known(platform, operator, user_id), is_marked)
        (reason,) = seen["mark"]["reasons"]
        assert (reason["rule"], reason["measured"]) == ("spend_velocity", 300)
        assert seen["mark"]["at"] == last["timestamp"]
        assert seen["score"] == 0, "that window is over"
        assert [item["at"] for item in seen["items"]] == [
            one["timestamp"] for one in (last, late, first)
        ]

    page = known(platform, operator, user_id, "?limit=2")
    rest = known(platform, operator, user_id, f"?limit=2&cursor={page['next_cursor']}")
    assert page["items"] + rest["items"] == seen["items"]
    assert rest["next_cursor"] is None


def test_bets_and_refused_debits_are_counted(platform: Platform, operator: str) -> None:
    user_id = f"user_{uuid.uuid4().hex}"
    deliver(
        platform,
        "fraud-detection",
        event("BetPlaced", moment(-2), user_id=user_id),
        event("wallet.debit_failed", moment(-1), user_id=user_id),
        event("order.failed", moment(), user_id=user_id, failure_reason="FRAUD_REVIEW"),
    )
    seen = eventually(
        lambda: known(platform, operator, user_id), lambda seen: len(seen["items"]) == 2
    )
    assert [item["kind"] for item in seen["items"]] == ["failed_debit", "bet"]


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("new_devices", {"limit": 1, "points": 1}, "WINDOW_INVALID"),
        ("new_devices", {"limit": 1, "points": 1, "window_seconds": 0}, "WINDOW_INVALID"),
        ("new_devices", {"limit": 1, "points": 10_001, "window_seconds": 1}, "POINTS_INVALID"),
        ("new_devices", {"limit": -1, "points": 1, "window_seconds": 1}, "BODY_MALFORMED"),
        ("threshold", {"limit": 1, "points": 1}, "NOT_OF_THE_THRESHOLD"),
        ("threshold", {"limit": 1.5}, "LIMIT_NOT_A_SCORE"),
    ],
)
def test_rules_that_make_no_sense(
    platform: Platform, operator: str, name: str, body: dict[str, Any], code: str
) -> None:
    path = f"/api/fraud/rules/{name}"
    before = platform.get(path, token=operator).expect(200)
    platform.put(path, body, token=operator).problem(400, code)
    assert platform.get(path, token=operator).expect(200) == before


def test_only_operators_see_and_set_anything(platform: Platform, operator: str, user: User) -> None:
    platform.get("/api/fraud/rules/nothing", token=operator).problem(404, "NOT_FOUND")
    user.get(f"/api/fraud/users/{user.user_id}").problem(403, "FORBIDDEN")
    user.post(f"/api/fraud/users/{user.user_id}/clear", {}).problem(403, "FORBIDDEN")
    user.put("/api/fraud/rules/threshold", {"limit": 1_000}).problem(403, "FORBIDDEN")
    nobody = f"/api/fraud/users/user_{uuid.uuid4().hex}/clear"
    platform.post(nobody, {}, token=operator).problem(404, "NOT_FOUND")


def test_a_marked_user_orders_again_once_an_operator_has_looked(
    platform: Platform, operator: str
) -> None:
    shop = Stall(platform)
    customer = shop.shopper()
    with rule(platform, operator, "order_amount", window_seconds=60, limit=150, points=101):
        shop.buy(customer, 2).expect(201)
        eventually(lambda: known(platform, operator, customer.user_id), is_marked)
        refused = shop.buy(customer).expect(422)
        assert refused["code"] == "FRAUD_REVIEW"
        path = f"/api/fraud/users/{customer.user_id}/clear"
        platform.post(path, {}, token=operator).expect(200)
        shop.buy(customer).expect(201)
