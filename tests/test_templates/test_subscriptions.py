"""Which service listens to which topic. The table is the floor that the platform promises."""

from __future__ import annotations

import stacks

# Topics of the services that exist; a service may listen to more than the table asks.
TOPICS = {
    "user.events",
    "betting.events",
    "payment.events",
    "marketing.events",
    "gaming.events",
    "casino.events",
    "notification.events",
    "order.events",
    "customer.events",
    "subscription.events",
}
FLOOR = {
    "identity": {"user.events", "notification.events"},
    "sportsbook": {"betting.events", "payment.events"},
    "payment": {"payment.events", "notification.events"},
    "wallet": {"payment.events", "betting.events", "marketing.events"},
    "marketing": {"user.events", "betting.events", "payment.events", "order.events"},
    "notification": TOPICS - {"notification.events"},  # never notifies about a notification
    "reporting": TOPICS,
    "fraud": {"user.events", "betting.events", "wallet.events", "order.events"},
    "accounting": {"wallet.events", "order.events", "payment.events"},
    "billing": {"payment.events", "subscription.events"},
    "merchant": {"order.events"},
    "user": {"clan.events", "credit.events", "gig.events", "user.events"},
    "gig": {"credit.events", "user.events"},
    "clan": {"credit.events", "user.events"},
    "realtime": {"credit.events", "wallet.events", "betting.events", "notification.events"},
    "support": {"user.events", "betting.events", "payment.events", "wallet.events", "order.events"},
}


def subscribed(service: str) -> set[str]:
    topics: set[str] = set()
    for rule in stacks.resources("AWS::Events::Rule"):
        if rule.stack != service:
            continue
        for source in rule.properties["EventPattern"]["source"]:
            topics |= TOPICS if source == {"suffix": ".events"} else {source}
    return topics


def test_every_service_listens_to_its_topics() -> None:
    for service, floor in FLOOR.items():
        assert floor <= subscribed(service), service


def test_notification_never_notifies_about_notifications() -> None:
    assert "notification.events" not in subscribed("notification")


def test_everything_is_audited_reported_and_exported() -> None:
    everything = [
        rule.name
        for rule in stacks.resources("AWS::Events::Rule")
        if rule.properties["EventPattern"] == {"source": [{"suffix": ".events"}]}
    ]
    assert sorted(everything) == ["AuditRule", "ReportProjectorRule", "WarehouseRule"]


def test_every_rule_listens_on_the_platforms_bus() -> None:
    for rule in stacks.resources("AWS::Events::Rule"):
        assert rule.properties["EventBusName"] == {"Ref": "BusName"}, rule
