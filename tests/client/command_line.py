"""The command line `quoin`, as operators run it against a deployed platform."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .platform import Platform

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 300


def program() -> Path:
    """The command line, as `make build` leaves it."""
    built = list(ROOT.glob("target/*/debug/quoin"))
    assert built, "run `make build` first"
    return max(built, key=lambda path: path.stat().st_mtime)


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        assert self.out, f"it said nothing, and ended with {self.code}: {self.err}"
        return json.loads(self.out)


def quoin(platform: Platform, *arguments: str, **changes: str) -> Said:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = clean | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": platform.outputs["region"],
        "AWS_ENDPOINT_URL": platform.outputs["aws_endpoint_url"],
    }
    done = subprocess.run(
        [program(), *arguments],
        env=environment | changes,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    return Said(done.returncode, done.stdout, done.stderr)
