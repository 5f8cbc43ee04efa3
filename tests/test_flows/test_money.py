"""No double debit, no oversold wallet, the first answer for ever."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from client import Feed, Platform, User, eventually


def test_one_key_fifty_times_at_once_is_one_bet(user: User, feed: Feed) -> None:
    user.funded(100)
    feed.odds(o1="2").expect(204)
    with ThreadPoolExecutor(50) as pool:
        answers = list(
            pool.map(lambda _: user.bet([feed.selection("2")], 10, key="same"), range(50))
        )
    bodies = {str(answer.expect(201)) for answer in answers}
    assert len(bodies) == 1
    assert user.balance() == 90
    stakes = [line for line in user.entries() if line["type"] == "debit_bet_stake"]
    assert len(stakes) == 1


def test_a_hundred_bets_on_a_wallet_for_fifty(user: User, feed: Feed) -> None:
    user.funded(50)
    feed.odds(o1="2").expect(204)

    def bet(number: int) -> str:
        for _ in range(10):
            answer = user.bet([feed.selection("2")], 1, key=f"bet-{number}")
            if answer.status != 429:
                break
        return "placed" if answer.status == 201 else answer.body["code"]

    with ThreadPoolExecutor(100) as pool:
        outcomes = Counter(pool.map(bet, range(100)))
    assert outcomes == {"placed": 50, "WALLET_INSUFFICIENT_BALANCE": 50}
    assert user.balance() == 0
    cash = [line for line in user.entries() if line["asset"] == "cash"]
    assert sum(line["amount"] for line in cash) == 0
    versions = [line["version"] for line in user.entries()]
    assert versions == sorted(versions, reverse=True)


def test_a_refused_bet_stays_refused_after_a_top_up(user: User, feed: Feed) -> None:
    feed.odds(o1="2").expect(204)
    refused = user.bet([feed.selection("2")], 10, key="early")
    problem = refused.problem(422, "WALLET_INSUFFICIENT_BALANCE")
    assert (problem["amount_required"], problem["amount_available"]) == (10, 0)
    user.funded(100)
    again = user.bet([feed.selection("2")], 10, key="early")
    assert again.status == 422
    assert again.headers["idempotency-hit"] == "true"
    assert again.body == refused.body
    user.bet([feed.selection("2")], 10, key="late").expect(201)


def test_a_reused_key_is_told_from_a_repetition(user: User, feed: Feed) -> None:
    user.funded(100)
    feed.odds(o1="2").expect(204)
    user.bet([feed.selection("2")], 10, key="key").expect(201)
    user.bet([feed.selection("2")], 11, key="key").problem(422, "IDEMPOTENCY_KEY_REUSED")
    body = {"amount": 1, "asset": "cash", "method": "sandbox"}
    user.post("/api/payments/deposits", body).problem(400, "IDEMPOTENCY_KEY_MISSING")
    assert user.balance() == 90


def test_changed_odds_and_suspended_markets_are_refused(user: User, feed: Feed) -> None:
    user.funded(100)
    feed.odds(o1="2").expect(204)
    problem = user.bet([feed.selection("2.1")], 10).problem(422, "ODDS_CHANGED")
    assert problem["errors"][0]["pointer"] == "/selections/0/odds"
    better = user.bet([feed.selection("1.9")], 10, accept_odds="better").expect(201)
    assert better["total_odds"] == 2
    feed.odds(status=-1, o1="2").expect(204)
    user.bet([feed.selection("2")], 10).problem(422, "MARKET_SUSPENDED")
    feed.odds(o1="2").expect(204)
    feed.stop().expect(204)
    user.bet([feed.selection("2")], 10).problem(422, "MARKET_SUSPENDED")
    assert user.balance() == 90


def test_transfers_move_money_once(platform: Platform, user: User) -> None:
    other = User(platform)
    user.funded(100)
    body = {"to_user_id": other.user_id, "asset": "cash", "amount": "40.50"}
    first = user.post("/api/wallets/me/transfers", body, key="t").expect(201)
    assert user.post("/api/wallets/me/transfers", body, key="t").expect(201) == first
    assert (user.balance(), other.balance()) == (Decimal("59.5"), Decimal("40.5"))
    body = body | {"amount": 1000}
    refused = user.post("/api/wallets/me/transfers", body, key="u")
    refused.problem(422, "WALLET_INSUFFICIENT_BALANCE")


def test_the_balance_as_of_a_moment(user: User, feed: Feed) -> None:
    user.funded(100)
    moment = user.entries()[0]["occurred_at"]
    feed.odds(o1="2").expect(204)
    user.bet([feed.selection("2")], 10).expect(201)
    then = user.get(f"/api/wallets/me?at={moment}").expect(200)
    cash = [line for line in then["balances"] if line["asset"] == "cash"]
    assert cash[0]["available"] == 100
    before = user.get("/api/wallets/me?at=2020-01-01T00:00:00Z").expect(200)
    assert (before["version"], before["balances"]) == (0, [])


def test_a_stake_limit_holds_in_the_same_write(user: User, feed: Feed) -> None:
    user.funded(100)
    limit = {"kind": "stake", "period": "day", "asset": "cash", "amount": 15}
    user.put("/api/wallets/me/limits", limit).expect(200)
    feed.odds(o1="2").expect(204)
    user.bet([feed.selection("2")], 10).expect(201)
    user.bet([feed.selection("2")], 10).problem(422, "LIMIT_REACHED")
    raised = user.put("/api/wallets/me/limits", limit | {"amount": 500}).expect(200)
    assert raised["amount"] == 15
    assert raised["pending"]["amount"] == 500


def used(user: User) -> Decimal:
    return user.get("/api/wallets/me").expect(200)["limits"][0]["used"]


def test_deposits_at_once_do_not_pass_their_limit_together(user: User) -> None:
    limit = {"kind": "deposit", "period": "day", "asset": "cash", "amount": 500}
    user.put("/api/wallets/me/limits", limit).expect(200)

    def deposit(number: int) -> str:
        for _ in range(10):
            answer = user.deposit(100, key=f"deposit-{number}")
            if answer.status != 429:
                break
        return "accepted" if answer.status == 202 else answer.body["code"]

    with ThreadPoolExecutor(10) as pool:
        outcomes = Counter(pool.map(deposit, range(10)))
    assert outcomes == {"accepted": 5, "LIMIT_REACHED": 5}
    eventually(user.balance, lambda balance: balance == 500)
    assert used(user) == 500, "what was counted on its way is not counted on arrival"


def test_a_declined_deposit_gives_its_limit_back(user: User) -> None:
    limit = {"kind": "deposit", "period": "day", "asset": "cash", "amount": 150}
    user.put("/api/wallets/me/limits", limit).expect(200)
    user.deposit(100, "sandbox_silent").expect(202)
    user.deposit(100).problem(422, "LIMIT_REACHED")
    user.deposit(50, "sandbox_decline").expect(202)
    eventually(lambda: used(user), lambda now: now == 100)
    user.funded(50)
    assert used(user) == 150


def lots(user: User, asset: str) -> list[dict[str, Any]]:
    """The parts of a balance that expire, which no route shows."""
    table = user.platform.aws("dynamodb")
    names = [name for name in table.list_tables()["TableNames"] if "WalletsTable" in name]
    item = table.get_item(TableName=names[0], Key={"pk": {"S": user.user_id}})["Item"]
    return json.loads(item["assets"]["S"]).get(asset, {}).get("lots", [])


def test_bonus_money_comes_back_with_its_expiry(user: User, feed: Feed) -> None:
    welcome = eventually(lambda: user.balance("bonus"))
    granted = lots(user, "bonus")
    end = granted[0]["expires_at"]
    assert granted == [{"amount": welcome, "expires_at": end}]
    feed.odds(o1="2").expect(204)
    bet = user.bet([feed.selection("2")], welcome, asset="bonus").expect(201)
    assert lots(user, "bonus") == []
    user.post(f"/api/bets/{bet['bet_id']}/cancel", {}, key="c").expect(200)
    assert lots(user, "bonus") == granted
    user.bet([feed.selection("2")], welcome, asset="bonus").expect(201)
    feed.settle(o1="1").expect(204)
    eventually(lambda: user.balance("bonus"), lambda balance: balance == 2 * welcome)
    assert lots(user, "bonus") == [{"amount": 2 * welcome, "expires_at": end}]


def test_an_operator_adjusts_a_wallet_and_nobody_else_does(platform: Platform, user: User) -> None:
    path = f"/api/wallets/{user.user_id}/adjustments"
    body = {"asset": "rez_coins", "amount": 25, "reason": "goodwill"}
    user.post(path, body, key="a").problem(403, "FORBIDDEN")
    operator = platform.operator_token()
    platform.post(path, body, token=operator, key="a").expect(201)
    platform.post(path, body, token=operator, key="a").expect(201)
    assert user.balance("rez_coins") == 25
    platform.post(path, body | {"amount": -100}, token=operator, key="b").problem(
        422, "WALLET_INSUFFICIENT_BALANCE"
    )


def test_a_gift_that_expires_is_answered_alike_before_and_after_its_end(
    platform: Platform, user: User
) -> None:
    path = f"/api/wallets/{user.user_id}/adjustments"
    operator = platform.operator_token()

    def gift(seconds: int) -> dict[str, Any]:
        end = datetime.now(UTC) + timedelta(seconds=seconds)
        return {"asset": "bonus", "amount": 5, "reason": "goodwill", "expires_at": f"{end:%FT%TZ}"}

    def give(body: dict[str, Any], key: str) -> Any:
        return platform.post(path, body, token=operator, key=key)

    brief = gift(6)
    first = give(brief, "brief").expect(201)
    time.sleep(6.5)
    assert give(brief, "brief").expect(201) == first
    gone = gift(-1)
    refused = give(gone, "gone").problem(422, "EXPIRY_INVALID")
    assert give(gone, "gone").expect(422) == refused


def test_self_exclusion_stops_play_at_once(user: User, feed: Feed) -> None:
    user.funded(100)
    feed.odds(o1="2").expect(204)
    body = {"reason": "self_exclusion", "self_exclusion_days": 7}
    assert user.post("/api/users/me/deactivate", body).status in (200, 204)
    user.bet([feed.selection("2")], 10).problem(422, "SELF_EXCLUDED")
    eventually(lambda: user.get("/api/wallets/me").body["status"], "self_excluded".__eq__)
