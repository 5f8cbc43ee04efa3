"""`sam local start-lambda` for one service after the other: a Lambda endpoint on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import boto3
import containers
from botocore.config import Config
from local import deployment, paths, server
from templates.declaration import Function, Service

START_SECONDS_MAX = 60


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((server.HOST, 0))
        return int(probe.getsockname()[1])


class Endpoint:
    """The functions of one service at a time."""

    def __init__(self) -> None:
        self._service: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    def of(self, service: Service, variables: Path) -> Endpoint:
        """Serves `service`, with the variables of its functions as deployed."""
        if self._service != service.name:
            self.stop()
            self._start(service, variables)
        return self

    def invoke(self, function: Function, sample: Path) -> Any:
        client = boto3.client(
            "lambda",
            endpoint_url=f"http://{server.HOST}:{self._port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(read_timeout=120, retries={"max_attempts": 0}),
        )
        answer = client.invoke(FunctionName=function.logical_id, Payload=sample.read_bytes())
        return json.loads(answer["Payload"].read())

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait()
        self._process = self._service = None

    def _start(self, service: Service, variables: Path) -> None:
        self._port = _free_port()
        template = paths.ROOT / "functions" / service.name / "template.yaml"
        command = [
            str(paths.SAM), "local", "start-lambda", "--template-file", str(template),
            "--host", server.HOST, "--port", str(self._port), "--env-vars", str(variables),
            "--skip-pull-image", "--docker-network", containers.NETWORK,
            "--parameter-overrides", f"Architecture={deployment.architecture()}",
        ]  # fmt: skip
        environment = os.environ | server.CREDENTIALS | {"SAM_CLI_TELEMETRY": "0"}
        log = paths.LOGS / "sam-endpoint.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, cwd=paths.ROOT, env=environment, stdout=output, stderr=output
            )
        self._service = service.name
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            with contextlib.suppress(OSError), socket.create_connection((server.HOST, self._port)):
                return
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"sam local start-lambda does not start: see {log}")
            time.sleep(0.1)
