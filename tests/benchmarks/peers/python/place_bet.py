"""The job `place-bet`: an HTTP request becomes a bet and the debit of its stake."""

from __future__ import annotations

import base64
import json
import math
from decimal import ROUND_DOWN, Decimal
from typing import Any

import table
from receipt import Receipt, digest
from wallet import (
    Answer,
    Decision,
    Wallet,
    amount_of,
    change,
    debit_items,
    decimal_of,
    is_text,
    now,
)

LEGS_MAX = 20
CENT = Decimal("0.01")

Request = dict[str, Any]


def response(status: int, body: dict[str, Any]) -> Answer:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body),
    }


def request_of(event: dict[str, Any]) -> tuple[Request | None, Answer | None]:
    """The request of an event, or the refusal when it is not one."""
    key = event.get("headers", {}).get("idempotency-key")
    if not key:
        return None, response(400, {"code": "IDEMPOTENCY_KEY_REQUIRED"})
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode()
    try:
        order = json.loads(body, parse_float=Decimal)
    except ValueError:
        order = None
    if field := invalid_field(order):
        return None, response(400, {"code": "VALIDATION_FAILED", "field": field})
    user_id = event["requestContext"]["authorizer"]["lambda"]["sub"]
    return {"user_id": user_id, "key": key, "body": body, "order": order}, None


def invalid_field(order: Any) -> str | None:
    """The first field of an order that is wrong."""
    if not isinstance(order, dict):
        return "body"
    if order.get("type") not in ("single", "accumulator"):
        return "type"
    stake = order.get("stake")
    if not isinstance(stake, dict) or amount_of(stake.get("amount")) is None:
        return "stake.amount"
    if stake.get("asset") != "cash":
        return "stake.asset"
    selections = order.get("selections")
    legs_max = 1 if order["type"] == "single" else LEGS_MAX
    if not isinstance(selections, list) or not 1 <= len(selections) <= legs_max:
        return "selections"
    events = set()
    for index, leg in enumerate(selections):
        if field := invalid_leg_field(leg):
            return f"selections[{index}].{field}"
        if leg["event_id"] in events:
            return f"selections[{index}].event_id"
        events.add(leg["event_id"])
    return None


def invalid_leg_field(leg: Any) -> str | None:
    leg = leg if isinstance(leg, dict) else {}
    for name in ("event_id", "market_id", "outcome_id"):
        if not is_text(leg.get(name)):
            return name
    if "specifiers" in leg and not is_text(leg["specifiers"]):
        return "specifiers"
    odds = decimal_of(leg.get("odds"))
    return None if odds is not None and odds > 1 else "odds"


def market_key(leg: dict[str, Any]) -> table.Item:
    market = leg["market_id"]
    if "specifiers" in leg:
        market = f"{market}|{leg['specifiers']}"
    return {"event_id": {"S": leg["event_id"]}, "market": {"S": market}}


def place_bet(request: Request, receipt: Receipt | None = None) -> Answer:
    user_id, order = request["user_id"], request["order"]
    selections = order["selections"]
    stake = amount_of(order["stake"]["amount"])
    # The same request gets the same id, whatever became of its first answer.
    bet_id = f"bet_{digest(json.dumps([user_id, request['key']]))[:32]}"

    def decide() -> Decision:
        wallet, markets = read(user_id, selections)
        odds = []
        for leg in selections:
            market = markets.get(leg["event_id"])
            outcome = market and market["outcomes"]["M"].get(leg["outcome_id"])
            if (
                not outcome
                or market["status"]["S"] != "active"
                or not outcome["M"]["active"]["BOOL"]
            ):
                return [], refusal("MARKET_SUSPENDED")
            current = Decimal(outcome["M"]["odds"]["N"])
            if current < leg["odds"]:
                return [], refusal("ODDS_CHANGED")
            odds.append(current)
        if wallet.balance < stake:
            return [], refusal("WALLET_INSUFFICIENT_BALANCE")

        total_odds = math.prod(odds)
        payout = (stake * total_odds).quantize(CENT, ROUND_DOWN)
        at = now()
        bet = {
            "bet_id": bet_id,
            "status": "placed",
            "stake": {"amount": table.text(stake), "asset": "cash"},
            "potential_payout": table.text(payout),
            "total_odds": table.text(total_odds),
            "selections": [
                leg | {"odds": table.text(current)}
                for leg, current in zip(map(named, selections), odds, strict=True)
            ],
            "placed_at": at,
        }
        put = {
            "Put": {
                "TableName": table.BETS,
                "Item": {
                    "bet_id": {"S": bet_id},
                    "user_id": {"S": user_id},
                    "bet": {"S": json.dumps(bet)},
                },
                "ConditionExpression": "attribute_not_exists(bet_id)",
            }
        }
        items = debit_items(
            wallet=wallet,
            user_id=user_id,
            entry_id=bet_id,
            operation="bet",
            amount=stake,
            at=at,
            event={
                "type": "BetPlaced",
                "data": {"user_id": user_id, "bet_type": order["type"], **bet},
            },
            more=(put,),
        )
        return items, response(201, bet)

    def done() -> Answer:
        item = table.read(table.BETS, {"bet_id": {"S": bet_id}})
        return response(201, json.loads(item["bet"]["S"]))

    return change(decide, done, receipt)


def refusal(code: str) -> Answer:
    return response(422, {"code": code})


def named(leg: dict[str, Any]) -> dict[str, str]:
    names = ("event_id", "market_id", "specifiers", "outcome_id")
    return {name: leg[name] for name in names if name in leg}


def read(user_id: str, selections: list[dict[str, Any]]) -> tuple[Wallet, dict[str, table.Item]]:
    """The wallet and the market of each event, in one call unless the answer is too large."""
    left = {
        table.WALLETS: {"Keys": [{"user_id": {"S": user_id}}], "ConsistentRead": True},
        table.MARKETS: {"Keys": [market_key(leg) for leg in selections], "ConsistentRead": True},
    }
    wallet, markets = None, {}
    while left:
        answer = table.client.batch_get_item(RequestItems=left)
        found = answer["Responses"]
        wallet = next(iter(found.get(table.WALLETS, [])), wallet)
        markets |= {item["event_id"]["S"]: item for item in found.get(table.MARKETS, [])}
        left = answer.get("UnprocessedKeys")
    return Wallet.of(wallet), markets
