"""The templates themselves: up to date, valid by three judges, within CloudFormation's limits."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import stacks

RESOURCES_MAX = 300  # CloudFormation's limit is 500
PARAMETERS_MAX = 60  # CloudFormation's limit is 200
ENVIRONMENT = os.environ | {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"}

by_stack = pytest.mark.parametrize("path", stacks.ALL_TEMPLATES, ids=stacks.stack_name)


def _run(*command: str | Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=stacks.ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _judge(path: Path, *command: str | Path) -> None:
    """Runs a judge on a template, unless it has passed this very text: each takes seconds."""
    evidence = [path.read_bytes(), *(str(part).encode() for part in command[:-1])]
    evidence.append((stacks.ROOT / "tests" / "requirements" / "sam.txt").read_bytes())
    passed = stacks.ROOT / ".local" / "judged" / hashlib.sha256(b"\0".join(evidence)).hexdigest()
    if not passed.exists():
        _run(*command)
        passed.parent.mkdir(parents=True, exist_ok=True)
        passed.touch()


def test_rendered_templates_match_their_declarations() -> None:
    _run(sys.executable, "tools/render_templates.py", "--check")


@by_stack
def test_a_stack_stays_far_from_the_limits(path: Path) -> None:
    template = stacks.translated(path)
    assert len(template["Resources"]) <= RESOURCES_MAX
    assert len(template.get("Parameters", {})) <= PARAMETERS_MAX
    assert len(json.dumps(template)) < 1_000_000


@by_stack
def test_sam_finds_the_template_valid(path: Path) -> None:
    _judge(path, stacks.SAM_BIN / "sam", "validate", "--template-file", path)


@by_stack
def test_sam_lint_finds_nothing(path: Path) -> None:
    _judge(path, stacks.SAM_BIN / "sam", "validate", "--lint", "--template-file", path)


@by_stack
def test_cfn_lint_finds_nothing_after_the_transform(path: Path, tmp_path: Path) -> None:
    translated = tmp_path / "template.json"
    translated.write_text(json.dumps(stacks.translated(path)))
    _judge(translated, stacks.SAM_BIN / "cfn-lint", "--regions", "us-east-1", "--", translated)
