"""The first vertical, told as it happens: register, deposit, bet, settle, and who heard of it.

Everything goes over HTTP as any client's requests do; the table of services at each step is read
from the audit trail's timeline of the request.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from client import Feed, Platform, User, eventually

T = TypeVar("T")

WIDTH = 100
WAIT_SECONDS = 60


class Story:
    """Prints the steps of the demonstration and how long each took."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.step_number = 0

    def step(self, title: str, act: Callable[[], T]) -> T:
        self.step_number += 1
        began = time.monotonic()
        print(f"\n{self.step_number}. {title}", flush=True)
        result = act()
        self.say(f"done in {(time.monotonic() - began) * 1000:.0f} ms")
        return result

    @staticmethod
    def say(text: str) -> None:
        print(f"   {text}", flush=True)

    def travelled(self, request_id: str, wanted: set[str], token: str) -> list[dict[str, Any]]:
        """Waits until the events of a request have reached the trail, and shows them."""
        path = f"/api/requests/{request_id}/timeline"
        seen = eventually(
            lambda: self.platform.get(path, token=token).expect(200)["items"],
            lambda items: wanted <= {item["event"] for item in items},
            WAIT_SECONDS,
        )
        for item in seen:
            entity = f"{item['entity']['type']}/{item['entity']['id']}"
            self.say(f"  {item['delay_ms']:>6} ms  {item['event']:<22} {entity[:52]}")
        return seen


def tell(platform: Platform) -> None:
    """Drives the demonstration; raises where the platform does not keep its word."""
    story, run = Story(platform), uuid.uuid4().hex[:8]
    operator = platform.operator_token()
    print("=" * WIDTH)
    print("From registration to winnings, over HTTP")
    print("=" * WIDTH, flush=True)

    user = story.step("Jane registers and logs in", lambda: User(platform))
    story.say(f"identity    user {user.user_id}, ES256 token signed by KMS")
    story.step(
        "marketing grants a welcome bonus, the wallet credits it, a message goes out",
        lambda: eventually(lambda: user.balance("bonus"), seconds=WAIT_SECONDS),
    )
    story.say(f"wallet      bonus {user.balance('bonus')}")

    request = {"x-request-id": f"req_deposit_{run}"}
    body = {"amount": 100, "asset": "cash", "method": "sandbox"}

    def deposit() -> Any:
        answer = user.post(
            "/api/payments/deposits", body, key=f"deposit-{run}", headers=request
        ).expect(202)
        eventually(user.balance, lambda cash: cash == 100, WAIT_SECONDS)
        return answer

    payment = story.step("Jane deposits 100; the sandbox provider calls back, signed", deposit)
    story.say(f"payment     {payment['payment_id']}")
    story.say(f"wallet      cash {user.balance()}")

    feed = Feed(platform)

    def odds() -> None:
        feed.odds(o1="2.15", o2="3.40", o3="3.05").expect(204)

    story.step(f"BetRadar sends odds for {feed.event_id} (signed XML)", odds)
    fixture = user.get(f"/api/fixtures/{feed.event_id}").expect(200)
    prices = ", ".join(f"{o['outcome_id']}: {o['odds']}" for o in fixture["markets"][0]["outcomes"])
    story.say(f"sportsbook  market 1 is {fixture['markets'][0]['status']}; {prices}")

    request = {"x-request-id": f"req_bet_{run}"}
    bet = story.step(
        "Jane bets 10 on outcome 1",
        lambda: user.bet([feed.selection("2.15")], 10, key=f"bet-{run}", headers=request),
    ).expect(201)
    story.say(f"sportsbook  {bet['bet_id']} at {bet['total_odds']}, pays {bet['potential_payout']}")
    story.say("            bet, debit and events were one transaction of three items")
    again = user.bet([feed.selection("2.15")], 10, key=f"bet-{run}")
    hit = again.headers.get("idempotency-hit")
    story.say(f"            the same key again: same bet, Idempotency-Hit: {hit}")
    wanted = {"BetPlaced", "wallet.debited", "LoyaltyPointsUpdated", "SMSSent"}
    story.step("who heard of it", lambda: story.travelled(f"req_bet_{run}", wanted, operator))

    def settle() -> None:
        feed.settle(o1="1", o2="0", o3="0").expect(204)
        eventually(user.balance, lambda cash: cash > 90, WAIT_SECONDS)

    story.step("BetRadar settles the market: outcome 1 won", settle)
    story.say(f"wallet      cash {user.balance()}")

    statement(user)
    ready_to_paste(platform, user, feed, bet["bet_id"])


def statement(user: User) -> None:
    print("\nThe wallet's statement")
    print(
        f"   {'version':>7}  {'type':<20} {'asset':<6} {'amount':>10} {'before':>10} {'after':>10}"
    )
    for line in reversed(user.entries()):
        print(
            f"   {line['version']:>7}  {line['type']:<20} {line['asset']:<6} "
            f"{line['amount']:>10} {line['balance_before']:>10} {line['balance_after']:>10}"
        )


def ready_to_paste(platform: Platform, user: User, feed: Feed, bet_id: str) -> None:
    url = platform.url
    print("\nTry it yourself (the token lasts 15 minutes)")
    print(f"   URL='{url}'")
    print(f"   TOKEN='{user.token}'")
    for path in [
        "/api/wallets/me",
        "/api/wallets/me/entries",
        f"/api/fixtures/{feed.event_id}",
        f"/api/bets/{bet_id}",
    ]:
        print(f'   curl -s -H "Authorization: Bearer $TOKEN" "$URL{path}"')
    print(
        '   curl -s -X POST -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: mine" \\\n'
        "     -H 'Content-Type: application/json' \"$URL/api/payments/deposits\" \\\n"
        '     -d \'{"amount": 25, "asset": "cash", "method": "sandbox"}\'',
        flush=True,
    )
