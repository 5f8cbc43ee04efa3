"""The OpenAPI document is one, and what holds answers against it sees what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from client import Contract
from local import paths
from openapi_spec_validator import validate


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads((paths.ROOT / "docs" / "openapi.json").read_text())


@pytest.fixture(scope="module")
def contract(document: dict[str, Any]) -> Contract:
    return Contract(document)


def test_the_document_is_open_api(document: dict[str, Any]) -> None:
    validate(document)


def test_every_operation_has_a_success(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert any(status < "300" for status in operation["responses"]), (method, path)


JSON, PROBLEM = "application/json", "application/problem+json"
POINTS = "/api/loyalty/me"
NONE = {"pending_cashback": []}
UNKNOWN = {
    "type": "urn:quoin:problem:not-found",
    "title": "Not Found",
    "status": 404,
    "detail": "there is no such bet",
    "code": "NOT_FOUND",
    "request_id": "req_1",
}


def test_answers_as_documented_pass(contract: Contract) -> None:
    contract.check("GET", POINTS, 200, JSON, NONE | {"points": 1})
    contract.check("GET", "/api/bets/bet_1?x=y", 404, PROBLEM, UNKNOWN)
    contract.check("GET", POINTS, 403, JSON, {"message": "Forbidden"})
    contract.check("POST", "/api/feeds/betradar", 204, None, None)


@pytest.mark.parametrize(
    ("method", "path", "status", "kind", "body"),
    [
        ("GET", "/api/unknown", 200, JSON, {}),
        ("GET", POINTS, 201, JSON, NONE | {"points": 1}),
        ("GET", POINTS, 200, "text/plain", NONE | {"points": 1}),
        ("GET", POINTS, 200, JSON, NONE | {"points": "1"}),
        ("GET", POINTS, 200, JSON, NONE | {"points": 1, "more": 1}),
        ("GET", POINTS, 200, JSON, NONE),
        ("GET", "/api/bets/bet_1", 404, PROBLEM, UNKNOWN | {"code": "GONE"}),
        ("GET", "/api/bets/bet_1", 404, PROBLEM, UNKNOWN | {"more": 1}),
        ("POST", "/api/feeds/betradar", 204, JSON, {}),
    ],
)
def test_other_answers_fail(
    contract: Contract, method: str, path: str, status: int, kind: str, body: Any
) -> None:
    with pytest.raises(AssertionError):
        contract.check(method, path, status, kind, body)
