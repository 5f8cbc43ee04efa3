"""Alarms on metrics that functions write themselves."""

from __future__ import annotations

import re
from typing import Any

import pytest
import stacks
from templates import stack
from templates.declaration import DeclarationError, Service

SOURCES = "\n".join(path.read_text() for path in stacks.ROOT.glob("functions/*/src/**/*.rs"))
SHARED = "\n".join(path.read_text() for path in stacks.ROOT.glob("shared/*/src/**/*.rs"))


def own() -> dict[str, dict[str, Any]]:
    """The alarms on metrics of the platform's own, by metric."""
    return {
        alarm.properties["MetricName"]: alarm.properties
        for alarm in stacks.resources("AWS::CloudWatch::Alarm")
        if alarm.properties["Namespace"] == "Quoin"
    }


def declared() -> list[tuple[Service, str, dict[str, Any]]]:
    return [
        (service, function.name, function.spec["alarms"])
        for service in stacks.services()
        for function in service.functions
        if "alarms" in function.spec
    ]


def test_every_alarm_is_on_a_metric_that_is_written() -> None:
    for metric in own():
        assert re.search(rf'"{metric}"', SOURCES + SHARED), metric


def test_alarms_ring_above_zero_or_above_what_is_said() -> None:
    assert own()["Unexported"]["Threshold"] == 0
    delay = own()["OrderMerchantDelay"]
    assert (delay["Threshold"], delay["ExtendedStatistic"]) == (60000, "p95")
    assert "Statistic" not in delay
    assert (own()["FailedMerchantRejected"]["Threshold"], own()["Unexported"]["Statistic"]) == (
        10,
        "Maximum",
    )


def test_a_key_that_is_not_known_is_an_error() -> None:
    service, name, alarms = next(one for one in declared() if one[1] == "warehouse-export")
    function = next(function for function in service.functions if function.name == name)
    before = dict(alarms)
    function.spec["alarms"] = before | {"Unexported": {"says": "x", "over": 1}}
    try:
        with pytest.raises(DeclarationError, match="over"):
            stack.template(service)
    finally:
        function.spec["alarms"] = before
