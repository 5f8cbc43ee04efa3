"""Where the benchmark's figures and plots are kept."""

from __future__ import annotations

import json
import os
import platform as machine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local import paths

FOLDER = paths.ROOT / "docs" / "benchmarks"


def made() -> dict[str, Any]:
    """When figures were made, and on what."""
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": {"architecture": machine.machine(), "cpus": os.cpu_count(), "cpu": cpu()},
    }


def cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if "model name" in line), "")


def write(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
