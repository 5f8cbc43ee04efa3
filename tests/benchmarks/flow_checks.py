"""That nothing was lost: each bet that was accepted is there, settled once, and paid."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from client.command_line import quoin

from .flow_stage import Placed, Stage

PAGE = 100


def checks(stage: Stage, placed: list[Placed]) -> dict[str, Any]:
    """What was looked at, and `lost`: whatever should not be."""
    accepted = {one.bet_id: one for one in placed if one.bet_id}
    listed = {bet["bet_id"]: bet for user in stage.people for bet in bets_of(user)}
    told, credited = journal(stage)
    said = quoin(stage.platform, "verify", "--stage", "local", "--grace", "0", "--json")
    balances = {user.user_id: user.balance() for user in stage.people}
    winners = {bet_id for bet_id, one in accepted.items() if one.bet.wins}
    lost = {
        "bets that were not accepted": len(placed) - len(accepted),
        "accepted bets that their owner's list does not have": len(accepted.keys() - listed.keys()),
        "bets of the list that are not settled": sum(
            listed[one]["status"] != "settled" for one in accepted.keys() & listed.keys()
        ),
        "bets not placed exactly once": sum(told[one, "BetPlaced"] != 1 for one in accepted),
        "bets not settled exactly once": sum(told[one, "BetSettled"] != 1 for one in accepted),
        "winners not paid exactly once": sum(credited[one] != 1 for one in winners),
        "losers that were paid": sum(credited[one] for one in accepted.keys() - winners),
        "balances other than expected": sum(
            balances[user] != amount for user, amount in stage.expected.items()
        ),
        "dead letters": int(stage.watch.looks(0)[-1]["dead"]),
        "breaks that quoin verify tells": len(said.document["breaks"]) if said.out else 1,
        "quoin verify's code": said.code,
    }
    return {
        "bets": len(accepted),
        "winners": len(winners),
        "money": str(sum(balances.values(), Decimal(0))),
        "verified": said.document["checked"] if said.out else said.err,
        "lost": lost,
    }


def bets_of(user: Any) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        found = user.get(f"/api/bets?limit={PAGE}{cursor}").expect(200)
        yield from found["items"]
        if not found.get("next_cursor"):
            return
        cursor = f"&cursor={found['next_cursor']}"


def journal(stage: Stage) -> tuple[Counter[tuple[str, str]], Counter[str]]:
    """Events by bet and name, and credits of payouts by bet, as the journal has them."""
    table = stage.platform.outputs["stack"]["JournalTable"]
    scan = stage.platform.aws("dynamodb").get_paginator("scan")
    told: Counter[tuple[str, str]] = Counter()
    credited: Counter[str] = Counter()
    for page in scan.paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            kind, _, rest = item["pk"]["S"].partition("#")
            if kind == "bet":
                for event in item.get("ev", {"L": []})["L"]:
                    told[rest, json.loads(event["S"])["event"]] += 1
            elif rest.startswith("payout#"):
                credited[rest.split("#")[1]] += 1
    return told, credited
