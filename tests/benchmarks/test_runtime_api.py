"""The Runtime API, asked as a function asks it."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from benchmarks.runtime_api import FunctionError, RuntimeApi

INVOCATION = "/2018-06-01/runtime/invocation"


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    api = RuntimeApi()
    yield api
    api.close()


def function(api: RuntimeApi, handle: Callable[[Any], Any], times: int = 1) -> None:
    """A function in a thread, which answers so often over one connection."""

    def run() -> None:
        connection = http.client.HTTPConnection(api.address)
        for _ in range(times):
            connection.request("GET", f"{INVOCATION}/next")
            asked = connection.getresponse()
            request_id = asked.headers["Lambda-Runtime-Aws-Request-Id"]
            event = json.loads(asked.read())
            try:
                kind, said = "response", handle(event)
            except ValueError as error:
                kind, said = "error", {"errorMessage": str(error)}
            body = json.dumps(said).encode()
            connection.request("POST", f"{INVOCATION}/{request_id}/{kind}", body)
            connection.getresponse().read()

    threading.Thread(target=run, daemon=True).start()


def test_an_event_is_answered(api: RuntimeApi) -> None:
    function(api, lambda event: {"twice": 2 * event["number"]}, times=2)
    api.await_init(60)
    for number in (1, 2):
        answered = api.invoke({"number": number}, 60)
        assert answered.body == {"twice": 2 * number}
        assert answered.seconds > 0


def test_a_function_that_fails_says_why(api: RuntimeApi) -> None:
    def refuse(_: Any) -> None:
        raise ValueError("not today")

    function(api, refuse)
    with pytest.raises(FunctionError, match="not today"):
        api.invoke({}, 60)


def test_nobody_waits_for_ever(api: RuntimeApi) -> None:
    with pytest.raises(FunctionError, match="asked for no event"):
        api.await_init(0.01)
    with pytest.raises(FunctionError, match="no answer"):
        api.invoke({}, 0.01)


def test_an_answer_may_come_in_chunks(api: RuntimeApi) -> None:
    def run() -> None:
        connection = http.client.HTTPConnection(api.address)
        connection.request("GET", f"{INVOCATION}/next")
        asked = connection.getresponse()
        asked.read()
        request_id = asked.headers["Lambda-Runtime-Aws-Request-Id"]
        path = f"{INVOCATION}/{request_id}/response"
        connection.request("POST", path, iter([b'{"a"', b": 1}"]), encode_chunked=True)

    threading.Thread(target=run, daemon=True).start()
    assert api.invoke({}, 60).body == {"a": 1}
