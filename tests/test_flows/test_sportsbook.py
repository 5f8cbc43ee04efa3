"""Beyond paying bets: exposure, provisional results, since when they are known, market groups."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from client import Feed, Platform, User, eventually
from ledger import Ledger


def _market(user: User, feed: Feed) -> Any:
    return user.get(f"/api/fixtures/{feed.event_id}").expect(200)["markets"][0]


def _outcome(user: User, feed: Feed, outcome_id: str = "1") -> dict[str, Any]:
    outcomes = _market(user, feed)["outcomes"]
    return next(outcome for outcome in outcomes if outcome["outcome_id"] == outcome_id)


def _exposure(platform: Platform, token: str, event_id: str) -> dict[str, tuple[Any, ...]]:
    """By outcome of market 1 in cash: singles, accumulators (bets, stake, payout) and the net."""
    path = f"/api/fixtures/{event_id}/exposure?market_id=1"
    markets = platform.get(path, token=token).expect(200)["markets"]
    outcomes = markets[0]["assets"][0]["outcomes"] if markets else []

    def open_bets(of: dict[str, Any]) -> tuple[Any, ...]:
        return of["bets"], of["stake"], of["potential_payout"]

    return {
        line["outcome_id"]: (
            open_bets(line["singles"]),
            open_bets(line["accumulators"]),
            line["net_if_wins"],
        )
        for line in outcomes
    }


def test_the_house_sees_what_open_bets_may_cost(platform: Platform, user: User, feed: Feed) -> None:
    other = Feed(platform)
    user.get(f"/api/fixtures/{feed.event_id}/exposure").problem(403, "FORBIDDEN")
    operator = platform.operator_token()
    user.funded(100)
    for event in (feed, other):
        event.odds(o1="3", o2="2").expect(204)
    user.bet([feed.selection("3")], 10).expect(201)
    second = user.bet([feed.selection("2", "2")], 20).expect(201)
    user.bet([feed.selection("3"), other.selection("2", "2")], 5).expect(201)

    def seen(event: Feed = feed) -> dict[str, tuple[Any, ...]]:
        return _exposure(platform, operator, event.event_id)

    none = (0, 0, 0)
    single, double = (1, 10, 30), (1, 5, 30)
    eventually(seen, lambda now: now == {"1": (single, double, -25), "2": ((1, 20, 40), none, -5)})
    assert seen(other) == {"2": (none, double, -25)}

    user.post(f"/api/bets/{second['bet_id']}/cancel", key="cancel-exposed").expect(200)
    eventually(seen, lambda now: now == {"1": (single, double, -45)})
    # Outcome 1 loses: both bets on it are decided, the double also where its other leg is.
    now = feed.now()
    feed.settle(ts=now, o1="0", o2="1").expect(204)
    eventually(seen, lambda now: now == {})
    eventually(lambda: seen(other), lambda now: now == {})
    # A correction, and the first message once more: the single is decided otherwise, the double
    # waits again.
    feed.settle(ts=now + 1, o1='0" void_factor="0.5', o2="1").expect(204)
    feed.settle(ts=now, o1="0", o2="1").expect(204)
    # 100 - 10 - 5 with the cancelled 20 back; the single comes back by half.
    eventually(user.balance, lambda balance: balance == 90)
    eventually(seen, lambda now: now == {"1": (none, double, -25)})
    eventually(lambda: seen(other), lambda now: now == {"2": (none, double, -25)})
    other.settle(o1="0", o2="1").expect(204)
    # Half of 5 at 3 is lost, the other half void: 5 x 0.5 x 2.
    eventually(user.balance, lambda balance: balance == 95)
    eventually(seen, lambda now: now == {})
    eventually(lambda: seen(other), lambda now: now == {})


def test_a_scouts_result_is_shown_and_pays_nothing(user: User, feed: Feed) -> None:
    user.funded(50)
    feed.odds(o1="2", o2="3").expect(204)
    bet = user.bet([feed.selection("2")], 10).expect(201)
    feed.settle(certainty=1, o1="1", o2="0").expect(204)
    assert _market(user, feed)["status"] == "settled"
    outcome = _outcome(user, feed)
    assert (outcome["result_provisional"], outcome["active"]) == ("won", False)
    assert "result" not in outcome
    time.sleep(1)
    assert user.get(f"/api/bets/{bet['bet_id']}").expect(200)["status"] == "placed"
    feed.settle(o1="0", o2="1").expect(204)
    outcome = _outcome(user, feed)
    assert outcome["result"] == "lost"
    assert "result_provisional" not in outcome
    eventually(lambda: user.get(f"/api/bets/{bet['bet_id']}").body["status"], "settled".__eq__)
    assert user.balance() == 40


@pytest.fixture
def paying_from_scouts(platform: Platform) -> Iterator[None]:
    """The stage's parameter SettleCertainty, as the feed's function has it, is 1 for a test."""
    functions = platform.aws("lambda")
    names = (f["FunctionName"] for f in functions.list_functions()["Functions"])
    name = next(name for name in names if name.endswith("betradar-feed"))
    before = functions.get_function_configuration(FunctionName=name)["Environment"]
    assert before["Variables"]["SETTLE_CERTAINTY"] == "2"
    paying = {"Variables": before["Variables"] | {"SETTLE_CERTAINTY": "1"}}
    functions.update_function_configuration(FunctionName=name, Environment=paying)
    yield
    functions.update_function_configuration(FunctionName=name, Environment=before)


@pytest.mark.usefixtures("paying_from_scouts")
def test_a_stage_may_pay_what_the_scouts_say(user: User, feed: Feed) -> None:
    user.funded(50)
    feed.odds(o1="2", o2="3").expect(204)
    user.bet([feed.selection("2")], 10).expect(201)
    now = feed.now()
    feed.settle(ts=now, certainty=1, o1="1", o2="0").expect(204)
    eventually(user.balance, lambda balance: balance == 60)
    assert _outcome(user, feed)["result"] == "won"
    # The confirmed result corrects it: only the difference moves.
    feed.settle(ts=now + 1, certainty=2, o1="0", o2="1").expect(204)
    eventually(user.balance, lambda balance: balance == 40)


@pytest.mark.parametrize("certainty", [1, 2])
@pytest.mark.parametrize("earliest_first", [True, False])
def test_a_result_is_known_since_its_earliest_message(
    user: User, feed: Feed, earliest_first: bool, certainty: int
) -> None:
    user.funded(100)
    now = feed.now()
    feed.odds(ts=now - 5000, o1="3").expect(204)
    bet = user.bet([feed.selection("3")], 10).expect(201)
    messages = [(now - 4000, certainty), (feed.now() + 1000, 2)]
    for ts, certain in messages if earliest_first else reversed(messages):
        feed.settle(ts=ts, certainty=certain, o1="1").expect(204)
        if not earliest_first and certain == 2 and ts > now:
            eventually(user.balance, lambda balance: balance == 120)
    # It was known before the bet was placed, on odds from before that.
    eventually(user.balance, lambda balance: balance == 100)
    eventually(lambda: user.get(f"/api/bets/{bet['bet_id']}").body.get("result"), "void".__eq__)


def test_a_bet_stop_closes_the_groups_it_names(user: User, feed: Feed) -> None:
    user.funded(50)

    def opened() -> None:
        time.sleep(0.01)
        feed.odds(o1="2").expect(204)
        assert _market(user, feed)["status"] == "active"

    opened()
    # A group that no description mentions could be any market's.
    feed.stop(groups=f"group_of_{feed.event_id.replace(':', '_')}").expect(204)
    assert _market(user, feed)["status"] == "suspended"
    feed.send(
        '<?xml version="1.0"?><market_descriptions response_code="OK">'
        '<market id="1" name="1x2" groups="all|score|regular_play"/>'
        '<market id="166" name="Total corners" groups="all|regular_play|corners">'
        '<specifiers><specifier name="total" type="decimal"/></specifiers></market>'
        "</market_descriptions>"
    ).expect(204)
    opened()
    feed.stop(groups="corners").expect(204)
    assert _market(user, feed)["status"] == "active"
    bet = user.bet([feed.selection("2")], 10).expect(201)
    feed.stop(groups="score|corners").expect(204)
    assert _market(user, feed)["status"] == "suspended"
    user.bet([feed.selection("2")], 10).problem(422, "MARKET_SUSPENDED")
    # The stop of corners closed nothing that this bet is on: it is paid.
    feed.settle(o1="1").expect(204)
    eventually(user.balance, lambda balance: balance == 60)
    assert user.get(f"/api/bets/{bet['bet_id']}").expect(200)["result"] == "won"


def test_a_bet_stop_that_cannot_be_told_apart_closes_everything(user: User, feed: Feed) -> None:
    for groups in ("", "|".join(["score"] * 50), "sc#ore"):
        time.sleep(0.01)
        feed.odds(o1="2").expect(204)
        assert _market(user, feed)["status"] == "active"
        feed.stop(groups=groups).expect(204)
        assert _market(user, feed)["status"] == "suspended"


def test_a_market_that_is_opened_again_after_its_result_waits_for_the_next(
    user: User, feed: Feed
) -> None:
    user.funded(50)
    now = feed.now()
    feed.odds(ts=now - 3000, o1="2", o2="2").expect(204)
    feed.settle(ts=now - 2000, o1="1", o2="0").expect(204)
    assert _outcome(user, feed)["result"] == "won"
    feed.odds(ts=now - 1000, o1="2", o2="2").expect(204)
    assert "result" not in _outcome(user, feed)
    # Nobody is paid on what was known when they bet.
    first = user.bet([feed.selection("2")], 10).expect(201)
    second = user.bet([feed.selection("2", "2")], 10).expect(201)
    listed = {first["bet_id"], second["bet_id"]}
    eventually(
        lambda: {bet["bet_id"] for bet in user.get("/api/bets").expect(200)["items"]}, listed.__eq__
    )
    assert user.get(f"/api/bets/{first['bet_id']}").expect(200)["status"] == "placed"
    assert user.balance() == 30
    feed.settle(ts=now + 60_000, o1="0", o2="1").expect(204)
    eventually(user.balance, lambda balance: balance == 50)
    for bet, result in ((first, "lost"), (second, "won")):
        path = f"/api/bets/{bet['bet_id']}"
        eventually(lambda path=path: user.get(path).expect(200).get("result"), result.__eq__)


def test_a_void_bets_stake_comes_back_as_if_it_had_not_been_placed(user: User, feed: Feed) -> None:
    user.funded(50)
    limit = {"kind": "stake", "period": "day", "asset": "cash", "amount": 20}
    user.put("/api/wallets/me/limits", limit).expect(200)
    feed.odds(o1="2").expect(204)
    user.bet([feed.selection("2")], 20).expect(201)
    user.bet([feed.selection("2")], 1).problem(422, "LIMIT_REACHED")
    feed.settle(o1='0" void_factor="1').expect(204)
    eventually(user.balance, lambda balance: balance == 50)
    assert "credit_bet_refund" in {entry["type"] for entry in user.entries()}
    feed.odds(ts=feed.now() + 60_000, o1="2").expect(204)
    user.bet([feed.selection("2")], 20).expect(201)


def test_what_takes_a_decision_back_is_noted_before_anything_is_paid(
    platform: Platform, user: User, feed: Feed
) -> None:
    """Else a message with the older result, which may come late, would pay on it."""
    user.funded(50)
    feed.odds(o1="2", o2="3").expect(204)
    bet = user.bet([feed.selection("2")], 10).expect(201)
    feed.settle(o1="-1", o2="1").expect(204)
    stream, ledger = f"bet#{bet['bet_id']}", Ledger(platform)

    def state() -> dict[str, Any]:
        return json.loads(ledger.stream(stream)[-1]["st"]["S"])

    looked_at = eventually(state, lambda now: now.get("settled_on"))
    assert (looked_at["status"], user.balance()) == ("placed", 40)
    feed.settle(o1="1", o2="0").expect(204)
    eventually(user.balance, lambda now: now == 60)
    assert state()["settled_on"] > looked_at["settled_on"]
