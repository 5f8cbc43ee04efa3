"""Starts and stops the emulator. It leads a process group of its own, which its function
processes share, so one signal to the group leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass

from . import paths

HOST = "127.0.0.1"
PREFERRED_PORT = 4566
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 10
REGION = "us-east-1"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}


class LocalStackError(Exception):
    """The local stack could not do what it was asked; the message says what to look at."""


@dataclass(frozen=True)
class Server:
    pid: int
    port: int
    auth: bool
    host: str = HOST

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


def start(port: int | None = None, auth: bool = False) -> Server:
    """Starts a fresh emulator; its state never survives a stop."""
    if running() is not None:
        raise LocalStackError("the local stack is already running: `make stop` ends it")
    clear()
    shutil.rmtree(paths.LOGS, ignore_errors=True)
    paths.TEMPORARY.mkdir(parents=True)
    paths.LOGS.mkdir(parents=True)
    port = port or _free_port()
    environment = _clean_environment() | CREDENTIALS | {
        "BIND_HOST": HOST,
        "MINISTACK_HOST": "localhost",
        "GATEWAY_PORT": str(port),
        "AWS_ENDPOINT_URL": f"http://{HOST}:{port}",
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",  # as on AWS, not as there is memory
        "AUTH": "true" if auth else "false",
        "TMPDIR": str(paths.TEMPORARY),
        "QUOIN_LOGS": str(paths.LOGS),
        "PYTHONPATH": str(paths.ROOT / "tests"),
        "LOG_LEVEL": os.environ.get("EMULATOR_LOG_LEVEL", "INFO"),
    }  # fmt: skip
    with (paths.LOGS / "emulator.log").open("wb") as log:
        process = subprocess.Popen(
            [paths.EMULATOR_PYTHON, "-m", "local.emulator"],
            env=environment,
            cwd=paths.LOCAL,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(process.pid, port, auth)
    paths.STATE.write_text(json.dumps(asdict(server)))
    _await_health(server, process)
    return server


def running() -> Server | None:
    """The emulator that `start` started, if its process group still exists."""
    try:
        server = Server(**json.loads(paths.STATE.read_text()))
        os.killpg(server.pid, 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return server


def stop() -> bool:
    """Ends the emulator and every function process; False when there was nothing to end."""
    server = running()
    if server is None:
        clear()
        return False
    for how in (signal.SIGTERM, signal.SIGKILL):
        if _end_group(server.pid, how):
            break
    clear()
    return True


def clear() -> None:
    """Removes what belongs to one run, except its logs: they are read afterwards."""
    for path in (paths.STATE, paths.OUTPUTS):
        path.unlink(missing_ok=True)
    shutil.rmtree(paths.TEMPORARY, ignore_errors=True)


def _end_group(group: int, how: signal.Signals) -> bool:
    deadline = time.monotonic() + STOP_SECONDS_MAX
    try:
        os.killpg(group, how)
        while time.monotonic() < deadline:
            _reap(group)
            os.killpg(group, 0)
            time.sleep(0.05)
    except ProcessLookupError:
        return True
    return False


def _reap(pid: int) -> None:
    # When another command started it, its own parent reaps it.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _clean_environment() -> dict[str, str]:
    """The caller's environment without AWS settings that could lead anywhere but here."""
    return {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}


def _free_port() -> int:
    for candidate in (PREFERRED_PORT, 0):
        with socket.socket() as probe:
            # Connections of the last run that still linger do not hold a port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, candidate))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise LocalStackError("no free port on 127.0.0.1")


def _await_health(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{server.url}/_ministack/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    stop()
    raise LocalStackError(f"the emulator did not start: see {paths.LOGS / 'emulator.log'}")
