"""Ends TLS before the table engine, counts what passes, and makes every call take equally long.

A call that the engine answers sooner than `pace_seconds` waits: so one that takes 5 ms stands for a
table on AWS, whatever the engine behind it takes.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

HOST = "127.0.0.1"


@dataclass
class Counted:
    """What passed since the counting began."""

    calls: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    received: int = 0
    write_units: float = 0.0
    read_units: float = 0.0

    @property
    def bytes(self) -> int:
        return self.sent + self.received


class TableProxy:
    """`https://localhost:…` before `engine`; trusted by who trusts the certificate in `bundle`."""

    def __init__(self, engine: str, pace_seconds: float = 0.0) -> None:
        self.pace_seconds = pace_seconds
        self.counts_units = False
        self.counted = Counted()
        self._engine = urlsplit(engine)
        self._folder = tempfile.TemporaryDirectory(prefix="quoin-bench-")
        self.bundle = Path(self._folder.name) / "ca.pem"
        context = self._certificate()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        start = asyncio.start_server(self._serve, HOST, 0, ssl=context)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result(10)
        self.url = f"https://localhost:{self._server.sockets[0].getsockname()[1]}"

    def count(self, units: bool = False) -> Counted:
        """Counts anew; with `units`, the engine is asked for what each call consumed."""
        self.counts_units, self.counted = units, Counted()
        return self.counted

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
        self._folder.cleanup()

    async def _end(self) -> None:
        self._server.close()
        open_ones = asyncio.all_tasks() - {asyncio.current_task()}
        for one in open_ones:
            one.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)

    def _certificate(self) -> ssl.SSLContext:
        """A root of this run alone, and what it signs for `localhost`."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        def named(name: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])

        now = datetime.now(UTC)
        keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
        built = []
        for place, name in enumerate(["Quoin benchmark", "localhost"]):
            builder = (
                x509.CertificateBuilder()
                .subject_name(named(name))
                .issuer_name(named("Quoin benchmark"))
                .public_key(keys[place].public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - timedelta(hours=1))
                .not_valid_after(now + timedelta(days=1))
                .add_extension(x509.BasicConstraints(place == 0, None), critical=True)
            )
            if place:
                names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
                builder = builder.add_extension(names, critical=False)
            built.append(builder.sign(keys[0], hashes.SHA256()))
        pem = serialization.Encoding.PEM
        self.bundle.write_bytes(built[0].public_bytes(pem))
        chain, key = self.bundle.with_name("chain.pem"), self.bundle.with_name("key.pem")
        chain.write_bytes(built[1].public_bytes(pem) + built[0].public_bytes(pem))
        key.write_bytes(
            keys[1].private_bytes(
                pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        return context

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        engine = await asyncio.open_connection(self._engine.hostname, self._engine.port)
        try:
            while True:
                await self._pass(reader, writer, *engine)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            engine[1].close()

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        from_engine: asyncio.StreamReader,
        to_engine: asyncio.StreamWriter,
    ) -> None:
        head, body = await _message(reader)
        begun = time.perf_counter()
        counted = self.counted
        counted.calls[_operation(head)] += 1
        counted.sent += len(head) + len(body)
        if self.counts_units:
            head, body = _asking_for_units(head, body)
        to_engine.write(head + body)
        answer_head, answer = await _message(from_engine)
        counted.received += len(answer_head) + len(answer)
        if self.counts_units:
            _count_units(counted, _operation(head), answer)
        rest = begun + self.pace_seconds - time.perf_counter()
        if rest > 0:
            await asyncio.sleep(rest)
        writer.write(answer_head + answer)
        await writer.drain()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = _field(head, b"content-length")
    return head, await reader.readexactly(int(length)) if length else b""


def _field(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return None


def _operation(head: bytes) -> str:
    target = _field(head, b"x-amz-target")
    if target:
        return target.decode().rpartition(".")[2]
    return head.split(b" ", 1)[0].decode()


def _asking_for_units(head: bytes, body: bytes) -> tuple[bytes, bytes]:
    if not (_field(head, b"x-amz-target") or b"").startswith(b"DynamoDB"):
        return head, body
    asked = json.dumps(json.loads(body) | {"ReturnConsumedCapacity": "TOTAL"}).encode()
    lines = [
        line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")
    ]
    lines.insert(1, b"Content-Length: %d" % len(asked))
    return b"\r\n".join(lines), asked


WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}


def _count_units(counted: Counted, operation: str, answer: bytes) -> None:
    said = json.loads(answer or b"{}").get("ConsumedCapacity") or []
    for one in said if isinstance(said, list) else [said]:
        units = float(one.get("CapacityUnits", 0))
        if operation in WRITES:
            counted.write_units += units
        else:
            counted.read_units += units
