"""BetRadar's side of the Unified Odds Feed: signed XML, one message a POST."""

from __future__ import annotations

import itertools
import random
import time

from .platform import Answer, Platform

_last = itertools.count()


class Feed:
    """A sport event of its own, with one market `1` of outcomes `1`, `2`, `3`."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.event_id = f"sr:match:{random.randrange(10**9)}{next(_last)}"

    @staticmethod
    def now() -> int:
        return int(time.time() * 1000)

    def send(self, xml: str) -> Answer:
        body = xml.encode()
        headers = self.platform.signed("betradar", body) | {"content-type": "application/xml"}
        return self.platform.post("/api/feeds/betradar", body, headers=headers)

    def odds(self, ts: int | None = None, status: int = 1, **odds: str) -> Answer:
        """`odds(o1="2.15")`: outcome 1 at 2.15."""
        outcomes = "".join(
            f'<outcome id="{name[1:]}" odds="{value}" active="1"/>' for name, value in odds.items()
        )
        return self.send(
            f'<odds_change product="3" event_id="{self.event_id}" timestamp="{ts or self.now()}">'
            f'<odds><market id="1" status="{status}">{outcomes}</market></odds></odds_change>'
        )

    def stop(self, ts: int | None = None, groups: str = "all") -> Answer:
        return self.send(
            f'<bet_stop product="3" event_id="{self.event_id}" timestamp="{ts or self.now()}" '
            f'groups="{groups}"/>'
        )

    def settle(self, ts: int | None = None, certainty: int = 2, **results: str) -> Answer:
        """`settle(o1='1', o2='0" void_factor="0.5')`: outcome 1 won, outcome 2 half void."""
        outcomes = "".join(
            f'<outcome id="{name[1:]}" result="{value}"/>' for name, value in results.items()
        )
        return self.send(
            f'<bet_settlement product="3" certainty="{certainty}" event_id="{self.event_id}" '
            f'timestamp="{ts or self.now()}"><outcomes><market id="1">{outcomes}</market>'
            "</outcomes></bet_settlement>"
        )

    def cancel(self, ts: int | None = None) -> Answer:
        return self.send(
            f'<bet_cancel product="3" event_id="{self.event_id}" timestamp="{ts or self.now()}">'
            '<market id="1"/></bet_cancel>'
        )

    def selection(self, odds: str, outcome: str = "1") -> dict[str, str]:
        return {
            "event_id": self.event_id,
            "market_id": "1",
            "outcome_id": outcome,
            "odds": odds,
        }
