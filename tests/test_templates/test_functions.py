"""Functions and routes: names, logs, who may call."""

from __future__ import annotations

import json
import re

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


HTTP_API, SOCKET_API = {"Ref": "ApiId"}, {"Ref": "SocketApiId"}


def _routes(api: dict[str, str]) -> list[stacks.Resource]:
    routes = stacks.resources("AWS::ApiGatewayV2::Route")
    return [route for route in routes if route.properties["ApiId"] == api]


def test_no_two_functions_answer_the_same_route() -> None:
    for api in (HTTP_API, SOCKET_API):
        routes = [route.properties["RouteKey"] for route in _routes(api)]
        assert len(routes) == len(set(routes))


def test_who_connects_has_a_ticket_and_what_clients_send_is_answered() -> None:
    """A ticket is no token, so no authorizer knows it; the function of `$connect` takes it."""
    routes = _routes(SOCKET_API)
    keys = {route.properties["RouteKey"]: route for route in routes}
    messages = {"$default", "ping", "subscribe", "unsubscribe"}
    assert set(keys) == {"$connect", "$disconnect"} | messages
    assert {route.properties["AuthorizationType"] for route in routes} == {"NONE"}
    responses = {
        response.properties["RouteId"]["Ref"]
        for response in stacks.resources("AWS::ApiGatewayV2::RouteResponse")
    }
    assert responses == {keys[key].name for key in messages}
    for key in messages:
        assert keys[key].properties["RouteResponseSelectionExpression"] == "$default"


def test_access_logs_hold_no_tickets_and_no_messages() -> None:
    stages = list(stacks.resources("AWS::ApiGatewayV2::Stage"))
    assert len(stages) == 2
    for stage in stages:
        settings = stage.properties["DefaultRouteSettings"]
        assert settings["ThrottlingRateLimit"] and settings["ThrottlingBurstLimit"], stage
        assert settings.get("DataTraceEnabled", False) is False, stage
        log = stage.properties["AccessLogSettings"]["Format"]
        assert "$context.requestId" in log and "query" not in log.lower(), stage


def test_every_route_asks_for_a_token_unless_it_is_known_to_be_public() -> None:
    public = set()
    for route in _routes(HTTP_API):
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
        assert re.search(r"\$\{(Socket)?ApiId\}/", source), permission
        assert "ApiId}/*/*" not in source, permission


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
