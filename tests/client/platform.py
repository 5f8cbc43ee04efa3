"""Requests to a deployed platform, known by its `.local/outputs.json`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
import uuid
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import urllib3

from .contract import Contract
from .packed import read_packed_items

TIMEOUT_SECONDS = 70
MAX_CONNECTIONS = 120
UNAVAILABLE = (500, 502, 503, 504)
TRIES = 10
# Without an Idempotency-Key: those that change nothing more when they are sent again.
REPEATABLE = re.compile(
    r"(GET|PUT|PATCH|DELETE) .*|POST /api/(sessions|realtime/tickets|feeds/.+|.+/callbacks/.+)"
)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: Any

    def expect(self, status: int) -> Any:
        """The body, if the status is the one expected."""
        assert self.status == status, f"{self.status} instead of {status}: {self.body}"
        return self.body

    def problem(self, status: int, code: str) -> Any:
        """The problem document, if it is the one expected."""
        body = self.expect(status)
        assert self.headers["content-type"] == "application/problem+json"
        assert body["code"] == code, body
        assert body["status"] == status
        assert body["request_id"] == self.headers["x-request-id"]
        return body


class Platform:
    """One deployed platform; with a contract, every answer is held against it."""

    def __init__(self, outputs: dict[str, Any], contract: Contract | None = None) -> None:
        self.outputs = outputs
        self.contract = contract
        self.url = outputs["http_url"].rstrip("/")
        self._pool = urllib3.PoolManager(
            maxsize=MAX_CONNECTIONS, retries=False, timeout=TIMEOUT_SECONDS
        )

    @classmethod
    def from_file(cls, path: Path, contract: Contract | None = None) -> Platform:
        return cls(json.loads(path.read_text()), contract)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Sends `body` as JSON (bytes as they are); numbers come back as exact decimals.

        What may safely be sent again is, while the platform is too busy to answer it.
        """
        sent = {"content-type": "application/json"} | (headers or {})
        if token:
            sent["authorization"] = f"Bearer {token}"
        if key:
            sent["idempotency-key"] = key
        raw = body if isinstance(body, bytes | None) else json.dumps(body, default=str).encode()
        answer = self._send(method, path, raw, sent)
        is_repeatable = key or REPEATABLE.fullmatch(f"{method} {path}")
        for _ in range(TRIES if is_repeatable else 0):
            if answer.status not in UNAVAILABLE:
                break
            time.sleep(1)
            answer = self._send(method, path, raw, sent)
        return answer

    def _send(self, method: str, path: str, raw: bytes | None, sent: dict[str, str]) -> Answer:
        reply = self._pool.request(method, self.url + path, body=raw, headers=sent)
        headers = {k.lower(): v for k, v in reply.headers.items()}
        answer = Answer(reply.status, headers, self._read(reply.data))
        if self.contract:
            kind = answer.headers.get("content-type")
            self.contract.check(method, path, answer.status, kind, answer.body)
        return answer

    @staticmethod
    def _read(data: bytes) -> Any:
        """JSON, or else a text, or else the bytes."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return data
        try:
            return json.loads(text, parse_float=Decimal) if text else None
        except json.JSONDecodeError:
            return text

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self.request("POST", path, body, **options)

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self.request("PUT", path, body, **options)

    def signed(self, party: str, body: bytes, at: int | None = None) -> dict[str, str]:
        """Standard Webhooks headers over `body`, as the provider `party` would send them."""
        secret = base64.b64decode(self.outputs["webhook_secrets"][party].removeprefix("whsec_"))
        identity, moment = f"msg_{uuid.uuid4().hex}", str(int(time.time()) if at is None else at)
        payload = f"{identity}.{moment}.".encode() + body
        digest = base64.b64encode(hmac.new(secret, payload, hashlib.sha256).digest()).decode()
        return {
            "webhook-id": identity,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{digest}",
        }

    def aws(self, service: str) -> Any:
        """An AWS client of the stack itself, for what no route shows: queues, tables, secrets."""
        made = boto3.client(
            service,
            endpoint_url=self.outputs["aws_endpoint_url"],
            region_name=self.outputs["region"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        return read_packed_items(made) if service == "dynamodb" else made

    def operator_token(self) -> str:
        operator = self.outputs["operator"]
        body = {"email": operator["email"], "password": operator["password"]}
        return self.post("/api/sessions", body).expect(200)["access_token"]
