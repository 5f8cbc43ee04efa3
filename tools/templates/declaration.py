"""service.yaml as typed values; a misspelled key is an error here, not a gap in IAM."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import cfn


class DeclarationError(Exception):
    """A service.yaml says something that cannot be rendered."""


@dataclass(frozen=True)
class Priority:
    """What a class of consumer gets: how it is fed and when it alarms."""

    batch: int
    window_seconds: int
    concurrency: int
    alarm_seconds: int


PRIORITIES = {
    "high": Priority(batch=5, window_seconds=0, concurrency=20, alarm_seconds=60),
    "medium": Priority(batch=10, window_seconds=2, concurrency=10, alarm_seconds=300),
    "low": Priority(batch=25, window_seconds=5, concurrency=5, alarm_seconds=900),
}

FUNCTION_KEYS = {
    "route", "public", "timeout", "memory", "uses", "environment", "consumes", "priority",
    "queue", "schedule", "scheduled", "stream", "invoke", "authorizer", "description", "alarms",
    "order", "socket", "batch",
}  # fmt: skip
TRIGGERS = (
    *("route", "consumes", "queue", "schedule", "scheduled"),
    *("stream", "invoke", "authorizer", "socket"),
)
SUBSCRIPTION_KEYS = {"topics", "events", "entities", "routing_keys", "target_types", "about"}


@dataclass(frozen=True)
class Function:
    name: str
    trigger: str
    spec: dict[str, Any]
    priority: Priority

    @property
    def logical_id(self) -> str:
        return pascal(self.name)

    @property
    def timeout(self) -> int:
        return self.spec.get(
            "timeout", 15 if self.trigger in ("route", "authorizer", "socket") else 30
        )

    @property
    def memory(self) -> int:
        return self.spec.get("memory", 256)

    @property
    def uses(self) -> dict[str, Any]:
        return self.spec.get("uses") or {}

    @property
    def public(self) -> bool:
        return bool(self.spec.get("public", False))

    @property
    def routes(self) -> list[str]:
        route = self.spec["route"]
        return [route] if isinstance(route, str) else route

    @property
    def is_consumer(self) -> bool:
        return self.trigger in ("consumes", "queue")


@dataclass(frozen=True)
class Service:
    name: str
    functions: list[Function]
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    queues: dict[str, dict[str, Any]] = field(default_factory=dict)
    buckets: dict[str, dict[str, Any]] = field(default_factory=dict)
    condition: str | None = None

    @property
    def logical_id(self) -> str:
        return pascal(self.name)

    def consumer_of(self, queue: str) -> Function | None:
        return next((f for f in self.functions if f.spec.get("queue") == queue), None)


def pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.replace("_", "-").split("-"))


def screaming(name: str) -> str:
    return name.replace("-", "_").upper()


def read(path: Path) -> Service:
    document = cfn.load(path.read_text())
    name = document["service"]
    unknown = set(document) - {
        "service",
        "priority",
        "tables",
        "queues",
        "buckets",
        "functions",
        "condition",
        "description",
    }
    if unknown:
        raise DeclarationError(f"{path}: unknown keys {sorted(unknown)}")
    default = document.get("priority", "medium")
    functions = [
        _function(path, fn, spec or {}, default) for fn, spec in document["functions"].items()
    ]
    queues = {queue: spec or {} for queue, spec in (document.get("queues") or {}).items()}
    for function in functions:
        if function.trigger == "queue" and function.spec["queue"] not in queues:
            raise DeclarationError(f"{path}: {function.name} consumes an undeclared queue")
    return Service(
        name,
        functions,
        document.get("tables") or {},
        queues,
        document.get("buckets") or {},
        document.get("condition"),
    )


def _function(path: Path, name: str, spec: dict[str, Any], default_priority: str) -> Function:
    unknown = set(spec) - FUNCTION_KEYS
    if unknown:
        raise DeclarationError(f"{path}: {name}: unknown keys {sorted(unknown)}")
    triggers = [trigger for trigger in TRIGGERS if trigger in spec]
    if len(triggers) != 1:
        raise DeclarationError(f"{path}: {name}: needs exactly one of {TRIGGERS}, has {triggers}")
    for rule in spec.get("consumes", []):
        if unknown := set(rule) - SUBSCRIPTION_KEYS:
            raise DeclarationError(f"{path}: {name}: consumes: unknown keys {sorted(unknown)}")
    if "order" in spec:
        _check_order(f"{path}: {name}", spec)
    if "batch" in spec and triggers[0] not in ("consumes", "queue"):
        raise DeclarationError(f"{path}: {name}: batch is for those that take messages")
    priority = PRIORITIES[spec.get("priority", default_priority)]
    # Who takes messages one by one has the function's time for all of them.
    priority = replace(priority, batch=spec.get("batch", priority.batch))
    return Function(name, triggers[0], spec, priority)


def _check_order(where: str, spec: dict[str, Any]) -> None:
    """A consumer in order counts on every event of an entity: no rule may choose among them."""
    if spec["order"] != "in_order":
        raise DeclarationError(f"{where}: order is in_order or not said")
    for rule in spec.get("consumes") or [{}]:
        if not rule.get("entities") or rule.get("topics") != "all" or "events" in rule:
            raise DeclarationError(
                f"{where}: in_order consumes all topics of its entities, and names no events"
            )
