"""A function's process under the harness: started as Lambda starts it, measured from outside."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import callgrind
from .runtime_api import Answered, FunctionError, RuntimeApi

INIT_SECONDS = 60
# What Lambda gives a whole CPU for.
MB_PER_CPU = 1769
PERIOD_US = 20_000
GROUPS = Path("/sys/fs/cgroup")
# Stops itself; once it is continued, it becomes the program that it is given.
STOPPED_FIRST = 'kill -STOP $$; exec "$@"'


@dataclass(frozen=True)
class Program:
    """A function that can be started: what is run, and where."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path | None = None


class Group:
    """Control groups of one process: what it uses, and what share of a CPU it may use."""

    def __init__(self, pid: int) -> None:
        self._folders = []
        for kind in ("cpu", "cpuacct"):
            folder = GROUPS / kind / f"quoin-bench-{pid}"
            folder.mkdir()
            self._folders.append(folder)
            (folder / "cgroup.procs").write_text(str(pid))

    def cpu_seconds(self) -> float:
        return int((self._folders[1] / "cpuacct.usage").read_text()) / 1e9

    def limit(self, memory_mb: int) -> None:
        """The share of a CPU that a function of so much memory has."""
        quota = max(1_000, PERIOD_US * memory_mb // MB_PER_CPU)
        (self._folders[0] / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (self._folders[0] / "cpu.cfs_quota_us").write_text(str(quota))

    def close(self) -> None:
        for folder in self._folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


class Function:
    """A started function. `with` ends it."""

    def __init__(self, program: Program, wrapper: Sequence[str] = ()) -> None:
        self.api = RuntimeApi()
        environment = dict(program.environment) | {
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            "PATH": os.environ["PATH"],
        }
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the function
        # The group is entered before the program begins, so that its first instruction counts.
        self._process = subprocess.Popen(
            ["sh", "-c", STOPPED_FIRST, "sh", *wrapper, *program.command],
            env=environment,
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)
        self.group = Group(self._process.pid)
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Function:
        return self

    def __exit__(self, *_: Any) -> None:
        self.end()

    def start(self) -> Function:
        try:
            self.api.await_init(INIT_SECONDS)
        except FunctionError as error:
            raise FunctionError(f"{error}\n{self.said()}") from None
        return self

    def invoke(self, event: Any) -> Answered:
        try:
            return self.api.invoke(event)
        except FunctionError as error:
            raise FunctionError(f"{error}\n{self.said()}") from None

    def peak_memory_mb(self) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else float("nan")

    def said(self) -> str:
        """The last of what the function wrote."""
        self.log.seek(0)
        return self.log.read()[-2000:].decode(errors="replace")

    def end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.group.close()
        self.api.close()


def instructions(program: Program, events: Sequence[Any]) -> Counter[str]:
    """Instructions of a whole life of the function with these invocations, by their function."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        wrapper = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
        with Function(program, wrapper) as function:
            function.start()
            for event in events:
                expected(function.invoke(event).body)
        found = callgrind.by_function(out.read_text())
        if not found:
            raise FunctionError("callgrind left no counts")
        return found


def expected(answer: Any) -> None:
    """A benchmark of refusals would be a fast one."""
    answers: Sequence[Any] = answer if isinstance(answer, list) else [answer]
    for one in answers:
        if not isinstance(one, dict):
            continue
        is_refused = one.get("status") in ("refused", "rejected") or one.get("batchItemFailures")
        if is_refused or one.get("statusCode", 200) >= 300 or one.get("isAuthorized") is False:
            raise ValueError(f"an answer that is none: {one}")
