"""Whoever deploys finds every parameter of the root in the README."""

from __future__ import annotations

import re

import stacks
from templates import cfn


def test_the_readme_tells_every_parameter() -> None:
    parameters = set(cfn.load(stacks.ROOT_TEMPLATE.read_text())["Parameters"])
    section = (stacks.ROOT / "README.md").read_text().split("## Configuration")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert told == parameters
