"""A static scan of all stacks, as CloudFormation gets them, by checkov. What it finds is mended in
tools/templates or template.yaml, or accepted for a reason in accepted_findings.yaml.
"""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import stacks
import yaml

CHECKOV = stacks.ROOT / ".local" / "venv" / "security" / "bin" / "checkov"
ACCEPTED = Path(__file__).with_name("accepted_findings.yaml")

Findings = dict[str, set[str]]


def accepted() -> list[dict[str, Any]]:
    return yaml.safe_load(ACCEPTED.read_text())


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("stacks")
    for path in stacks.ALL_TEMPLATES:
        text = json.dumps(stacks.translated(path))
        (folder / f"{stacks.stack_name(path)}.json").write_text(text)
    options = [
        "--framework",
        "cloudformation",
        "--skip-download",
        "--soft-fail",
        "--output",
        "json",
    ]
    command = [CHECKOV, "--directory", folder, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def found(report: dict[str, Any]) -> Findings:
    """The resources that fail a check, by check."""
    found = defaultdict(set)
    for failure in report["results"]["failed_checks"]:
        stack, resource = Path(failure["file_path"]).stem, failure["resource"].split(".")[-1]
        found[failure["check_id"]].add(f"{stack}.{resource}")
    return found


def test_every_stack_is_scanned(report: dict[str, Any]) -> None:
    declared = sum(len(stacks.translated(path)["Resources"]) for path in stacks.ALL_TEMPLATES)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] == declared


def test_nothing_is_found_that_is_not_accepted(found: Findings) -> None:
    for entry in accepted():
        known = found.get(entry["check"], set())
        found[entry["check"]] = known - set(entry.get("only", known))
    assert {check: sorted(where) for check, where in found.items() if where} == {}


@pytest.mark.parametrize("entry", accepted(), ids=lambda entry: entry["check"])
def test_what_is_accepted_has_a_reason_and_still_occurs(
    report: dict[str, Any], entry: dict[str, Any]
) -> None:
    assert len(entry["reason"]) > 40
    failed = {failure["check_id"] for failure in report["results"]["failed_checks"]}
    assert entry["check"] in failed, "this no longer occurs: take it off the list"
