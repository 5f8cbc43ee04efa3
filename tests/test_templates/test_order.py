"""Consumers in order: their rules match kinds of entities, never names of events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import stacks
from templates import stack
from templates.declaration import DeclarationError, read

DECLARED = """
service: support
tables:
  support: {hash: pk, range: sk}
functions:
  support-orders:
    order: in_order
    consumes:
      - RULE
    uses:
      tables: {support: [DeleteItem, PutItem, Query, UpdateItem]}
"""


def declared(tmp_path: Path, rule: str) -> Path:
    path = tmp_path / "service.yaml"
    path.write_text(DECLARED.replace("RULE", rule))
    return path


def in_order_patterns() -> list[dict[str, Any]]:
    """The patterns of every function that is declared to consume in order."""
    names = {
        (service.name, function.logical_id)
        for service in stacks.services()
        for function in service.functions
        if function.spec.get("order") == "in_order"
    }
    return [
        rule.properties["EventPattern"]
        for rule in stacks.resources("AWS::Events::Rule")
        if any(rule.stack == of and rule.name.startswith(f"{name}Rule") for of, name in names)
    ]


def is_of_entities(pattern: dict[str, Any]) -> bool:
    kinds = pattern.get("detail", {}).get("metadata", {}).get("entity", {}).get("type")
    return bool(kinds) and set(pattern) == {"source", "detail"} and suffix(pattern)


def suffix(pattern: dict[str, Any]) -> bool:
    return pattern["source"] == [{"suffix": ".events"}]


def test_a_consumer_in_order_gets_every_event_of_its_entities(tmp_path: Path) -> None:
    service = read(declared(tmp_path, "{topics: all, entities: [order]}"))
    rendered = stack.template(service)["Resources"]["SupportOrdersRule"]["Properties"]
    assert rendered["EventPattern"] == {
        "source": [{"suffix": ".events"}],
        "detail": {"metadata": {"entity": {"type": ["order"]}}},
    }
    assert is_of_entities(rendered["EventPattern"])


@pytest.mark.parametrize(
    "rule",
    [
        "{topics: all, events: [order.paid]}",
        "{topics: all, entities: [order], events: [order.paid]}",
        "{topics: [order.events], entities: [order]}",
        "{topics: all, entities: []}",
        "{topics: all}",
    ],
)
def test_a_consumer_in_order_may_not_choose_among_events(tmp_path: Path, rule: str) -> None:
    with pytest.raises(DeclarationError, match="in_order"):
        read(declared(tmp_path, rule))


def test_a_misspelled_subscription_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="entites"):
        read(declared(tmp_path, "{topics: all, entites: [order]}"))


def test_every_rule_of_a_consumer_in_order_matches_entities_alone() -> None:
    for pattern in in_order_patterns():
        assert is_of_entities(pattern), pattern
