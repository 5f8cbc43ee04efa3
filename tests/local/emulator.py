"""The emulator's process: ministack, corrected where it differs from AWS.

Each correction says what AWS does; drop it when the emulator does the same.
"""

from __future__ import annotations

import base64
import functools
import inspect
import json
import os
import re
import string
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import lz4.block
from client.packed import unpack

from . import batches, counting, leading_keys, pace

RECORDED = "requests-"
RECORDED_SERVICES = ("dynamodb", "events", "sqs")
# Texts of the journal, and lines on their way to the warehouse.
PACKED = re.compile(rb'"(z|lines)"\s*:\s*\{"B"\s*:\s*"([^"]*)"\}')
INTERNAL_ERROR = b'{"message":"Internal Server Error"}'


def transform_nested_stacks() -> None:
    """CloudFormation applies a template's transforms wherever the template is used."""
    from ministack.services.cloudformation import engine, provisioners

    parse, deploy = engine._parse_template, provisioners._cfn_nested_stack_deploy

    def parse_and_transform(body: Any) -> Any:
        return engine._apply_transforms(parse(body))

    @functools.wraps(deploy)
    def deploy_nested(*args: Any, **kwargs: Any) -> Any:
        # The deployment looks the parser up when it runs, so it is enough to swap it meanwhile.
        engine._parse_template = parse_and_transform
        try:
            return deploy(*args, **kwargs)
        finally:
            engine._parse_template = parse

    provisioners._cfn_nested_stack_deploy = deploy_nested


def shape_http_events_and_faults() -> None:
    """An HTTP API leaves out path parameters where there are none, rather than sending null, and
    answers 500 without details when a function fails.
    """
    from ministack.services import apigateway

    invoke = apigateway._invoke_lambda_proxy
    signature = inspect.signature(invoke)

    @functools.wraps(invoke)
    async def invoke_as_aws(*args: Any, **kwargs: Any) -> Any:
        call = signature.bind(*args, **kwargs)
        call.arguments["path_params"] = call.arguments.get("path_params") or {}
        status, headers, body = await invoke(*call.args, **call.kwargs)
        if status == 502:
            headers, body = {"Content-Type": "application/json"}, INTERNAL_ERROR
            status = 500
        return status, headers, body

    apigateway._invoke_lambda_proxy = invoke_as_aws


def generate_secrets_as_declared() -> None:
    """A template's GenerateSecretString leaves out punctuation where it says so."""
    from ministack.services.cloudformation import provisioners

    generate = provisioners._sm_secret_string

    @functools.wraps(generate)
    def generate_as_declared(props: Any) -> Any:
        how = props.get("GenerateSecretString") or {}
        if str(how.get("ExcludePunctuation", "")).lower() == "true":
            excluded = how.get("ExcludeCharacters", "") + string.punctuation
            props = props | {"GenerateSecretString": how | {"ExcludeCharacters": excluded}}
        return generate(props)

    provisioners._sm_secret_string = generate_as_declared


def authorize_batches_as_their_parts() -> None:
    """SQS knows no rights of its own for batches: the right to send covers sending ten."""
    from ministack.core import iam_actions

    extract = iam_actions.extract_iam_action

    @functools.wraps(extract)
    def extract_as_aws(*args: Any, **kwargs: Any) -> Any:
        action = extract(*args, **kwargs)
        is_batch = isinstance(action, str) and action.startswith("sqs:")
        return action.removesuffix("Batch") if is_batch else action

    iam_actions.extract_iam_action = extract_as_aws


def answer_messages_by_route_responses() -> None:
    """A WebSocket API sends what a function answers to a message back over the connection where
    the route has a response, and only there; a template can declare one.
    """
    from ministack.services import apigateway
    from ministack.services.cloudformation import provisioners

    def create(_: str, properties: Any, __: str) -> Any:
        api, route = properties["ApiId"], properties["RouteId"].rpartition("/")[2]
        data = {"routeResponseKey": properties["RouteResponseKey"]}
        status, _headers, body = apigateway._create_route_response(api, route, data)
        if status >= 400:
            raise ValueError(body)
        response = json.loads(body)["routeResponseId"]
        return f"{api}/{route}/{response}", {"RouteResponseId": response}

    def delete(identity: str, _: Any) -> None:
        apigateway._delete_route_response(*identity.split("/"))

    handlers = {"create": create, "delete": delete}
    provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::RouteResponse"] = handlers
    invoke = apigateway._invoke_ws_lambda
    signature = inspect.signature(invoke)

    @functools.wraps(invoke)
    async def invoke_as_aws(*args: Any, **kwargs: Any) -> Any:
        call = signature.bind(*args, **kwargs).arguments
        answer = await invoke(*args, **kwargs)
        responses = apigateway._route_responses.get(call["api_id"], {})
        has_response = bool(responses.get(call["route"]["routeId"]))
        if call["event_type"] == "MESSAGE" and not has_response:
            return None
        return answer

    apigateway._invoke_ws_lambda = invoke_as_aws


class _Copied:
    """A function's output, copied into a file of its own while the emulator reads it."""

    def __init__(self, stream: Any, path: Path) -> None:
        self._stream, self._file = stream, path.open("ab", buffering=0)

    def readline(self) -> bytes:
        line = self._stream.readline()
        self._file.write(line)
        return line

    def close(self) -> None:
        self._stream.close()
        self._file.close()


def copy_logs_to_files(directory: Path) -> None:
    """Every function's log is also a file, for people and for `grep`."""
    from ministack.core.lambda_runtime import ProvidedWorker

    pump = ProvidedWorker._pump_output

    def pump_and_copy(self: Any, stream: Any, log_queue: Any) -> None:
        pump(self, _Copied(stream, directory / f"{self.func_name}.log"), log_queue)

    ProvidedWorker._pump_output = pump_and_copy


def in_clear(packed: re.Match[bytes]) -> bytes:
    """What is packed could not be searched; what is damaged, as tests have it, has no texts."""
    name, content = packed[1], base64.b64decode(packed[2])
    with suppress(zlib.error, lz4.block.LZ4BlockError, OSError):
        if name == b"lines":
            return b'"lines": ' + zlib.decompress(content)
        return json.dumps(unpack(content), ensure_ascii=False)[1:-1].encode()
    return packed[0]


def record_requests(directory: Path) -> None:
    """What functions ask of tables, the bus and queues, one request a line, for tests to search."""
    from ministack import app

    def recording(handler: Any, path: Path) -> Any:
        file = path.open("ab", buffering=0)

        async def record(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
            file.write(PACKED.sub(in_clear, body).replace(b"\n", b" ") + b"\n")
            return await handler(method, path, headers, body, query)

        return record

    for service in RECORDED_SERVICES:
        file = directory / f"{RECORDED}{service}.log"
        app.SERVICE_HANDLERS[service] = recording(app.SERVICE_HANDLERS[service], file)


def main() -> None:
    pace.install()
    transform_nested_stacks()
    shape_http_events_and_faults()
    generate_secrets_as_declared()
    authorize_batches_as_their_parts()
    answer_messages_by_route_responses()
    leading_keys.install()
    batches.install(waits=bool(os.environ.get("QUOIN_WINDOWS")))
    logs = Path(os.environ["QUOIN_LOGS"])
    copy_logs_to_files(logs)
    if os.environ.get("QUOIN_RECORD"):
        record_requests(logs)
    if os.environ.get("QUOIN_COUNT"):
        counting.install(logs)
    sys.argv = ["ministack"]
    from ministack.app import main as serve

    serve()


if __name__ == "__main__":
    main()
