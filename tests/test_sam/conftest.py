"""One daemon, one emulator and one deployment for all samples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import containers
import pytest
from endpoint import Endpoint
from local import deployment, server
from templates.declaration import pascal

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


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Endpoint]:
    one = Endpoint()
    try:
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="session")
def variables(stack: server.Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The functions' environments as deployed, in a file as SAM wants it.

    SAM resolves no reference from one stack to another; the deployed functions have them all.
    """
    deployed = {}
    prefix = f"quoin-{deployment.STAGE}-"
    pages = deployment.client(stack, "lambda").get_paginator("list_functions").paginate()
    for function in (function for page in pages for function in page["Functions"]):
        name = pascal(function["FunctionName"].removeprefix(prefix))
        deployed[name] = function["Environment"]["Variables"]
    file = tmp_path_factory.mktemp("sam") / "variables.json"
    file.write_text(json.dumps(deployed))
    return file
