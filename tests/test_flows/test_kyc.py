"""What operators know of who a person is: set by them, seen by both, told as an event."""

from __future__ import annotations

from typing import Any

import pytest
from client import Platform, User, eventually


def changes(platform: Platform, user: User, token: str) -> list[dict[str, Any]]:
    """The person's changes of profile, as the audit trail has them."""
    trail = platform.get(f"/api/audit/user/{user.user_id}", token=token).expect(200)
    return [event for event in trail["items"] if event["event"] == "UserProfileUpdated"]


def test_an_operator_says_who_a_person_is_and_everybody_concerned_sees_it(
    platform: Platform, user: User
) -> None:
    operator = platform.operator_token()
    path = f"/api/users/{user.user_id}"
    assert "kyc_status" not in user.get("/api/users/me").expect(200)
    assert "kyc_status" not in platform.get(path, token=operator).expect(200)
    for status in ["pending", "verified"]:
        said = platform.put(f"{path}/kyc", {"status": status}, token=operator).expect(200)
        assert said == {"user_id": user.user_id, "kyc_status": status}
        assert user.get("/api/users/me").expect(200)["kyc_status"] == status
        assert platform.get(path, token=operator).expect(200)["kyc_status"] == status
    eventually(lambda: changes(platform, user, operator), lambda told: len(told) == 2)


def test_the_same_again_changes_nothing(platform: Platform, user: User) -> None:
    operator = platform.operator_token()
    path = f"/api/users/{user.user_id}/kyc"
    for status in ["rejected", "rejected", "verified", "verified"]:
        platform.put(path, {"status": status}, token=operator).expect(200)
    told = eventually(lambda: changes(platform, user, operator), lambda told: len(told) >= 2)
    # Nothing stands between the two changes in the person's stream.
    first, second = sorted(event["sequence"] for event in told)
    assert second == first + 1


def test_a_change_of_the_profile_keeps_what_is_known(platform: Platform, user: User) -> None:
    operator = platform.operator_token()
    platform.put(f"/api/users/{user.user_id}/kyc", {"status": "verified"}, token=operator)
    changed = platform.request("PATCH", "/api/users/me", {"language": "de"}, token=user.token)
    assert changed.expect(200)["kyc_status"] == "verified"


def test_an_operator_sees_no_names_and_no_contact_points(platform: Platform, user: User) -> None:
    seen = platform.get(f"/api/users/{user.user_id}", token=platform.operator_token()).expect(200)
    assert (seen["user_id"], seen["country"], seen["status"]) == (user.user_id, "IN", "active")
    shown = str(seen)
    for name in ["full_name", "email", "phone"]:
        assert name not in seen
        assert user.registration[name] not in shown


@pytest.mark.parametrize("body", [{"status": "unknown"}, {}, {"status": "verified", "by": "me"}])
def test_only_what_is_known_can_be_said(
    platform: Platform, user: User, body: dict[str, Any]
) -> None:
    answer = platform.put(f"/api/users/{user.user_id}/kyc", body, token=platform.operator_token())
    answer.problem(400, "BODY_MALFORMED")
    assert "kyc_status" not in user.get("/api/users/me").expect(200)


def test_nobody_is_not_found_and_only_operators_are_asked(platform: Platform, user: User) -> None:
    operator = platform.operator_token()
    nobody = "/api/users/user_nobody"
    platform.get(nobody, token=operator).problem(404, "NOT_FOUND")
    answer = platform.put(f"{nobody}/kyc", {"status": "verified"}, token=operator)
    answer.problem(404, "NOT_FOUND")
    own = f"/api/users/{user.user_id}"
    user.get(own).problem(403, "FORBIDDEN")
    user.put(f"{own}/kyc", {"status": "verified"}).problem(403, "FORBIDDEN")
    assert "kyc_status" not in user.get("/api/users/me").expect(200)
