"""Register, deposit, bet, settle: and every service that should know knows."""

from __future__ import annotations

from decimal import Decimal

from client import Feed, Platform, User, eventually


def test_a_bet_is_paid_for_won_and_told_to_everybody(
    platform: Platform, user: User, feed: Feed
) -> None:
    user.funded("100.00")
    feed.odds(o1="2.15", o2="1.7").expect(204)
    placed = user.bet([feed.selection("2.15")], "10.00", headers={"x-request-id": "req_vertical"})
    bet = placed.expect(201)
    assert placed.headers["x-request-id"] == "req_vertical"
    assert bet["status"] == "placed"
    assert bet["potential_payout"] == Decimal("21.5")
    assert user.balance() == Decimal(90)

    feed.settle(o1="1", o2="0").expect(204)
    eventually(user.balance, lambda now: now == Decimal("111.5"))
    settled = user.get(f"/api/bets/{bet['bet_id']}").expect(200)
    assert (settled["status"], settled["result"], settled["payout"]) == (
        "settled",
        "won",
        Decimal("21.5"),
    )
    entries = [line for line in user.entries() if line["asset"] == "cash"]
    assert [(line["type"], line["amount"]) for line in entries] == [
        ("credit_bet_payout", Decimal("21.5")),
        ("debit_bet_stake", -10),
        ("credit_deposit", 100),
    ]
    assert [line["balance_after"] for line in entries] == [Decimal("111.5"), 90, 100]

    listed = eventually(
        lambda: user.get("/api/bets").expect(200)["items"],
        lambda items: bool(items) and items[0]["status"] == "settled",
    )
    assert listed[0]["bet_id"] == bet["bet_id"]
    eventually(lambda: user.get("/api/loyalty/me").expect(200)["points"], lambda p: p == 10)

    operator = platform.operator_token()
    timeline = eventually(
        lambda: platform.get("/api/requests/req_vertical/timeline", token=operator).expect(200),
        lambda seen: (
            {"BetPlaced", "wallet.debited", "LoyaltyPointsUpdated", "SMSSent"}
            <= {item["event"] for item in seen["items"]}
        ),
    )
    assert timeline["items"][0]["event"] == "BetPlaced"
    events = ["BetPlaced", "wallet.debited", "BetSettled"]
    audit = eventually(
        lambda: platform.get(f"/api/audit/bet/{bet['bet_id']}", token=operator).expect(200),
        lambda seen: [item["event"] for item in seen["items"]] == events,
    )
    assert [item["sequence"] for item in audit["items"]] == [1, 2, 3]


def test_registration_leads_to_a_welcome(platform: Platform, user: User) -> None:
    eventually(lambda: user.balance("bonus"), lambda now: now == Decimal(100))
    items = eventually(lambda: user.get("/api/bonuses/me").expect(200)["items"])
    assert items[0]["kind"] == "welcome"
    eventually(lambda: user.get("/api/notifications").expect(200)["items"])


def test_a_referrer_is_rewarded_once_for_the_first_deposit(platform: Platform, user: User) -> None:
    referee = User(platform, referral_code=user.referral_code)
    referee.funded(20)
    referee.funded(20)
    eventually(lambda: user.balance("bonus"), lambda now: now == Decimal(150))
    rewards = [line for line in user.entries() if line["type"] == "credit_referral"]
    assert len(rewards) == 1


def test_an_accumulator_waits_for_its_last_leg_and_is_lost_with_its_first(
    platform: Platform, user: User
) -> None:
    user.funded(100)
    first, second = Feed(platform), Feed(platform)
    for feed in (first, second):
        feed.odds(o1="1.5", o2="2.5").expect(204)
    both = [first.selection("1.5"), second.selection("1.5")]
    won = user.bet(both, 10).expect(201)
    lost = user.bet([first.selection("2.5", "2"), second.selection("1.5")], 10).expect(201)
    first.settle(o1="1", o2="0").expect(204)
    eventually(lambda: user.get(f"/api/bets/{lost['bet_id']}").body["status"], "settled".__eq__)
    assert user.get(f"/api/bets/{won['bet_id']}").body["status"] == "placed"
    second.settle(o1="1", o2="0").expect(204)
    eventually(user.balance, lambda now: now == Decimal("102.5"))


def test_a_corrected_result_moves_only_the_difference(user: User, feed: Feed) -> None:
    user.funded(100)
    feed.odds(o1="3", o2="2").expect(204)
    user.bet([feed.selection("3")], 10).expect(201)
    now = feed.now()
    feed.settle(ts=now, o1="1", o2="0").expect(204)
    eventually(user.balance, lambda b: b == 120)
    feed.settle(ts=now, o1="1", o2="0").expect(204)
    feed.settle(ts=now + 1, o1="0", o2="1").expect(204)
    eventually(user.balance, lambda b: b == 90)
    # An older message that comes late changes nothing.
    feed.settle(ts=now, o1="1", o2="0").expect(204)
    feed.settle(ts=now + 2, o1='0" void_factor="0.5', o2="1").expect(204)
    eventually(user.balance, lambda b: b == 95)
    amounts = [line["amount"] for line in user.entries() if line["asset"] == "cash"]
    assert amounts == [5, -30, 30, -10, 100]


def test_only_a_confirmed_result_pays(user: User, feed: Feed) -> None:
    user.funded(50)
    feed.odds(o1="2").expect(204)
    bet = user.bet([feed.selection("2")], 10).expect(201)
    feed.settle(certainty=1, o1="1").expect(204)
    feed.settle(certainty=2, o1="0").expect(204)
    eventually(lambda: user.get(f"/api/bets/{bet['bet_id']}").body["status"], "settled".__eq__)
    assert user.balance() == 40


def test_a_cancelled_market_gives_the_stake_back(user: User, feed: Feed) -> None:
    user.funded(50)
    feed.odds(o1="2").expect(204)
    bet = user.bet([feed.selection("2")], "12.34").expect(201)
    feed.cancel().expect(204)
    eventually(lambda: user.get(f"/api/bets/{bet['bet_id']}").body["status"], "cancelled".__eq__)
    assert user.balance() == 50


def test_a_customer_cancels_once(user: User, feed: Feed) -> None:
    user.funded(50)
    feed.odds(o1="2").expect(204)
    bet = user.bet([feed.selection("2")], 10).expect(201)
    path = f"/api/bets/{bet['bet_id']}/cancel"
    cancelled = user.post(path, key="cancel-1").expect(200)
    assert cancelled["refund"]["amount"] == 10
    again = user.post(path, key="cancel-1")
    assert again.expect(200) == cancelled
    assert again.headers["idempotency-hit"] == "true"
    user.post(path, key="cancel-2").problem(422, "BET_CANCELLED")
    assert user.balance() == 50
    late = user.bet([feed.selection("2")], 10).expect(201)
    feed.stop().expect(204)
    path = f"/api/bets/{late['bet_id']}/cancel"
    user.post(path, key="cancel-3").problem(422, "MARKET_SUSPENDED")
    assert user.balance() == 40


def test_nobody_bets_on_a_result_that_is_known(user: User, feed: Feed) -> None:
    user.funded(100)
    feed.odds(o1="2", o2="2").expect(204)
    feed.settle(o1="1", o2="0").expect(204)
    # The feed never suspended the market: the result alone closes it.
    user.bet([feed.selection("2")], 10).problem(422, "MARKET_SUSPENDED")
    feed.odds(ts=feed.now() - 60_000, o1="2", o2="2").expect(204)
    user.bet([feed.selection("2")], 10).problem(422, "MARKET_SUSPENDED")
    assert user.balance() == 100


def test_a_bet_stop_that_comes_after_the_result_voids_late_bets(user: User, feed: Feed) -> None:
    user.funded(100)
    now = feed.now()
    feed.odds(ts=now - 5000, o1="3").expect(204)
    bet = user.bet([feed.selection("3")], 10).expect(201)
    feed.settle(ts=feed.now() + 1000, o1="1").expect(204)
    eventually(user.balance, lambda b: b == 120)
    # It says that the market was closed before the bet was placed.
    feed.stop(ts=now - 4000).expect(204)
    eventually(user.balance, lambda b: b == 100)
    assert user.get(f"/api/bets/{bet['bet_id']}").body["result"] == "void"


def test_every_cancellation_of_a_market_counts(user: User, feed: Feed) -> None:
    user.funded(100)
    feed.odds(o1="2").expect(204)
    bet = user.bet([feed.selection("2")], 10).expect(201)
    now = feed.now()
    elsewhere = f'start_time="{now + 50_000}" end_time="{now + 60_000}"'
    window = f'start_time="{now - 60_000}" end_time="{now + 1}"'
    for ts, times in [(now + 5, elsewhere), (now + 4, window), (now + 6, elsewhere)]:
        feed.send(
            f'<bet_cancel product="3" event_id="{feed.event_id}" timestamp="{ts}" {times}>'
            '<market id="1"/></bet_cancel>'
        ).expect(204)
    eventually(lambda: user.get(f"/api/bets/{bet['bet_id']}").body["status"], "cancelled".__eq__)
    assert user.balance() == 100
