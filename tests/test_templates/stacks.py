"""The templates as the tests look at them: declared, parsed, and after SAM's transform."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse
from templates.declaration import Service, read

ROOT = Path(__file__).resolve().parents[2]
SAM_BIN = ROOT / ".local" / "venv" / "sam" / "bin"
ROOT_TEMPLATE = ROOT / "template.yaml"
SERVICE_TEMPLATES = sorted(ROOT.glob("functions/*/template.yaml"))
ALL_TEMPLATES = [ROOT_TEMPLATE, *SERVICE_TEMPLATES]

Properties = dict[str, Any]


class Resource(NamedTuple):
    stack: str
    name: str
    body: dict[str, Any]

    @property
    def properties(self) -> Properties:
        return self.body.get("Properties", {})

    def __str__(self) -> str:
        return f"{self.stack}/{self.name}"


@cache
def services() -> list[Service]:
    return [read(path) for path in sorted(ROOT.glob("functions/*/service.yaml"))]


@cache
def translated(path: Path) -> dict[str, Any]:
    """The template as CloudFormation gets it."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    template = yaml_parse(path.read_text())
    for resource in template["Resources"].values():
        # `sam deploy` uploads these; the transform only wants to see addresses.
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/code.zip"
        if resource["Type"] == "AWS::Serverless::Application":
            resource["Properties"]["Location"] = "https://bucket.s3.amazonaws.com/child.yaml"
    return transform(copy.deepcopy(template), {}, _NoManagedPolicies())


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def stack_name(path: Path) -> str:
    return "root" if path == ROOT_TEMPLATE else path.parent.name


def resources(kind: str) -> Iterator[Resource]:
    """Every resource of a type, in every stack."""
    for path in ALL_TEMPLATES:
        for name, body in translated(path)["Resources"].items():
            if body["Type"] == kind:
                yield Resource(stack_name(path), name, body)


def statements() -> Iterator[tuple[Resource, dict[str, Any]]]:
    """Every statement of every role, with the role; policies stand nowhere else."""
    for role in resources("AWS::IAM::Role"):
        for policy in role.properties.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield role, statement["Fn::If"][1] if "Fn::If" in statement else statement


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
