"""Sessions and accounts: refresh tokens, passwords, contact points, the public key."""

from __future__ import annotations

import uuid

from client import Platform, User


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


def test_the_keys_are_public(platform: Platform) -> None:
    keys = platform.get("/.well-known/jwks.json").expect(200)["keys"]
    assert [(key["kty"], key["crv"], key["alg"]) for key in keys] == [("EC", "P-256", "ES256")]
