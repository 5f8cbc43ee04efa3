"""Holds the instructions of the platform's own functions against those that were stored.

    python -m benchmarks.gate [--write]

It looks at the unoptimised build, which tests have anyway; what the optimised one takes is told by
`benchmarks.bench`. A function that takes more than the tolerance above what is stored is an error;
`--write` stores what was found. Counts depend on the compiler and on valgrind: those of others are
told, and no more than one that is missing fails.
"""

from __future__ import annotations

import argparse
import platform as machine
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from local import paths

from . import bench, measure, world
from .table_proxy import TableProxy

STORED = Path(__file__).with_name("instructions.yaml")
BUILT = paths.ROOT / "target" / "lambda"
TOLERANCE_PERCENT = 5
KINDS = ("cold", "warm")
HEAD = f"""\
# Instructions of an unoptimised build, as callgrind counts them: `cold` from the beginning of the
# process to the end of its first invocation, `warm` of each one after that. Made by
# `make instructions WRITE=1`; more than {TOLERANCE_PERCENT} % above is an error.
"""
Counts = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Line:
    """One count beside the one that is stored."""

    what: str
    kind: str
    stored: int | None
    found: int | None

    @property
    def percent(self) -> float | None:
        """How much more is found than is stored."""
        if not self.stored or not self.found:
            return None
        return 100 * (self.found / self.stored - 1)

    @property
    def verdict(self) -> str:
        if self.percent is None:
            return "not stored" if self.found else "not measured"
        if 100 * self.found > (100 + TOLERANCE_PERCENT) * self.stored:
            return "MORE"
        is_less = 100 * self.found < (100 - TOLERANCE_PERCENT) * self.stored
        return "less: store it" if is_less else ""


def lines(stored: Counts, found: Counts) -> list[Line]:
    """Every count of either."""
    return [
        Line(what, kind, stored.get(what, {}).get(kind), found.get(what, {}).get(kind))
        for what in stored | found
        for kind in KINDS
    ]


def table(compared: list[Line]) -> str:
    def cell(value: int | None) -> str:
        return "-" if value is None else f"{value:,}"

    rows = [f"{'instructions':<28}{'stored':>14}{'found':>14}{'':>9}"]
    for line in compared:
        change = "" if line.percent is None else f"{line.percent:+.1f} %"
        name = f"{line.what}, {line.kind}"
        row = f"{name:<28}{cell(line.stored):>14}{cell(line.found):>14}{change:>9}  {line.verdict}"
        rows.append(row.rstrip())
    return "\n".join(rows)


def fails(compared: list[Line], *, are_alike: bool) -> bool:
    """Whether something is missing on either side or, with the same tools, takes too much."""
    return any(line.percent is None or (are_alike and line.verdict == "MORE") for line in compared)


def tools() -> str:
    """What counts depend on, apart from the code."""
    said = [
        subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout
        for tool in ("rustc", "valgrind")
    ]
    return ", ".join([*(one.strip() for one in said), machine.machine()])


def counted() -> Counts:
    """What each function takes now, over TLS before a stack of its own."""
    with world.deployed(bench.say) as stage:
        proxy = TableProxy(stage.emulator.url, 0.0)
        try:
            found = {}
            for one in bench.own(stage, proxy, BUILT):
                bench.say(f"instructions: {one.does}")
                found[one.does] = measure.counted_instructions(one)
            return found
        finally:
            proxy.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="store what is found")
    options = parser.parse_args()
    found = counted()
    if options.write:
        document: dict[str, Any] = {"with": tools(), "instructions": found}
        STORED.write_text(HEAD + yaml.safe_dump(document, sort_keys=False))
        return 0
    document = yaml.safe_load(STORED.read_text())
    compared = lines(document["instructions"], found)
    print(table(compared))
    are_alike = document["with"] == tools()
    if not are_alike:
        print(f"stored with {document['with']}\nfound with  {tools()}: store it again")
    return int(fails(compared, are_alike=are_alike))


if __name__ == "__main__":
    sys.exit(main())
