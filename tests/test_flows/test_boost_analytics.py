"""What boosts bring: looks that are told once, and an uplift that was planted and is found."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from boosts import HOUR, rows, told
from client import Platform, User, eventually
from deliver import Event, deliver, event, moment
from test_credits import invoke
from test_gigs import offer

DAY = 24 * HOUR
PATH = "/api/boosts/analytics"
# Views a day of boosted gigs before, and what is beside the three that a boost brings.
LEVELS, NOISE = (1, 2, 3, 4, 2, 3), (0, 1, -1, 0, 1, -1)
PLANTED, TREND = 3, 1


def counted(platform: Platform, kind: str, target: str, *days: str) -> tuple[int, int, bool]:
    """Views, orders, and whether a boost is known, of a target on days."""
    found = [row for day in days for row in rows(platform, "TargetsTable", f"days#{kind}#{day}")]
    own = [row for row in found if row["sk"]["S"].endswith(f"#{target}")]

    def total(name: str) -> int:
        return sum(int(row[name]["N"]) for row in own if name in row)

    return total("views"), total("orders"), any("boosted" in row for row in own)


def stream(kind: str, *parts: str) -> str:
    """The stream of a look: nobody can tell from its name who looked."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part.encode())
    return f"view#{kind}_{digest.hexdigest()[:32]}"


def test_who_looks_at_something_is_told_of_once_a_day_and_not_by_name(platform: Platform) -> None:
    owner, viewer, other = (User(platform) for _ in range(3))
    gig = offer(owner)
    clan = owner.post("/api/clans", {"name": "Lookers"}).expect(201)["clan_id"]
    today = moment()[:10]
    for path in (
        f"/api/gigs/{gig}",
        f"/api/clans/{clan}",
        f"/api/users/{owner.user_id}/visibility",
    ):
        for who in (viewer, owner, viewer, other):
            who.get(path).expect(200)
    viewer.post(f"/api/clans/{clan}/join").expect(200)
    viewer.post(f"/api/gigs/{gig}/completion").expect(200)
    days = {today, moment()[:10]}  # midnight may be between
    for kind, target, views, orders in [
        ("gig", gig, 2, 1),
        ("clan", clan, 2, 1),
        ("profile", owner.user_id, 2, 0),
        ("profile", viewer.user_id, 0, 1),
    ]:
        eventually(
            lambda k=kind, t=target: counted(platform, k, t, *days), (views, orders, False).__eq__
        )
    for kind, target in [("gig", gig), ("clan", clan), ("user", owner.user_id)]:
        looks = told(platform, stream(kind, target, today, viewer.user_id))
        if len(days) == 1:
            (look,) = looks
            assert (look["data"]["day"], target in json.dumps(look["data"])) == (today, True)
            assert viewer.user_id not in json.dumps(look)
        assert told(platform, stream(kind, target, today, gig)) == []


def views(gig: str, at: str, count: int) -> list[Event]:
    return [
        event("gig.viewed", at, ("view", f"gig_{uuid.uuid4().hex}"), gig_id=gig, day=at[:10])
        for _ in range(count)
    ]


def test_an_uplift_that_was_planted_is_found(platform: Platform) -> None:
    # Long enough ago that no other test's boosts are among them.
    now = moment(-12 * DAY)[:10] + "T12:00:00.000Z"
    before = moment(-13 * DAY)[:10] + "T12:00:00.000Z"
    until = now.replace("T12", "T18")
    events: list[Event] = []
    plan: dict[str, tuple[int, int]] = {}
    for level, noise in zip(LEVELS, NOISE, strict=True):
        boosted, control = (f"gig_{uuid.uuid4().hex}" for _ in range(2))
        boost_id = f"boost_{uuid.uuid4().hex}"
        data = {"targetId": boosted, "eventId": boost_id, "duration": 6}
        times = {"timestamp": now, "expiresAt": until}
        events.append(event("gig_boost", now, ("boost", boost_id), **data, **times))
        plan[boosted] = (level, level + TREND + PLANTED + noise)
        plan[control] = (level, level + TREND)
        if noise == 0:
            events.append(event("gig.completed", now, ("gig", boosted), gig_id=boosted))
    for gig, (first, second) in plan.items():
        events += views(gig, before, first) + views(gig, now, second)
    # In any order, and a part of them again.
    deliver(platform, "target-days", *reversed(events), *events[::5])

    def known() -> dict[str, tuple[int, int]]:
        days = [rows(platform, "TargetsTable", f"days#gig#{at[:10]}") for at in (before, now)]
        of = [{row["sk"]["S"].split("#")[1]: row for row in day} for day in days]
        counts = {
            gig: [int(day.get(gig, {}).get("views", {"N": "0"})["N"]) for day in of] for gig in plan
        }
        return {gig: (first, second) for gig, (first, second) in counts.items()}

    eventually(known, plan.__eq__)
    eventually(
        lambda: [counted(platform, "gig", gig, now[:10])[1:] for gig in plan],
        lambda all_: sorted(all_) == sorted([(0, False)] * 6 + [(0, True)] * 4 + [(1, True)] * 2),
    )

    done = invoke(platform, "boost-analytics")
    assert done["pairs"] >= len(LEVELS)
    operator = platform.operator_token()

    def analytics(query: str) -> Any:
        return platform.get(f"{PATH}?{query}", token=operator)

    found = analytics("kind=gig").expect(200)
    assert found == analytics(f"kind=gig&day={done['day']}").expect(200)
    assert found["window"]["to"] == done["day"] < moment()[:10]
    assert found["boosts"] == found["pairs"] + found["unmatched"]["all"]
    assert (float(found["confidence"]), found["sampled"]) == (0.95, False)
    assert found["method"] == "matched_difference_in_differences"
    looks, orders = ({n: float(v) for n, v in found[of].items()} for of in ("views", "orders"))
    assert looks["low"] < PLANTED < looks["high"], found
    assert orders["low"] < 1 / 3 < orders["high"], found
    if found["pairs"] == len(LEVELS):
        # What R's t.test(c(3, 4, 2, 3, 4, 2)) says.
        assert (looks["uplift"], orders["uplift"]) == (3, 0.333333)
        assert abs(looks["low"] - 2.061356) < 1e-5 and abs(looks["high"] - 3.938644) < 1e-5

    few = analytics("kind=clan").expect(200)
    if few["pairs"] < 5:
        assert str(few["pairs"]) in few["no_interval"] and "low" not in few["views"]
    for query, pointer in [
        ("", "/kind"),
        ("kind=person", "/kind"),
        ("kind=gig&day=2026-02-30", "/day"),
    ]:
        refused = analytics(query).problem(400, "QUERY_INVALID")
        assert refused["errors"][0]["pointer"] == pointer
    analytics("kind=gig&day=2020-01-01").problem(404, "NOT_COMPUTED")
    User(platform).get(f"{PATH}?kind=gig").problem(403, "FORBIDDEN")
