"""The documented HTTP contract, held against every answer that a client gets.

Clients must tolerate members that they do not know; here an undocumented member is a mistake,
of the document or of the answer.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

DOCUMENT = "urn:quoin:openapi"


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    template: str
    operation: dict[str, Any]


class Contract:
    """An OpenAPI 3.1 document."""

    def __init__(self, document: dict[str, Any]) -> None:
        closed = without_undocumented(document)
        self._registry = Registry().with_resource(DOCUMENT, DRAFT202012.create_resource(closed))
        # A path without parameters goes before one that would match it too.
        paths = sorted(closed["paths"].items(), key=lambda item: item[0].count("{"))
        self._routes = [
            Route(method.upper(), pattern_of(template), template, operation)
            for template, operations in paths
            for method, operation in operations.items()
        ]
        self._validator = cache(self._new_validator)

    @classmethod
    def from_file(cls, path: Path) -> Contract:
        return cls(json.loads(path.read_text()))

    def check(self, method: str, target: str, status: int, kind: str | None, body: Any) -> None:
        """Fails unless the route documents this answer; `kind` is its content type."""
        path = target.partition("?")[0]
        route = next(
            (one for one in self._routes if one.method == method and one.pattern.fullmatch(path)),
            None,
        )
        assert route, f"{method} {path} is not documented"
        where = f"{method} {route.template} answered {status}"
        place = ["paths", route.template, method.lower(), "responses", str(status)]
        response = route.operation["responses"].get(str(status))
        assert response is not None, f"{where}, which is not documented: {body}"
        if "$ref" in response:
            place = ["components", "responses", response["$ref"].rsplit("/", 1)[1]]
            response = self._registry[DOCUMENT].contents
            for part in place:
                response = response[part]
        if "content" not in response:
            assert body is None, f"{where} with a body: {body}"
            return
        media = (kind or "").partition(";")[0].strip()
        assert media in response["content"], f"{where} as {media or 'nothing'}: {body}"
        if "schema" not in response["content"][media]:
            assert isinstance(body, bytes), f"{where} as {media}, which is no text: {body}"
            return
        validator = self._validator((*place, "content", media, "schema"))
        wrong = [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
            for error in validator.iter_errors(body)
        ]
        assert not wrong, f"{where}: {'; '.join(wrong)}"

    def _new_validator(self, place: tuple[str, ...]) -> Validator:
        pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in place)
        return Draft202012Validator(
            {"$ref": f"{DOCUMENT}#/{pointer}"},
            registry=self._registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )


def pattern_of(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]+\}", template)
    return re.compile("[^/]+".join(map(re.escape, parts)))


def without_undocumented(value: Any) -> Any:
    """The same with every object closed to members that its schema does not name."""
    if isinstance(value, list):
        return [without_undocumented(one) for one in value]
    if not isinstance(value, dict):
        return value
    closed = {name: without_undocumented(member) for name, member in value.items()}
    # Beside a reference are only members that the schema referred to names too.
    if closed.get("type") == "object" and "properties" in closed and "$ref" not in closed:
        closed.setdefault("additionalProperties", False)
    return closed
