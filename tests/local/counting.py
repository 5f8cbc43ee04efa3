"""Counts what costs money on AWS, and watches what waits: for measurements of the whole flow.

With QUOIN_COUNT the emulator writes to its logs' folder, some times a second:

counts.json     everything counted so far, by function, kind, place and operation
backlog.jsonl   how many messages and records of streams wait, are being handled, were given up
handled.jsonl   each message that a consumer was done with, and which request it followed from
"""

from __future__ import annotations

import functools
import inspect
import json
import re
import threading
import time
from collections import Counter
from contextvars import ContextVar
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PERIOD_SECONDS = 0.25
CHUNK_BYTES = 64 * 1024
ITEM_UNIT_BYTES = 4 * 1024
DEAD = "-dlq"
OUTSIDE = "outside"
TOKEN = "function:"
REQUEST = re.compile(r'"request_id": ?"([^"]+)"')
NAME = re.compile(r'"detail-type": ?"([^"]+)"')
READS = {"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"}
HANDLERS = {
    "GetItem": "_get_item",
    "PutItem": "_put_item",
    "UpdateItem": "_update_item",
    "DeleteItem": "_delete_item",
    "Query": "_query",
    "Scan": "_scan",
    "BatchGetItem": "_batch_get_item",
    "BatchWriteItem": "_batch_write_item",
    "TransactWriteItems": "_transact_write_items",
    "TransactGetItems": "_transact_get_items",
}
OTHERS = ("kms", "s3", "secretsmanager", "scheduler", "ses", "sns", "execute-api")
# Who asks; set for a request, read by the handler that it reaches.
_caller: ContextVar[str] = ContextVar("caller", default=OUTSIDE)
_answer: ContextVar[SimpleNamespace | None] = ContextVar("answer", default=None)
_batch = threading.local()


class Counts:
    """Counters by (function, kind, place, operation); handed out as `function|kind|…`."""

    def __init__(self) -> None:
        self._counter: Counter[tuple[str, ...]] = Counter()
        self._lock = threading.Lock()

    def add(self, function: str, kind: str, place: str, operation: str, by: float = 1) -> None:
        with self._lock:
            self._counter[function, kind, place, operation] += by

    def document(self) -> dict[str, float]:
        with self._lock:
            return {"|".join(key): value for key, value in self._counter.items()}


def chunks(text: str | bytes) -> int:
    """How many times a message is paid for."""
    size = len(text if isinstance(text, bytes) else text.encode())
    return max(1, -(-size // CHUNK_BYTES))


def read_units(sizes: list[int], asked: int, consistent: bool) -> float:
    """Of a batch: each item rounded up by itself, and those that are not there at the least."""
    units = sum(max(1, -(-size // ITEM_UNIT_BYTES)) for size in sizes) + asked - len(sizes)
    return units * (1.0 if consistent else 0.5)


def refused_units(operation: str, data: dict[str, Any]) -> float:
    """The least that a write costs whose condition did not hold."""
    return 2.0 * len(data.get("TransactItems", [])) if operation == "TransactWriteItems" else 1.0


def caller(headers: dict[str, str]) -> str:
    token = headers.get("x-amz-security-token", "")
    return token.removeprefix(TOKEN) if token.startswith(TOKEN) else OUTSIDE


def name_callers() -> None:
    """A function's requests carry its name, in the token that its credentials have anyway."""
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    issue = lambda_runtime.execution_credentials

    @functools.wraps(issue)
    def named(config: dict[str, Any]) -> dict[str, str]:
        return issue(config) | {"AWS_SESSION_TOKEN": TOKEN + config["FunctionName"]}

    lambda_runtime.execution_credentials = lambda_svc.execution_credentials = named


def count_tables(counts: Counts) -> None:
    from ministack.services import dynamodb

    respond, size = dynamodb.json_response, dynamodb._item_size_bytes

    def respond_and_tell(result: Any, *rest: Any, **more: Any) -> Any:
        if (answer := _answer.get()) is not None and isinstance(result, dict):
            answer.units, answer.result = result.pop("ConsumedCapacity", None), result
        return respond(result, *rest, **more)

    def counted(operation: str, handle: Any) -> Any:
        @functools.wraps(handle)
        def count(data: dict[str, Any]) -> Any:
            answer = SimpleNamespace(units=None, result={})
            mark = _answer.set(answer)
            try:
                status, headers, body = handle(data | {"ReturnConsumedCapacity": "TOTAL"})
            finally:
                _answer.reset(mark)
            function = _caller.get()
            counts.add(function, "call", "tables", operation)
            kind = "read" if operation in READS else "write"
            if status >= 400:
                counts.add(function, "refused", "tables", operation)
                if kind == "write":
                    counts.add(function, kind, "refused", operation, refused_units(operation, data))
            elif operation == "BatchGetItem":
                for table, keys in data["RequestItems"].items():
                    sizes = [size(one) for one in answer.result["Responses"][table]]
                    consistent = bool(keys.get("ConsistentRead"))
                    units = read_units(sizes, len(keys["Keys"]), consistent)
                    counts.add(function, kind, table, operation, units)
            elif operation in ("GetItem", "Query"):
                # The engine tells the same for every read, whatever it brings.
                found = answer.result.get("Items") or [answer.result.get("Item") or {}]
                consistent = bool(data.get("ConsistentRead"))
                units = read_units([sum(map(size, found))], 1, consistent)
                counts.add(function, kind, data["TableName"], operation, units)
            else:
                told = answer.units or []
                for one in told if isinstance(told, list) else [told]:
                    counts.add(function, kind, one["TableName"], operation, one["CapacityUnits"])
            return status, headers, body

        return count

    dynamodb.json_response = respond_and_tell
    for operation, name in HANDLERS.items():
        setattr(dynamodb, name, counted(operation, getattr(dynamodb, name)))


def count_requests(counts: Counts) -> None:
    """Requests to services, by who asks."""
    from ministack import app

    def passing(service: str, handler: Any) -> Any:
        async def passed(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
            function = caller(headers)
            mark = _caller.set(function)
            try:
                if service != "dynamodb":
                    action = headers.get("x-amz-target", "").rpartition(".")[2] or method
                    place = body_queue(body) if service == "sqs" else service
                    times = chunks(body) if service == "sqs" else 1
                    counts.add(function, service, place, action, times)
                    counts.add(function, "call", service, action)
                return await handler(method, path, headers, body, query)
            finally:
                _caller.reset(mark)

        return passed

    for service in ("dynamodb", "sqs", "events", *OTHERS):
        if service in app.SERVICE_HANDLERS:
            app.SERVICE_HANDLERS[service] = passing(service, app.SERVICE_HANDLERS[service])


def body_queue(body: bytes) -> str:
    found = re.search(rb'"QueueUrl": ?"[^"]*/([^"/]+)"', body)
    return found.group(1).decode() if found else "queues"


def count_invocations(counts: Counts) -> None:
    from ministack.services import apigateway, lambda_svc

    dispatch, serve = lambda_svc._execute_function_dispatch, apigateway._invoke_lambda_proxy

    @functools.wraps(dispatch)
    def dispatched(func: Any, config: Any, event: Any, *rest: Any) -> Any:
        name = config["FunctionName"]
        records = event.get("Records") if isinstance(event, dict) else None
        counts.add(name, "lambda", "invocations", "Invoke")
        counts.add(name, "lambda", "records", "Invoke", len(records or [None]))
        result = dispatch(func, config, event, *rest)
        if isinstance(result, dict) and result.get("error"):
            counts.add(name, "lambda", "errors", "Invoke")
        return result

    signature = inspect.signature(serve)

    @functools.wraps(serve)
    async def served(*args: Any, **kwargs: Any) -> Any:
        call = signature.bind(*args, **kwargs).arguments
        found = re.search(r"function:([\w-]+)", call["integration"].get("integrationUri", ""))
        counts.add(found.group(1) if found else OUTSIDE, "http", "requests", "Request")
        return await serve(*args, **kwargs)

    lambda_svc._execute_function_dispatch = dispatched
    apigateway._invoke_lambda_proxy = served


def count_events(counts: Counts) -> None:
    """What is put on the bus, and what rules copy to queues."""
    from ministack.services import eventbridge

    put, deliver = eventbridge._put_events, eventbridge._dispatch_to_sqs

    @functools.wraps(put)
    def put_and_count(data: dict[str, Any], *rest: Any, **more: Any) -> Any:
        for entry in data.get("Entries", []):
            detail, name = entry.get("Detail", ""), entry.get("DetailType", "")
            counts.add(_caller.get(), "event", name, "chunks", chunks(detail))
            counts.add(_caller.get(), "event", name, "bytes", len(detail.encode()))
        return put(data, *rest, **more)

    @functools.wraps(deliver)
    def deliver_and_count(spec: Any, payload: str, *rest: Any, **more: Any) -> Any:
        counts.add("bus", "sqs", spec.resource, "SendMessage", chunks(payload))
        return deliver(spec, payload, *rest, **more)

    eventbridge._put_events = put_and_count
    eventbridge._dispatch_to_sqs = deliver_and_count


def count_polling(counts: Counts, handled: Path) -> None:
    """What Lambda's pollers ask of queues, and when a message was done with."""
    from ministack.services import lambda_svc, sqs

    run, delete = lambda_svc._run_sqs_batch, sqs._delete_messages_for_esm
    file = handled.open("a", buffering=1)

    @functools.wraps(delete)
    def delete_and_tell(queue_url: str, handles: set[str]) -> None:
        delete(queue_url, handles)
        _batch.gone = handles

    @functools.wraps(run)
    def run_and_count(
        esm: Any, func: Any, event: Any, batch: Any, queue_url: str, queue: str
    ) -> None:
        name = esm["FunctionName"].rpartition(":")[2]
        sizes = sum(chunks(one["body"]) for one in batch)
        # A receive brings so many messages at most, and is paid for by its size like any request.
        counts.add(name, "sqs", queue, "ReceiveMessage", max(1, -(-sizes // 10)))
        # Noted before: a message's handle changes when it is received again.
        bodies = {one["receipt_handle"]: one["body"] for one in batch}
        _batch.gone = set()
        run(esm, func, event, batch, queue_url, queue)
        if gone := _batch.gone:
            counts.add(name, "sqs", queue, "DeleteMessageBatch")
            counts.add(name, "message", queue, "handled", len(gone))
            at = time.time()
            file.write("".join(line(at, queue, bodies[one]) for one in gone if one in bodies))
        if failed := len(batch) - len(_batch.gone):
            counts.add(name, "message", queue, "failed", failed)

    lambda_svc._run_sqs_batch = run_and_count
    sqs._delete_messages_for_esm = delete_and_tell


def line(at: float, queue: str, body: str) -> str:
    request, name = REQUEST.search(body), NAME.search(body)
    told = {
        "at": at,
        "queue": queue,
        "request_id": request and request.group(1),
        "name": name and name.group(1),
    }
    return json.dumps(told) + "\n"


def backlog() -> dict[str, Any]:
    """What waits now, in queues and in streams."""
    from ministack.services import dynamodb, lambda_svc, sqs

    now, found = time.time(), {"at": time.time(), "waiting": 0, "taken": 0, "stream": 0, "dead": 0}
    for queue in list(sqs._queues._data.values()):
        messages = list(queue["messages"])
        if queue["name"].endswith(DEAD):
            found["dead"] += len(messages)
            continue
        waiting = sum(one["visible_at"] <= now for one in messages)
        found["waiting"] += waiting
        found["taken"] += len(messages) - waiting
    found["running"] = sum(lambda_svc._esm_inflight.values())
    for account, region, esm in lambda_svc._iter_all_esms():
        table = re.search(r":table/([^/]+)/stream/", esm.get("EventSourceArn", ""))
        position = lambda_svc._dynamodb_stream_positions._data
        read = next((one for key, one in list(position.items()) if esm["UUID"] in key), None)
        if table and read is not None and esm.get("Enabled", True):
            end = dynamodb.stream_end_position(table.group(1), account_id=account, region=region)
            found["stream"] += max(0, end - read)
    return found


def write_forever(counts: Counts, folder: Path) -> None:
    file, failed = (folder / "backlog.jsonl").open("a", buffering=1), 0
    while True:
        try:
            file.write(json.dumps(backlog()) + "\n")
        except RuntimeError:
            # Something changed while it was looked at.
            failed += 1
        told = {"at": time.time(), "counts": counts.document(), "looks_failed": failed}
        (folder / "counts.tmp").write_text(json.dumps(told))
        (folder / "counts.tmp").replace(folder / "counts.json")
        time.sleep(PERIOD_SECONDS)


def install(folder: Path) -> None:
    counts = Counts()
    name_callers()
    count_tables(counts)
    count_requests(counts)
    count_invocations(counts)
    count_events(counts)
    count_polling(counts, folder / "handled.jsonl")
    threading.Thread(target=write_forever, args=(counts, folder), daemon=True).start()
