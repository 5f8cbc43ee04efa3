"""Whoever deploys, calls or operates finds every parameter, route and alarm in the README."""

from __future__ import annotations

import re

import stacks
from templates import cfn

README = (stacks.ROOT / "README.md").read_text()
ROUTE = re.compile(r"((?:`[A-Z]+` )*`[A-Z]+) (/[^`]*)`")


def rows(section: str) -> list[str]:
    """The rows of the section's tables, as they are."""
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    return [line for line in text.splitlines() if line.startswith("| ")]


def first(row: str) -> str:
    """The first cell; a bar inside of code is written `\\|`."""
    return re.split(r"(?<!\\)\|", row)[1]


def plain(path: str) -> str:
    """A route's path without its query and what its parameters are called."""
    return re.sub(r"\{[^}]*\}", "{}", path.split("?")[0])


def test_the_readme_tells_every_parameter() -> None:
    parameters = set(cfn.load(stacks.ROOT_TEMPLATE.read_text())["Parameters"])
    told = {name for row in rows("Configuration") for name in re.findall(r"`(\w+)`", first(row))}
    assert told == parameters


def test_the_readme_tells_every_route() -> None:
    routes = {
        function.spec["route"]
        for service in stacks.services()
        for function in service.functions
        if "route" in function.spec and service.condition is None
    }
    told = {
        f"{method} {plain(path)}"
        for row in rows("What works")
        for methods, path in ROUTE.findall(first(row))
        for method in re.findall(r"[A-Z]+", methods)
    }
    assert told == {f"{route.split()[0]} {plain(route.split()[1])}" for route in routes}


def test_the_readme_tells_every_alarm() -> None:
    table = README.split("\n| alarm |")[1].split("\n\n")[0]
    named = [first(row) for row in table.splitlines() if row.startswith("| `")]
    told = {name for cell in named for name in re.findall(r"`([^`]+)`", cell)}
    patterns = {name: re.sub(r"<\w+>|^(?=-)", r"[a-z-]+", name) for name in told}
    alarms = {
        alarm.properties["AlarmName"]["Fn::Sub"].removeprefix("quoin-${Stage}-")
        for alarm in stacks.resources("AWS::CloudWatch::Alarm")
    }
    for alarm in alarms:
        assert any(re.fullmatch(pattern, alarm) for pattern in patterns.values()), alarm
    for name, pattern in patterns.items():
        assert any(re.fullmatch(pattern, alarm) for alarm in alarms), name
