"""Deploys the project's templates to the emulator and writes what a client needs to know."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from typing import Any

import boto3
from botocore.config import Config
from client.packed import read_packed_items

from . import paths
from .server import CREDENTIALS, REGION, LocalStackError, Server

STAGE = "local"
STACK = f"quoin-{STAGE}"
# Most of a deployment's time goes into compressing binaries that never leave this machine.
QUICK_SAM = "import zlib; zlib.Z_DEFAULT_COMPRESSION = 1; from samcli.cli.main import cli; cli()"
WEBHOOK_SECRETS = ("betradar", "payment", "sms", "casino", "merchant")


def architecture() -> str:
    """This machine's, as Lambda calls it."""
    return "arm64" if os.uname().machine == "aarch64" else "x86_64"


def parameters(server: Server) -> dict[str, str]:
    """The template's parameters on this machine."""
    return {
        "Stage": STAGE,
        "Architecture": architecture(),
        "OnAws": "false",
        "ApiOrigin": server.url,
        "SandboxEnabled": "true",
        "NotificationProvider": "http",
        "LogRetentionDays": "1",
    }


def deploy(server: Server, overrides: dict[str, str] | None = None) -> None:
    """`sam deploy` of the very template that goes to AWS."""
    chosen = parameters(server) | (overrides or {})
    command = [
        str(paths.SAM_PYTHON), "-c", QUICK_SAM, "deploy",
        "--template-file", "template.yaml",
        "--config-env", STAGE,
        "--stack-name", STACK,
        "--resolve-s3",
        "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND",
        "--no-confirm-changeset",
        "--no-fail-on-empty-changeset",
        "--no-progressbar",
        "--parameter-overrides", *(f"{key}={value}" for key, value in chosen.items()),
    ]  # fmt: skip
    log = paths.LOGS / "deploy.log"
    with log.open("wb") as output:
        done = subprocess.run(
            command, cwd=paths.ROOT, env=environment(server), stdout=output, stderr=output
        )
    if done.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
        raise LocalStackError(f"sam deploy failed, see {log}:\n{tail}")


def environment(server: Server) -> dict[str, str]:
    """The caller's environment with every AWS client in it pointed at the emulator."""
    return {
        **os.environ,
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": server.url,
        "SAM_CLI_TELEMETRY": "0",
    }


def client(server: Server, service: str, *, as_stored: bool = False) -> Any:
    """A client of the emulator. Texts of the journal are in the clear, unless read `as_stored`."""
    made = boto3.client(
        service,
        endpoint_url=server.url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"max_attempts": 2}, read_timeout=70),
    )
    return read_packed_items(made) if service == "dynamodb" and not as_stored else made


def stack_outputs(server: Server) -> dict[str, str]:
    stacks = client(server, "cloudformation").describe_stacks(StackName=STACK)
    return {out["OutputKey"]: out["OutputValue"] for out in stacks["Stacks"][0]["Outputs"]}


def webhook_secrets(server: Server, outputs: dict[str, str]) -> dict[str, str]:
    manager = client(server, "secretsmanager")
    return {
        name: "whsec_"
        + manager.get_secret_value(SecretId=outputs[f"{name.capitalize()}SecretArn"])[
            "SecretString"
        ]
        for name in WEBHOOK_SECRETS
    }


def create_operator(server: Server, function: str) -> dict[str, str]:
    operator = {"email": "operator@quoin.local", "password": secrets.token_urlsafe(18)}
    answer = client(server, "lambda").invoke(FunctionName=function, Payload=json.dumps(operator))
    if "FunctionError" in answer:
        raise LocalStackError(f"{function} failed: {answer['Payload'].read().decode()}")
    return operator


def write_outputs(server: Server) -> dict[str, Any]:
    """.local/outputs.json: what tests, scripts and people need to use this stack."""
    outputs = stack_outputs(server)
    url = outputs["HttpApiUrl"]
    document = {
        "http_url": url,
        # The emulator's origin, over the protocol's own scheme.
        "websocket_url": outputs["SocketUrl"].replace("http", "ws", 1),
        "aws_endpoint_url": server.url,
        "sandbox_url": f"{url}/sandbox",
        "operator": create_operator(server, outputs["CreateOperatorFunction"]),
        "webhook_secrets": webhook_secrets(server, outputs),
        "stage": STAGE,
        "region": REGION,
        "stack": outputs,
    }
    paths.OUTPUTS.write_text(json.dumps(document, indent=2) + "\n")
    paths.OUTPUTS.chmod(0o600)
    return document
