"""Functions and routes: names, logs, who may call."""

from __future__ import annotations

import json

import pytest
import stacks

PUBLIC = {
    "POST /api/users",
    "POST /api/sessions",
    "POST /api/sessions/refresh",
    "GET /.well-known/jwks.json",
    "POST /api/payments/callbacks/{provider}",
    "POST /api/feeds/betradar",
    "POST /api/notifications/callbacks/{provider}",
    "POST /sandbox/payments",
    "GET /sandbox/payments/{id}",
    "POST /register",
    "GET /api/sagas/{id}",
    "POST /api/charges/callbacks/{provider}",
    "POST /sandbox/payments/{id}/cancel",
    "POST /sandbox/merchant/orders",
    "GET /sandbox/merchant/orders/{id}",
    "POST /sandbox/merchant/orders/{id}/cancel",
    "POST /sandbox/messages",
    "GET /sandbox/messages",
    "PUT /sandbox/behaviour",
}


def test_every_function_keeps_its_own_log_for_a_limited_time() -> None:
    for function in stacks.resources("AWS::Lambda::Function"):
        group = function.properties["LoggingConfig"]["LogGroup"]["Ref"]
        path = stacks.ROOT / "functions" / function.stack / "template.yaml"
        log = stacks.translated(path)["Resources"][group]["Properties"]
        assert log["RetentionInDays"] == {"Ref": "LogRetentionDays"}, function


def test_every_function_is_traced_and_native() -> None:
    for function in stacks.resources("AWS::Lambda::Function"):
        assert function.properties["TracingConfig"] == {"Mode": "Active"}, function
        assert function.properties["Runtime"] == "provided.al2023", function
        assert function.properties["Handler"] == "bootstrap", function


def test_no_two_functions_share_a_name() -> None:
    names = [function.name for service in stacks.services() for function in service.functions]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("service", stacks.services(), ids=lambda service: service.name)
def test_binaries_and_declarations_are_the_same(service: stacks.Service) -> None:
    folder = stacks.ROOT / "functions" / service.name
    if not (folder / "Cargo.toml").exists():
        pytest.skip("no crate")
    binaries = {path.stem for path in folder.glob("src/bin/*.rs")}
    assert binaries == {function.name for function in service.functions}


def test_no_two_functions_answer_the_same_route() -> None:
    routes = [
        route.properties["RouteKey"] for route in stacks.resources("AWS::ApiGatewayV2::Route")
    ]
    assert len(routes) == len(set(routes))


def test_every_route_asks_for_a_token_unless_it_is_known_to_be_public() -> None:
    public = set()
    for route in stacks.resources("AWS::ApiGatewayV2::Route"):
        if route.properties["AuthorizationType"] == "NONE":
            public.add(route.properties["RouteKey"])
        else:
            assert route.properties["AuthorizationType"] == "CUSTOM", route
            assert route.properties["AuthorizerId"] == {"Ref": "AuthorizerId"}, route
    assert public == PUBLIC


def test_the_sandbox_is_deployed_only_on_request() -> None:
    root = stacks.translated(stacks.ROOT_TEMPLATE)["Resources"]
    assert root["Sandbox"]["Condition"] == "IsSandboxEnabled"


def test_the_gateway_may_call_only_by_the_functions_own_routes() -> None:
    for permission in stacks.resources("AWS::Lambda::Permission"):
        source = json.dumps(permission.properties["SourceArn"])
        assert "${ApiId}/" in source and "${ApiId}/*/*" not in source, permission


def test_access_tokens_are_checked_by_one_cached_authorizer() -> None:
    (authorizer,) = stacks.resources("AWS::ApiGatewayV2::Authorizer")
    properties = authorizer.properties
    assert authorizer.stack == "identity"
    assert properties["AuthorizerPayloadFormatVersion"] == "2.0"
    assert properties["EnableSimpleResponses"] is True
    assert properties["IdentitySource"] == ["$request.header.Authorization"]
    assert properties["AuthorizerResultTtlInSeconds"] == 300


def test_the_dashboard_is_json() -> None:
    root = stacks.translated(stacks.ROOT_TEMPLATE)["Resources"]
    body = json.loads(root["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    assert len(body["widgets"]) == 8
