"""CloudFormation YAML: short intrinsic functions read and written, and the names they use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml


@dataclass(frozen=True)
class Tag:
    """A short intrinsic function such as `!Ref Stage`; `value` is its argument."""

    name: str
    value: Any


def ref(name: str) -> Tag:
    return Tag("!Ref", name)


def sub(text: str) -> Tag:
    return Tag("!Sub", text)


def get_att(resource: str, attribute: str) -> Tag:
    return Tag("!GetAtt", f"{resource}.{attribute}")


def if_(condition: str, then: Any, otherwise: Any) -> Tag:
    return Tag("!If", [condition, then, otherwise])


NO_VALUE = ref("AWS::NoValue")


def arn(service: str, resource: str) -> Tag:
    """The ARN of a resource in the stack's own account and region."""
    return sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")


class _Loader(yaml.SafeLoader):
    pass


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _construct(loader: _Loader, suffix: str, node: yaml.Node) -> Tag:
    if isinstance(node, yaml.ScalarNode):
        return Tag(f"!{suffix}", loader.construct_scalar(node))
    if isinstance(node, yaml.SequenceNode):
        return Tag(f"!{suffix}", loader.construct_sequence(node, deep=True))
    return Tag(f"!{suffix}", loader.construct_mapping(node, deep=True))


def _represent(dumper: _Dumper, tag: Tag) -> yaml.Node:
    if isinstance(tag.value, str):
        return dumper.represent_scalar(tag.name, tag.value, style="" if tag.value else "'")
    if isinstance(tag.value, dict):
        return dumper.represent_mapping(tag.name, tag.value)
    flow = all(isinstance(item, str | Tag) and not _nested(item) for item in tag.value)
    return dumper.represent_sequence(tag.name, tag.value, flow_style=flow)


def _nested(item: Any) -> bool:
    return isinstance(item, Tag) and not isinstance(item.value, str)


_Loader.add_multi_constructor("!", _construct)
_Dumper.add_representer(Tag, _represent)


def load(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)


def dump(document: Any) -> str:
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
    # PyYAML quotes every tagged scalar; most need no quotes and read better without. Inside a
    # flow sequence braces must stay quoted.
    text = re.sub(r"(![A-Z]\w+) '([\w$/][\w${}:.*/-]*)'$", r"\1 \2", text, flags=re.MULTILINE)
    return re.sub(r"(![A-Z]\w+) '([\w:.]+)'(?=[\],])", r"\1 \2", text)


def references(node: Any) -> Iterator[str]:
    """Every parameter, resource or pseudo parameter that a template fragment names."""
    if isinstance(node, Tag):
        if node.name == "!Ref":
            yield node.value
        elif node.name == "!GetAtt":
            yield node.value.split(".")[0]
        elif node.name == "!Sub":
            text = node.value if isinstance(node.value, str) else node.value[0]
            yield from (name.split(".")[0] for name in re.findall(r"\$\{([^!}][^}]*)\}", text))
        elif node.name == "!If":
            yield from references(node.value[1:])
        elif not isinstance(node.value, str):
            yield from references(node.value)
    elif isinstance(node, dict):
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from references(value)


def conditions(node: Any) -> Iterator[str]:
    """Every condition that a template fragment depends on."""
    if isinstance(node, Tag):
        if node.name == "!If":
            yield node.value[0]
        if not isinstance(node.value, str):
            yield from conditions(node.value)
    elif isinstance(node, dict):
        if isinstance(node.get("Condition"), str) and "Type" in node:
            yield node["Condition"]
        for value in node.values():
            yield from conditions(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from conditions(value)
