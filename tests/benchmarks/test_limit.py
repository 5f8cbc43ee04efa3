"""The hand-written authorizer and publisher answer what the platform's own do.

They are built by `make peers` and `make bench`; where they are not, there is nothing to ask.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from local.server import CREDENTIALS

from benchmarks import peers, world
from benchmarks.process import Function, Program
from benchmarks.table_proxy import TableProxy
from benchmarks.world import sample

KEY_ID = "key-1"
PAIR, OTHER_PAIR = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
NOBODY = {"isAuthorized": False}
REFUSED = "refused"


def built(function: str) -> dict[str, Any]:
    """Who does the job of `function`, as far as they are built."""
    programs = {"own": world.BUILT / function / "bootstrap", "limit": peers.limit(function)}
    return {by: path for by, path in programs.items() if path and path.exists()}


class Service(ThreadingHTTPServer):
    """Keys and the bus."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.put: list[dict[str, str]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if operation == "GetPublicKey":
            assert request == {"KeyId": KEY_ID}
            der = PAIR.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            return {"KeyId": KEY_ID, "PublicKey": base64.b64encode(der).decode()}
        assert operation == "PutEvents"
        assert len(request["Entries"]) <= 10
        # Refused as what will be taken later, so nobody sets it aside.
        taken = [REFUSED not in one["Detail"] for one in request["Entries"]]
        self.put += [
            one for one, is_taken in zip(request["Entries"], taken, strict=True) if is_taken
        ]
        said = [{"EventId": "1"} if one else {"ErrorCode": "ThrottlingException"} for one in taken]
        return {"FailedEntryCount": taken.count(False), "Entries": said}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        assert "Signature=" in self.headers["authorization"]
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        operation = self.headers["x-amz-target"].rpartition(".")[2]
        body = json.dumps(self.server.answer(operation, request)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with Service() as one:
        yield one
        one.shutdown()


@pytest.fixture(scope="module")
def proxy(service: Service) -> Iterator[TableProxy]:
    one = TableProxy(f"http://127.0.0.1:{service.server_address[1]}")
    yield one
    one.close()


def started(function: str, by: str, proxy: TableProxy) -> Function:
    path = built(function).get(by)
    if path is None:
        pytest.skip(f"{function} by {by} is not built")
    variables = CREDENTIALS | {
        "AWS_ENDPOINT_URL": proxy.url,
        "AWS_CA_BUNDLE": str(proxy.bundle),
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_LOG_GROUP_NAME": "group",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "KEY_IDENTITY": KEY_ID,
        "TOKEN_ISSUER": "quoin",
        "TOKEN_AUDIENCE": "quoin-api",
        "BUS_NAME": "bus",
    }
    return Function(Program(function, [str(path)], variables)).start()


@pytest.fixture(scope="module", params=["own", "limit"])
def authorizer(request: pytest.FixtureRequest, proxy: TableProxy) -> Iterator[Function]:
    with started("authorizer", request.param, proxy) as function:
        yield function


@pytest.fixture(scope="module", params=["own", "limit"])
def publisher(request: pytest.FixtureRequest, proxy: TableProxy) -> Iterator[Function]:
    with started("publisher", request.param, proxy) as function:
        yield function


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(message: str, pair: ec.EllipticCurvePrivateKey = PAIR) -> str:
    der = pair.sign(message.encode(), ec.ECDSA(hashes.SHA256()))
    halves = b"".join(half.to_bytes(32, "big") for half in utils.decode_dss_signature(der))
    return f"{message}.{encoded(halves)}"


def header(**changes: Any) -> dict[str, Any]:
    return {"alg": "ES256", "typ": "JWT", "kid": KEY_ID} | changes


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": "quoin",
        "aud": "quoin-api",
        "sub": 'user_"1"',
        "roles": ["user", "operator"],
        "sid": "ses_1",
        "iat": now,
        "exp": now + 900,
    } | changes


def without(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: member for key, member in value.items() if key != name}


def message(head: Any, said: Any) -> str:
    return ".".join(encoded(json.dumps(one).encode()) for one in (head, said))


def token(head: Any = None, said: Any = None) -> str:
    return signed(message(head or header(), claims() if said is None else said))


def request(source: Any, **headers: Any) -> dict[str, Any]:
    return sample("authorizer") | {"identitySource": source, "headers": headers}


GOOD = {
    "isAuthorized": True,
    "context": {"sub": 'user_"1"', "roles": "user,operator", "session_id": "ses_1"},
}


def test_a_good_token_says_who_asks(authorizer: Function) -> None:
    for event in (
        request([f"Bearer {token()}"]),
        request([f" bearer  {token()} "]),
        request(None, Authorization=f"Bearer {token()}"),
        request([], authorization=f"Bearer {token()}"),
        request([f"Bearer {token(said=claims(iat=int(time.time()) + 50))}"]),
        request([f"Bearer {token(said=claims(nbf=1, more='of it'))}"]),
    ):
        assert authorizer.invoke(event).body == GOOD, event


def test_every_role_has_its_name(authorizer: Function) -> None:
    roles = ["user", "agent", "merchant", "operator"]
    answer = authorizer.invoke(request([f"Bearer {token(said=claims(roles=roles))}"])).body
    assert answer["context"]["roles"] == ",".join(roles)
    none = authorizer.invoke(request([f"Bearer {token(said=claims(roles=[]))}"])).body
    assert none["context"]["roles"] == ""


WRONG_CLAIMS = [
    *[claims(**{name: "other"}) for name in ("iss", "aud", "exp", "iat", "nbf", "roles")],
    *[claims(**{name: 7}) for name in ("iss", "aud", "sub", "sid", "roles")],
    *[without(claims(), name) for name in ("iss", "aud", "sub", "sid", "roles", "iat", "exp")],
    claims(iss=["quoin"]),
    claims(aud=["quoin-api"]),
    claims(roles=["root"]),
    claims(exp=1),
    claims(exp=1e30),
    claims(exp=None),
    claims(iat=int(time.time()) + 1_000, exp=int(time.time()) + 2_000),
    claims(nbf=int(time.time()) + 1_000),
    [],
    "text",
]


@pytest.mark.parametrize("said", WRONG_CLAIMS, ids=lambda said: json.dumps(said)[-60:])
def test_claims_of_another_realm_or_shape_open_nothing(authorizer: Function, said: Any) -> None:
    assert authorizer.invoke(request([f"Bearer {token(said=said)}"])).body == NOBODY


WRONG_HEADERS = [
    *[header(alg=name) for name in ("none", "HS256", "ES384", ["ES256"])],
    *[header(kid=name) for name in ("key-2", "", None, 7)],
    header(crit=["exp"]),
    without(header(), "alg"),
    without(header(), "kid"),
    [],
]


@pytest.mark.parametrize("head", WRONG_HEADERS, ids=json.dumps)
def test_the_token_does_not_choose_how_it_is_verified(authorizer: Function, head: Any) -> None:
    for text in (signed(message(head, claims())), message(head, claims()) + "."):
        assert authorizer.invoke(request([f"Bearer {text}"])).body == NOBODY


def test_what_is_no_token_opens_nothing(authorizer: Function) -> None:
    good = token()
    head, said, signature = good.split(".")
    for text in (
        "",
        "not-a-token",
        "..",
        good[:-4],
        f"{good}A",
        f"{good}.A",
        f"{good}=",
        f"{head}.{said}",
        f"{head}.{message(header(), claims(sub='other')).split('.')[1]}.{signature}",
        signed(message(header(), claims()), OTHER_PAIR),
        signed(message(header(), claims(more="x" * 4_096))),
    ):
        assert authorizer.invoke(request([f"Bearer {text}"])).body == NOBODY, text
    for source in ([], [7], ["abc"], [good], [f"Basic {good}"], {}, "text", None):
        assert authorizer.invoke(request(source)).body == NOBODY, source
    for event in (None, [], {}, {"headers": ["authorization"]}, {"headers": {"authorization": 7}}):
        assert authorizer.invoke(event).body == NOBODY, event


def row(place: int, *details: str, **changes: Any) -> dict[str, Any]:
    """A new item of the journal with these events, each a text that JSON has to escape."""
    record = sample("publisher")["Records"][0]
    image = {
        "pk": {"S": f"bet#{place}"},
        "sk": {"N": "1"},
        "s0": {"N": "1"},
        "n": {"N": str(len(details))},
        "ev": {"L": [{"S": json.dumps({"told": detail})} for detail in details]},
        "pub": {"L": [{"S": f"betting.events/Bet{at}"} for at, _ in enumerate(details)]},
    } | changes
    keys = {name: image[name] for name in ("pk", "sk")}
    change = {"Keys": keys, "NewImage": image, "SequenceNumber": str(place)}
    return record | {"dynamodb": record["dynamodb"] | change}


def published(details: list[tuple[int, str]]) -> list[dict[str, str]]:
    return [
        {
            "Source": "betting.events",
            "DetailType": f"Bet{at}",
            "Detail": json.dumps({"told": detail}),
            "EventBusName": "bus",
        }
        for at, detail in details
    ]


def in_order(entries: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(entries, key=lambda entry: (entry["Detail"], entry["DetailType"]))


def test_every_event_of_new_rows_is_published(publisher: Function, service: Service) -> None:
    service.put.clear()
    rows = [row(place, f'"{place}" é\n', f"second of {place}") for place in range(17)]
    assert publisher.invoke({"Records": rows}).body == {"batchItemFailures": []}
    details = [f'"{place}" é\n' for place in range(17)], [f"second of {p}" for p in range(17)]
    expected = published([(at, one) for at, every in enumerate(details) for one in every])
    assert in_order(service.put) == in_order(expected)


def test_large_events_take_more_calls(publisher: Function, service: Service) -> None:
    service.put.clear()
    large = [f"{place}" * 100_000 for place in range(5)]
    rows = [row(place, detail) for place, detail in enumerate(large)]
    assert publisher.invoke({"Records": rows}).body == {"batchItemFailures": []}
    assert in_order(service.put) == in_order(published([(0, one) for one in large]))


def test_what_is_no_new_row_with_events_is_passed_over(
    publisher: Function, service: Service
) -> None:
    service.put.clear()
    silent = row(2)
    for name in ("ev", "pub"):
        del silent["dynamodb"]["NewImage"][name]
    removed = row(3, "a") | {"eventName": "REMOVE"}
    del removed["dynamodb"]["NewImage"]
    rows = [row(1, "a") | {"eventName": "MODIFY"}, silent, removed, row(4)]
    assert publisher.invoke({"Records": rows}).body == {"batchItemFailures": []}
    assert service.put == []


def test_the_limit_names_the_row_that_the_bus_did_not_take(
    proxy: TableProxy, service: Service
) -> None:
    service.put.clear()
    rows = [row(place, REFUSED if place == 12 else f"row {place:02}") for place in range(25)]
    with started("publisher", "limit", proxy) as function:
        answer = function.invoke({"Records": rows}).body
    # Rows 10 to 19 are one call; those after it wait until the stream sends them again.
    assert answer == {"batchItemFailures": [{"itemIdentifier": "12"}]}
    sent = [(0, f"row {place:02}") for place in range(20) if place != 12]
    assert in_order(service.put) == published(sent)
