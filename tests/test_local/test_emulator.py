"""What we correct in the emulator: a nested SAM stack deploys, and IAM is enforced as on AWS."""

from __future__ import annotations

import io
import json
import stat
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from local import deployment, paths
from local.server import Server
from websockets.sync.client import connect

# Answers every invocation with what DynamoDB said to the requests in its event.
BOOTSTRAP = f"""#!{sys.executable}
import json, os, urllib.request
import boto3
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation"
db = boto3.client("dynamodb")
def ask(operation, arguments):
    try:
        getattr(db, operation)(**arguments)
        return "ok"
    except Exception as error:
        return getattr(error, "response", {{}}).get("Error", {{}}).get("Code", repr(error))
while True:
    with urllib.request.urlopen(base + "/next") as reply:
        id, event = reply.headers["Lambda-Runtime-Aws-Request-Id"], json.load(reply)
    print("asked", flush=True)
    body = json.dumps([ask(*each) for each in event]).encode()
    urllib.request.urlopen(base + "/" + id + "/response", data=body).read()
"""
FUNCTION = "nested-writer"
TABLE = "journal-of-test"


def _statement(action: str, condition: dict[str, Any]) -> dict[str, Any]:
    arn = {"Fn::Sub": f"arn:aws:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{TABLE}"}
    return {"Effect": "Allow", "Action": action, "Resource": arn, "Condition": condition}


CHILD = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "Writer": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "FunctionName": FUNCTION,
                "Runtime": "provided.al2023",
                "Handler": "bootstrap",
                "Timeout": 10,
                "CodeUri": "s3://code/code.zip",
                "Policies": [
                    {
                        "Version": "2012-10-17",
                        "Statement": [
                            _statement(
                                "dynamodb:PutItem",
                                {
                                    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["bet#*"]},
                                },
                            ),
                            _statement(
                                "dynamodb:PutItem",
                                {
                                    "ForAllValues:StringLike": {
                                        "dynamodb:LeadingKeys": ["wallet#*"]
                                    },
                                    "ForAnyValue:StringEquals": {
                                        "dynamodb:EnclosingOperation": ["TransactWriteItems"]
                                    },
                                },
                            ),
                            _statement(
                                "dynamodb:Query",
                                {
                                    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["bet#*"]},
                                },
                            ),
                        ],
                    }
                ],
            },
        }
    },
}
ROOT = {
    "Resources": {
        "Child": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": "https://s3.amazonaws.com/code/child.json"},
        }
    }
}


def _of_socket(kind: str, **properties: Any) -> dict[str, Any]:
    properties = {"ApiId": {"Ref": "Api"}} | properties
    return {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": properties}


def _socket_route(key: str) -> dict[str, Any]:
    target = {"Fn::Sub": "integrations/${Integration}"}
    return _of_socket("Route", RouteKey=key, Target=target)


SOCKET = {
    "Resources": {
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {
                "Name": "socket",
                "ProtocolType": "WEBSOCKET",
                "RouteSelectionExpression": "$request.body.action",
            },
        },
        "Stage": _of_socket("Stage", StageName="live", AutoDeploy=True),
        "Integration": _of_socket("Integration", IntegrationType="MOCK"),
        "Answered": _socket_route("answered"),
        "Unanswered": _socket_route("unanswered"),
        "Response": _of_socket(
            "RouteResponse", RouteId={"Ref": "Answered"}, RouteResponseKey="$default"
        ),
    }
}


@pytest.fixture(scope="module")
def deployed(emulator: Server) -> Server:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = (stat.S_IFREG | 0o755) << 16
        file.writestr(entry, BOOTSTRAP)
    store = deployment.client(emulator, "s3")
    store.create_bucket(Bucket="code")
    store.put_object(Bucket="code", Key="code.zip", Body=archive.getvalue())
    store.put_object(Bucket="code", Key="child.json", Body=json.dumps(CHILD).encode())
    deployment.client(emulator, "dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    _create(emulator, "parent", ROOT)
    return emulator


def _create(emulator: Server, name: str, template: dict[str, Any]) -> None:
    stacks = deployment.client(emulator, "cloudformation")
    stacks.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            break
        time.sleep(0.1)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack


def _ask(emulator: Server, *requests: tuple[str, dict[str, Any]]) -> list[str]:
    functions = deployment.client(emulator, "lambda")
    answer = functions.invoke(FunctionName=FUNCTION, Payload=json.dumps(requests))
    return json.load(answer["Payload"])


def _put(*keys: str) -> tuple[str, dict[str, Any]]:
    items = [{"Put": {"TableName": TABLE, "Item": {"pk": {"S": key}}}} for key in keys]
    if len(items) == 1:
        return "put_item", items[0]["Put"]
    return "transact_write_items", {"TransactItems": items}


def _query(key: str) -> tuple[str, dict[str, Any]]:
    return "query", {
        "TableName": TABLE,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": key}},
    }


def test_a_function_may_touch_only_the_keys_its_role_names(deployed: Server) -> None:
    answers = _ask(deployed, _put("bet#1"), _put("user#1"), _query("bet#1"), _query("user#1"))
    assert answers == ["ok", "AccessDeniedException", "ok", "AccessDeniedException"]


def test_each_item_of_a_transaction_is_judged_by_itself(deployed: Server) -> None:
    answers = _ask(deployed, _put("wallet#1"), _put("bet#2", "wallet#1"), _put("bet#3", "user#1"))
    assert answers == ["AccessDeniedException", "ok", "AccessDeniedException"]


def test_a_functions_log_is_a_file(deployed: Server) -> None:
    _ask(deployed)
    log = Path(paths.LOGS / f"{FUNCTION}.log")
    assert "asked" in log.read_text()


def test_a_message_is_answered_where_its_route_has_a_response(emulator: Server) -> None:
    _create(emulator, "socket", SOCKET)
    apis = deployment.client(emulator, "apigatewayv2")
    (api,) = [one["ApiId"] for one in apis.get_apis()["Items"] if one["Name"] == "socket"]
    (integration,) = apis.get_integrations(ApiId=api)["Items"]
    apis.create_integration_response(
        ApiId=api,
        IntegrationId=integration["IntegrationId"],
        IntegrationResponseKey="$default",
        ResponseTemplates={"$default": "heard"},
    )
    url = f"{emulator.url.replace('http', 'ws', 1)}/_aws/execute-api/{api}/live"
    with connect(url, compression=None, proxy=None) as socket:
        for action in ("unanswered", "answered"):
            socket.send(json.dumps({"action": action}))
        assert socket.recv(timeout=10) == "heard"
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.2)
