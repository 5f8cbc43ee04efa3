"""What the functions are built on: licences, sources and crates that must stay out.

Advisories are not checked here, since their database is not a package: run `cargo audit` or
`cargo deny check advisories` where it can be fetched.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
from local import paths

LICENCES = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}
# TLS is rustls over ring; aws-lc's first use costs a cold start 400 million instructions.
BANNED = {"aws-lc-rs", "aws-lc-sys", "native-tls", "openssl", "openssl-sys"}


@pytest.fixture(scope="module")
def packages() -> list[dict[str, Any]]:
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    document = json.loads(
        subprocess.run(command, cwd=paths.ROOT, capture_output=True, check=True).stdout
    )
    resolved = {node["id"] for node in document["resolve"]["nodes"]}
    return [package for package in document["packages"] if package["id"] in resolved]


def permitted(expression: str) -> bool:
    """Whether an SPDX expression leaves a way that only permitted licences are on."""
    parts = re.split(r"\s+OR\s+|\s*/\s*", re.sub(r"[()]", " ", expression).strip())
    return any(
        all(term.strip() in LICENCES for term in re.split(r"\s+AND\s+", part)) for part in parts
    )


def test_every_licence_is_permitted(packages: list[dict[str, Any]]) -> None:
    refused = {p["name"]: p["license"] for p in packages if not permitted(p["license"] or "")}
    assert refused == {}


def test_every_crate_comes_from_the_registry_or_from_here(packages: list[dict[str, Any]]) -> None:
    foreign = {
        p["name"]: p["source"]
        for p in packages
        if p["source"] and not p["source"].startswith("registry+")
    }
    assert foreign == {}


def test_no_other_cryptography_comes_in(packages: list[dict[str, Any]]) -> None:
    assert {p["name"] for p in packages} & BANNED == set()
