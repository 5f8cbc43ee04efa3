"""The activity log: what a person did, newest first, for the person alone."""

from __future__ import annotations

from typing import Any

from client import Grocery, Platform, User, eventually


def activity(user: User, query: str = "") -> list[dict[str, Any]]:
    """All pages of it, two entries at a time."""
    found, cursor = [], None
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        page = user.get(f"/api/activity?limit=2{query}{more}").expect(200)
        found += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return found


def names(entries: list[dict[str, Any]]) -> set[str]:
    return {entry["event"] for entry in entries}


def test_what_a_person_did_is_listed_newest_first(platform: Platform) -> None:
    user = User(platform).funded(100)
    other = User(platform)
    body = {"to_user_id": other.user_id, "asset": "cash", "amount": 5, "note": "for lunch"}
    user.post("/api/wallets/me/transfers", body, key="lunch").expect(201)
    user.put("/api/notifications/preferences", {"sms": False}).expect(200)
    platform.request("PATCH", "/api/users/me", {"language": "de"}, token=user.token).expect(200)
    wanted = {"UserLogin", "UserProfileUpdated", "DepositSuccess", "wallet.credited"}
    wanted |= {"wallet.transferred"}
    eventually(lambda: names(activity(user)), wanted.issubset)
    entries = activity(user)
    moments = [entry["at"] for entry in entries]
    assert moments == sorted(moments, reverse=True)
    assert len({entry["event_id"] for entry in entries}) == len(entries)
    sent = next(entry for entry in entries if entry["event"] == "wallet.transferred")
    assert (sent["to_user_id"], sent["amount"], sent["asset"]) == (other.user_id, 5, "cash")
    changed = next(entry for entry in entries if entry["event"] == "UserProfileUpdated")
    assert changed["changed"] == ["language"]
    (received,) = eventually(
        lambda: [one for one in activity(other) if one["event"] == "wallet.transferred"]
    )
    assert received["from_user_id"] == user.user_id and "to_user_id" not in received
    assert "for lunch" not in str(entries)


def test_kinds_and_periods_narrow_it(platform: Platform) -> None:
    user = User(platform).funded(100)
    eventually(lambda: names(activity(user)), {"UserLogin", "DepositSuccess"}.issubset)
    assert names(activity(user, "&kind=deposit")) == {"DepositSuccess"}
    assert names(activity(user, "&kind=account")) <= {"UserLogin", "UserProfileUpdated"}
    everything = eventually(lambda: activity(user))
    day = everything[0]["at"][:10]
    # Others of what follows from a deposit may still come.
    eventually(lambda: len(activity(user, f"&to={day}")) == len(activity(user)))
    assert activity(user, "&to=2020-01-01") == []
    moment = everything[-1]["at"]
    assert [one["at"] for one in activity(user, f"&from={moment}&to={moment}")] == [moment]
    for query, code in [
        ("kind=lottery", "KIND_INVALID"),
        ("from=yesterday", "DATE_INVALID"),
        ("from=2026-02-02&to=2026-02-01", "PERIOD_INVALID"),
    ]:
        user.get(f"/api/activity?{query}").problem(400, code)


def test_nobody_sees_what_others_did(platform: Platform) -> None:
    user, stranger = User(platform).funded(10), User(platform)
    eventually(lambda: activity(user))
    ids = {one["event_id"] for one in activity(user)}
    assert ids.isdisjoint(one["event_id"] for one in activity(stranger))
    platform.get("/api/activity").expect(401)


def test_an_order_is_in_the_log_of_who_ordered(platform: Platform) -> None:
    shop = Grocery(platform)
    user = shop.shopper()
    order_id = shop.ordered(user)
    wanted = {"order.initiated", "order.paid", "order.created", "wallet.debited"}
    eventually(
        lambda: {one["event"] for one in activity(user) if one["related_entity"]["id"] == order_id},
        wanted.__eq__,
    )
    created = next(one for one in activity(user, "&kind=order") if one["event"] == "order.created")
    assert (created["merchant_name"], created["amount"]) == (shop.name, 500)
