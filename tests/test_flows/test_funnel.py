"""How far orders come, from the queue of the figures to the operator's report.

Events are brought to that queue alone, with a moment of a day that is past, but not too old to be
counted: nothing else counts there, and no other service hears of orders that do not exist.
"""

from __future__ import annotations

import json
import random
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from client import Platform, User, eventually
from local import paths

STEPS = [
    "order.validation_started",
    "order.validation_completed",
    "order.initiated",
    "order.paid",
    "bizone.order_created",
    "order.created",
    "order.confirmation_sent",
]


class Day:
    """A day of the past, each time another one, and the events that are counted on it."""

    _ages = iter(random.sample(range(3, 28), 25))

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        past = datetime.now(UTC) - timedelta(days=next(self._ages))
        self.day = f"{past:%Y-%m-%d}"
        self.code = f"CODE#{uuid.uuid4().hex[:8]}"
        queues = platform.aws("sqs")
        name = f"quoin-{platform.outputs['stage']}-report-projector"
        self.queues, self.url = queues, queues.get_queue_url(QueueName=name)["QueueUrl"]

    def tell(self, name: str, **data: Any) -> None:
        """An event as its sample has it, with other data; delivered twice."""
        event = json.loads((paths.ROOT / "events" / "catalogue" / f"{name}.json").read_text())
        event["timestamp"] = f"{self.day}T10:17:05.123Z"
        event["metadata"]["event_id"] = str(uuid.uuid4())
        event["data"] |= data
        if "campaign_code" in event["data"]:
            event["data"]["campaign_code"] = self.code
        if "campaign" in event["data"]:
            event["data"]["campaign"]["code"] = self.code
        message = {"id": "sample", "detail-type": name, "source": "x.events", "detail": event}
        for _ in range(2):
            self.queues.send_message(QueueUrl=self.url, MessageBody=json.dumps(message))

    def report(self, name: str = "orders") -> dict[str, Any]:
        token = self.platform.operator_token()
        path = f"/api/reports/{name}?from={self.day}&to={self.day}"
        return self.platform.get(path, token=token).expect(200)


@pytest.fixture
def day(platform: Platform) -> Day:
    return Day(platform)


def refuse(day: Day) -> None:
    """An order that is refused by two rules."""
    day.tell("order.validation_started")
    validations = {
        "min_order_value": True,
        "delivery_zone": False,
        "campaign_eligible": True,
        "user_kyc": False,
        "merchant_active": True,
    }
    day.tell(
        "order.validation_completed", can_checkout=False, validations=validations, duration_ms=1
    )
    day.tell("order.failed", failure_reason="KYC_REQUIRED", failure_stage="validation")


def test_the_funnel_of_a_day(day: Day) -> None:
    for _ in range(3):
        for step in STEPS:
            day.tell(step)
    for step in STEPS[:4]:
        day.tell(step)
    day.tell("wallet.refunded")
    day.tell("order.failed", failure_reason="MERCHANT_REJECTED", failure_stage="merchant")
    refuse(day)

    def is_counted(report: dict[str, Any]) -> bool:
        steps = report["totals"]["funnel"]
        failed = sum(failure["orders"] for failure in report["totals"]["failures"])
        refunds = report["totals"]["assets"].get("rez_coins", {}).get("order_refunds")
        return steps[0]["orders"] == 5 and steps[-1]["orders"] == 3 and failed == 2 and refunds

    report = eventually(day.report, is_counted)
    totals = report["totals"]
    assert [step["orders"] for step in totals["funnel"]] == [5, 5, 4, 4, 4, 3, 3, 3]
    assert [step.get("of_previous") for step in totals["funnel"]][1:6] == [
        1,
        Decimal("0.8"),
        1,
        1,
        Decimal("0.75"),
    ]
    assert totals["funnel"][-1]["of_started"] == Decimal("0.6")
    assert {failure["reason"]: failure["stage"] for failure in totals["failures"]} == {
        "KYC_REQUIRED": "validation",
        "MERCHANT_REJECTED": "merchant",
    }
    success = {rule["rule"]: rule["success"] for rule in totals["rules"]}
    assert success["user_kyc"] == success["delivery_zone"] == Decimal("0.8")
    assert success["min_order_value"] == 1
    # Four times 3333 and once 1, over five.
    assert totals["average_validation_ms"] == Decimal("2666.6")
    assert (totals["order_value"], totals["discount"], totals["final_amount"]) == (2000, 200, 1800)
    assert totals["assets"]["promo_coins"] == {"order_payments": 800, "order_refunds": 200}
    (campaign,) = report["campaigns"]
    assert campaign["code"] == day.code
    assert [step["orders"] for step in campaign["funnel"]] == [5, 4, 4, 3]
    assert report["days"] == [{"day": day.day} | totals]

    kpis = day.report("kpis")["totals"]
    assert (kpis["orders_initiated"], kpis["orders_created"], kpis["orders_failed"]) == (4, 3, 2)


def test_codes_that_no_order_was_made_with_are_one_number(day: Day) -> None:
    refuse(day)
    report = eventually(day.report, lambda seen: seen["other_codes"] == 1)
    assert report["campaigns"] == []


def test_reports_on_orders_are_for_operators(platform: Platform, user: User) -> None:
    path = "/api/reports/orders?from=2026-01-01&to=2026-01-02"
    user.get(path).problem(403, "FORBIDDEN")
