"""What a user would write instead: the same two jobs by other means, over tables of their own.

`peers/` has the sources. Both jobs are those of this platform: an idempotent debit that leaves a
ledger entry and an event, and a bet. A peer does no more than that: no limits, no coins, no expiry,
no chain of sequences.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
from local import deployment, paths, server

from .process import Program
from .world import sample

SOURCES = Path(__file__).with_name("peers")
BUILT = paths.LOCAL / "bench"
PYTHON = paths.LOCAL / "venv" / "bench" / "bin" / "python"
RUST = paths.ROOT / "target" / "peers"
USER = "user_789"
RICH = Decimal(10_000_000)
ODDS = Decimal("1.10")
MATCHES = [f"sr:match:{number}" for number in range(20)]
TABLES = {
    "wallets": ("user_id", None),
    "ledger": ("user_id", "entry_id"),
    "outbox": ("event_id", None),
    "bets": ("bet_id", None),
    "markets": ("event_id", "market"),
    "idempotency": ("id", None),
}
JOBS = ("debit", "place-bet")
# Functions of the platform whose only peer is the hand-written limit, called with their own events.
LIMITED = ("authorizer", "publisher")


@dataclass(frozen=True)
class Peer:
    """Another way to do a job."""

    label: str
    job: str
    program: Program
    # What would be uploaded.
    files: Path
    is_native: bool


def tables(emulator: server.Server) -> None:
    """Makes the peers' tables, and fills them with a rich person and markets."""
    client = deployment.client(emulator, "dynamodb")
    for name, keys in TABLES.items():
        pairs = [(key, kind) for key, kind in zip(keys, ("HASH", "RANGE"), strict=True) if key]
        client.create_table(
            TableName=f"peer-{name}",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in pairs],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in pairs],
        )
    resource = boto3.resource(
        "dynamodb",
        endpoint_url=emulator.url,
        region_name=server.REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    wallet = {"user_id": USER, "balance": RICH, "version": 1}
    resource.Table("peer-wallets").put_item(Item=wallet)
    outcomes = {name: {"odds": ODDS, "active": True} for name in ("1", "2")}
    for match in MATCHES:
        market = {"status": "active", "outcomes": outcomes, "version": 1}
        key = {"event_id": match, "market": "1"}
        resource.Table("peer-markets").put_item(Item=key | market)


def environment(endpoint: str, bundle: str, job: str) -> dict[str, str]:
    own = {f"TABLE_{name.upper()}": f"peer-{name}" for name in TABLES}
    return {
        **server.CREDENTIALS,
        **own,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CA_BUNDLE": bundle,
        "NODE_EXTRA_CA_CERTS": bundle,
        "SSL_CERT_FILE": bundle,
        "AWS_LAMBDA_FUNCTION_NAME": f"peer-{job}",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "POWERTOOLS_SERVICE_NAME": "peer",
    }


def events(job: str) -> Callable[[], dict[str, Any]]:
    return debit if job == "debit" else bet


def debit() -> dict[str, Any]:
    return {
        "operation_id": f"op-{uuid.uuid4().hex}",
        "user_id": USER,
        "command": "debit",
        "asset": "cash",
        "amount": 1.25,
    }


def bet(legs: int = 1) -> dict[str, Any]:
    event = sample("place-bet")
    event["headers"]["idempotency-key"] = uuid.uuid4().hex
    selections = [
        {"event_id": match, "market_id": "1", "outcome_id": "1", "odds": float(ODDS)}
        for match in MATCHES[:legs]
    ]
    event["body"] = json.dumps(
        {
            "type": "single" if legs == 1 else "accumulator",
            "stake": {"amount": 1.25, "asset": "cash"},
            "selections": selections,
            "accept_odds": "better",
        }
    )
    return event


def limit(function: str) -> Path | None:
    """The hand-written limit of one of the platform's functions, if it is built."""
    return next(RUST.glob(f"*/release/limit-{function}"), None)


def of(job: str, endpoint: str, bundle: str) -> list[Peer]:
    """All peers that do `job`, the quickest first."""
    variables = environment(endpoint, bundle, job)

    def native(label: str, binary: str) -> Peer:
        (path,) = RUST.glob(f"*/release/{binary}-{job}")
        return Peer(label, job, Program(binary, [str(path)], variables), path, True)

    def interpreted(label: str, folder: Path, command: list[str], **more: str) -> Peer:
        return Peer(label, job, Program(label, command, variables | more, folder), folder, False)

    def node(label: str, variant: str) -> Peer:
        folder = BUILT / "node" / f"{job}-{variant}"
        client = str(SOURCES / "node" / "runtime.mjs")
        return interpreted(label, folder, ["node", client, str(folder / "index.mjs")])

    def python(label: str, variant: str) -> Peer:
        folder, module = BUILT / "python", f"{job.replace('-', '_')}_{variant}"
        command = [str(PYTHON), "-m", "awslambdaric", f"{module}.handler"]
        return interpreted(label, folder, command, PYTHONPATH=str(folder))

    return [
        native("hand-written limit", "limit"),
        native("Rust, SDK as it comes", "sdk"),
        python("Python", "plain"),
        python("Python + Powertools", "powertools"),
        node("Node", "plain"),
        node("Node + Powertools", "powertools"),
    ]
