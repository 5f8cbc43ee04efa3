"""Who may do what: tokens, roles, and other people's resources."""

from __future__ import annotations

import base64
import json
import uuid

import pytest
from client import Feed, Platform, User, eventually


def part(data: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def test_no_token_and_broken_tokens_are_refused(platform: Platform, user: User) -> None:
    header, claims, signature = user.token.split(".")
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=="))
    other = part(decoded | {"sub": "user_other"})
    expired = part(decoded | {"exp": 1})
    none = part({"alg": "none", "typ": "JWT"})
    for token in [
        None,
        "nonsense",
        f"{header}.{other}.{signature}",
        f"{header}.{expired}.{signature}",
        f"{none}.{claims}.",
        f"{none}.{other}.",
        f"{header}.{claims}.{signature[:-4]}AAAA",
    ]:
        answer = platform.get("/api/wallets/me", token=token)
        assert answer.status in (401, 403), (token, answer)


def test_a_refresh_token_is_used_once(platform: Platform, user: User) -> None:
    body = {"refresh_token": user.refresh_token}
    fresh = platform.post("/api/sessions/refresh", body).expect(200)
    platform.post("/api/sessions/refresh", body).problem(401, "REFRESH_TOKEN_REUSED")
    # The thief and the owner cannot be told apart: the session ends for both.
    later = platform.post("/api/sessions/refresh", {"refresh_token": fresh["refresh_token"]})
    assert later.status == 401


def test_a_wrong_password_tells_nothing(platform: Platform, user: User) -> None:
    known = {"email": user.registration["email"], "password": "wrong password"}
    unknown = {"email": f"{uuid.uuid4().hex}@example.com", "password": "wrong password"}
    first = platform.post("/api/sessions", known).problem(401, "INVALID_CREDENTIALS")
    second = platform.post("/api/sessions", unknown).problem(401, "INVALID_CREDENTIALS")
    assert first["detail"] == second["detail"]


def test_a_contact_belongs_to_one_account(platform: Platform, user: User) -> None:
    body = user.registration | {"phone": "+919999999999"}
    platform.post("/api/users", body).problem(422, "EMAIL_TAKEN")
    body = user.registration | {"email": f"{uuid.uuid4().hex}@example.com"}
    platform.post("/api/users", body).problem(422, "PHONE_TAKEN")


def test_nobody_sees_anothers_resources(platform: Platform, user: User, feed: Feed) -> None:
    thief = User(platform)
    user.funded(100)
    payment = user.deposit(5).expect(202)["payment_id"]
    feed.odds(o1="2").expect(204)
    bet = user.bet([feed.selection("2")], 10).expect(201)["bet_id"]
    eventually(lambda: user.get("/api/bets").body["items"])
    thief.get(f"/api/bets/{bet}").problem(404, "NOT_FOUND")
    thief.post(f"/api/bets/{bet}/cancel", key="steal").problem(404, "NOT_FOUND")
    thief.get(f"/api/payments/{payment}").problem(404, "NOT_FOUND")
    assert thief.get("/api/bets").expect(200)["items"] == []
    for path in ["/api/wallets/me", "/api/users/me"]:
        assert thief.get(path).expect(200)["user_id"] == thief.user_id
    cursor = user.get("/api/wallets/me/entries?limit=1").expect(200)["next_cursor"]
    thief.get(f"/api/wallets/me/entries?cursor={cursor}").problem(400, "CURSOR_INVALID")
    assert user.get(f"/api/bets/{bet}").expect(200)["status"] == "placed"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/wallets/user_x"),
        ("POST", "/api/wallets/user_x/adjustments"),
        ("GET", "/api/reports/kpis?from=2026-01-01&to=2026-01-02"),
        ("GET", "/api/audit/bet/bet_x"),
        ("GET", "/api/requests/req_x/timeline"),
    ],
)
def test_operators_routes_are_for_operators(user: User, method: str, path: str) -> None:
    body = {"asset": "cash", "amount": 1, "reason": "x"} if method == "POST" else None
    answer = user.platform.request(method, path, body, token=user.token, key="k")
    answer.problem(403, "FORBIDDEN")


def test_the_keys_are_public(platform: Platform) -> None:
    keys = platform.get("/.well-known/jwks.json").expect(200)["keys"]
    assert [(key["kty"], key["crv"], key["alg"]) for key in keys] == [("EC", "P-256", "ES256")]
