"""The proxy before the table engine, over TLS as functions see it."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from benchmarks.table_proxy import TableProxy

PACE_SECONDS = 0.05


class Engine(BaseHTTPRequestHandler):
    """Says what it was asked, and what that consumed if that was asked too."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said: dict[str, Any] = {"asked": asked}
        if asked.get("ReturnConsumedCapacity") == "TOTAL":
            said["ConsumedCapacity"] = [{"CapacityUnits": 2.0}, {"CapacityUnits": 1.5}]
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def proxy() -> Iterator[TableProxy]:
    engine = ThreadingHTTPServer(("127.0.0.1", 0), Engine)
    engine.daemon_threads = True
    threading.Thread(target=engine.serve_forever, daemon=True).start()
    proxy = TableProxy(f"http://127.0.0.1:{engine.server_address[1]}", PACE_SECONDS)
    yield proxy
    proxy.close()
    engine.shutdown()
    engine.server_close()


def asked(proxy: TableProxy, *operations: str) -> list[dict[str, Any]]:
    context = ssl.create_default_context(cafile=str(proxy.bundle))
    host, _, port = proxy.url.removeprefix("https://").partition(":")
    connection = http.client.HTTPSConnection(host, int(port), context=context)
    answers = []
    for operation in operations:
        headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        connection.request("POST", "/", json.dumps({"Key": "k"}), headers)
        answers.append(json.loads(connection.getresponse().read()))
    connection.close()
    return answers


def test_calls_pass_and_are_counted(proxy: TableProxy) -> None:
    counted = proxy.count()
    answers = asked(proxy, "GetItem", "TransactWriteItems", "GetItem")
    assert all(one == {"asked": {"Key": "k"}} for one in answers)
    assert counted.calls == {"GetItem": 2, "TransactWriteItems": 1}
    assert counted.sent > 3 * len('{"Key": "k"}')
    assert (counted.write_units, counted.read_units) == (0, 0)


def test_units_are_asked_for(proxy: TableProxy) -> None:
    counted = proxy.count(units=True)
    asked(proxy, "GetItem", "TransactWriteItems", "PutItem")
    assert (counted.write_units, counted.read_units) == (7.0, 3.5)


def test_no_call_is_quicker_than_the_pace(proxy: TableProxy) -> None:
    begun = time.monotonic()
    asked(proxy, "GetItem", "GetItem")
    assert time.monotonic() - begun >= 2 * PACE_SECONDS


def test_who_does_not_trust_the_root_is_not_answered(proxy: TableProxy) -> None:
    port = int(proxy.url.rpartition(":")[2])
    connection = http.client.HTTPSConnection("localhost", port)
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("POST", "/")
