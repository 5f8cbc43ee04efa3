"""Every function answers its sample of events/ in a container, as SAM runs it.

SAM takes seconds to read a template: one function of each kind goes through `sam local invoke` on
the whole application, the others through `sam local start-lambda` on their service's template.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import containers
import pytest
from endpoint import Endpoint
from local import deployment, paths, server
from templates.declaration import Function, Service, read

SERVICES = [read(path) for path in sorted(paths.ROOT.glob("functions/*/service.yaml"))]
FUNCTIONS = {
    function.name: (service, function) for service in SERVICES for function in service.functions
}
FIRST = {function.trigger: function.name for _, function in reversed(FUNCTIONS.values())}


def _invoke(service: Service, function: Function, sample: Path, variables: Path) -> Any:
    command = [
        str(paths.SAM), "local", "invoke", f"{service.logical_id}/{function.logical_id}",
        "--event", str(sample), "--env-vars", str(variables), "--skip-pull-image",
        "--docker-network", containers.NETWORK,
        "--parameter-overrides", f"Architecture={deployment.architecture()}",
    ]  # fmt: skip
    # SAM itself has nothing to ask of AWS or the emulator, but wants credentials and a region.
    environment = os.environ | server.CREDENTIALS | {"SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(
        command, cwd=paths.ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_answers_its_sample(function: str, variables: Path, endpoint: Endpoint) -> None:
    service, declared = FUNCTIONS[function]
    sample = paths.ROOT / "events" / f"{function}.json"
    if FIRST[declared.trigger] == function:
        answer = _invoke(service, declared, sample, variables)
    else:
        answer = endpoint.of(service, variables).invoke(declared, sample)
    match declared.trigger:
        case "route":
            assert 200 <= answer["statusCode"] < 500, answer
        case "authorizer":
            assert isinstance(answer["isAuthorized"], bool), answer
        case "consumes" | "queue" | "stream":
            assert isinstance(answer["batchItemFailures"], list), answer
        case "scheduled" if function.endswith("-boost-end"):
            assert answer == "nothing_due", answer
        case "scheduled":
            # There is nothing to renew: the scheduler hands the call to its dead-letter queue.
            assert "there is no such subscription" in answer["errorMessage"], answer
        case _:
            assert not (isinstance(answer, dict) and "errorType" in answer), answer
