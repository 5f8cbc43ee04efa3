"""One daemon, one emulator and one deployment for all samples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import containers
import pytest
from local import deployment, server

IMAGE = "public.ecr.aws/lambda/provided:al2023-{architecture}"
INSIDE = {
    **server.CREDENTIALS,
    "AWS_ENDPOINT_URL": f"http://{containers.EMULATOR}:{server.PREFERRED_PORT}",
}


@pytest.fixture(scope="session")
def stack() -> Iterator[server.Server]:
    with containers.daemon():
        architecture = deployment.architecture()
        containers.runtime_image(IMAGE.format(architecture=architecture), INSIDE)
        containers.host_image()
        with containers.emulator() as address:
            contained = server.Server(0, server.PREFERRED_PORT, auth=False, host=address)
            deployment.deploy(contained)
            yield contained


@pytest.fixture
def variables(stack: server.Server, function: str, tmp_path: Path) -> Path:
    """The function's environment as deployed, in a file as SAM wants it.

    SAM resolves no reference from one stack to another; the deployed function has them all.
    """
    name = f"quoin-{deployment.STAGE}-{function}"
    found = deployment.client(stack, "lambda").get_function_configuration(FunctionName=name)
    file = tmp_path / "variables.json"
    file.write_text(json.dumps({"Parameters": found["Environment"]["Variables"]}))
    return file
