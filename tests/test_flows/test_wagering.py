"""How much of settled stakes was really at risk: a row per bet, as its latest settlement has it."""

from __future__ import annotations

import uuid
from typing import Any

from boosts import rows
from client import Platform, eventually
from deliver import deliver, event, moment


def test_the_latest_settlement_says_what_was_wagered(platform: Platform) -> None:
    user, bet = (f"{kind}_{uuid.uuid4().hex}" for kind in ("user", "bet"))

    def settled(number: int, result: str, bet_id: str = bet) -> dict[str, Any]:
        stake = {"amount": 25.5, "asset": "cash"}
        told = {"settlement_no": number, "result": result, "stake": stake}
        return event("BetSettled", moment(), ("bet", bet_id), bet_id=bet_id, user_id=user, **told)

    def found() -> dict[str, tuple[str, str]]:
        return {
            row["sk"]["S"]: (row["settlement_no"]["N"], row["wagered"]["N"])
            for row in rows(platform, "MarketingTable", f"wagering#{user}")
        }

    second, other = settled(2, "half_won"), f"bet_{uuid.uuid4().hex}"
    deliver(platform, "marketing-bets", second)
    eventually(found)
    # What comes late or again changes nothing; the last of a batch tells that it was handled.
    deliver(platform, "marketing-bets", settled(1, "lost"), second, settled(1, "void", other))
    wanted = {bet: ("2", "12.75"), other: ("1", "0")}
    assert eventually(found, lambda rows: other in rows) == wanted
    deliver(platform, "marketing-bets", settled(3, "lost"))
    eventually(found, lambda rows: rows == wanted | {bet: ("3", "25.5")})
