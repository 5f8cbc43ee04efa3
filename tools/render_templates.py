#!/usr/bin/env python3
"""functions/*/service.yaml → functions/*/template.yaml and the nested stacks of template.yaml; the
catalogue → its archives; what consumers take → functions/reporting/src/replay/consumers.json.

render_templates.py           write what differs
render_templates.py --check   write nothing, fail if anything differs
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from templates import archives, cfn, stack
from templates.declaration import DeclarationError, Service, read

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Rendered from service.yaml by `make templates`. Change service.yaml, not this file.\n"
BEGIN = "  # --- nested stacks, rendered from functions/*/service.yaml by `make templates` ---\n"
END = "  # --- end of the nested stacks ---\n"
ARCHIVES_BEGIN = "  # --- archives, rendered from the catalogue by `make templates` ---\n"
ARCHIVES_END = "  # --- end of the archives ---\n"
CONSUMERS = Path("functions/reporting/src/replay/consumers.json")


def services(root: Path) -> list[Service]:
    return [read(path) for path in sorted(root.glob("functions/*/service.yaml"))]


def rendered(root: Path) -> dict[Path, str]:
    """Every file that rendering owns, with the content it must have."""
    root_template = root / "template.yaml"
    before, rest = root_template.read_text().split(BEGIN)
    _, after = rest.split(END)
    parameters = set(cfn.load(before + after)["Parameters"])
    files: dict[Path, str] = {}
    stacks = []
    known = services(root)
    shown = stack.read_elsewhere(known)
    for service in known:
        path = root / "functions" / service.name / "template.yaml"
        files[path] = HEADER + cfn.dump(stack.template(service, shown))
        stacks.append(cfn.dump(stack.nested(service, parameters, shown)))
    files[root / CONSUMERS] = json.dumps(consumed(known), indent=2) + "\n"
    kept = [cfn.dump({name: body}) for name, body in archives.of(root).items()]
    text = before + BEGIN + resources(stacks) + END + after
    start, rest = text.split(ARCHIVES_BEGIN)
    _, end = rest.split(ARCHIVES_END)
    files[root_template] = start + ARCHIVES_BEGIN + resources(kept) + ARCHIVES_END + end
    return files


def consumed(known: list[Service]) -> dict[str, list[dict[str, list[str]]]]:
    """What each consumer of the bus takes, as replays have to know it; whoever is optional can be
    told of nothing again."""
    functions = {
        function.name: function.spec["consumes"]
        for service in known
        if not service.condition
        for function in service.functions
        if function.trigger == "consumes"
    }
    return {
        name: [
            {key: value for key, value in rule.items() if value != "all"}
            for rule in functions[name]
        ]
        for name in sorted(functions)
    }


def resources(texts: list[str]) -> str:
    """The texts of resources as they stand in the root template."""
    return "".join(
        f"  {line}" if line.strip() else line for line in "\n".join(texts).splitlines(keepends=True)
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail on drift, write nothing")
    arguments = parser.parse_args()
    try:
        files = rendered(ROOT)
    except DeclarationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        print(f"{'stale' if arguments.check else 'wrote'}: {path.relative_to(ROOT)}")
        if not arguments.check:
            path.write_text(files[path])
    return 1 if stale and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
