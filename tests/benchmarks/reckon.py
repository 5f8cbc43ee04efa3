"""Reckons what a million bets cost, of what `benchmarks.flow` counted, into `cost.json` beside it.

    python -m benchmarks.reckon

To be run again by itself when prices have changed: nothing is measured here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import cost
from .cost import Cpu, Function, Term
from .documents import FOLDER

FLOW, COST = "flow.json", "cost.json"
PARTS = ("placing", "settling")


def reckoned(flow: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Terms of a single and of the mix, of the usual build, and the budget's lines."""
    declared = {name: Function(**one) for name, one in flow["functions"].items()}
    cpu = Cpu.of(rows)

    def of(run: str, part: str) -> list[Term]:
        counted = flow[run][part]
        return cost.terms(counted["counts"], counted["logs"], declared, cpu)

    def usually(lean: bool) -> list[Term]:
        counted = [flow["singles"][part] for part in PARTS]
        return [
            one
            for part in counted
            for one in cost.usual(part["counts"], part["logs"], declared, cpu, lean)
        ]

    placing, settling = (of("singles", part) for part in PARTS)
    found = {
        "placing": placing,
        "settling": settling,
        "mix": [one for part in PARTS for one in of("load", part)],
        "usual": usually(lean=False),
        "leanest": usually(lean=True),
    }
    return {
        "prices": cost.prices(),
        "lines": [asdict(line) for line in cost.held([*placing, *settling])],
        "terms": {name: told(terms) for name, terms in found.items()},
    }


def told(terms: Iterable[Term]) -> list[list[Any]]:
    return [
        [one.group, one.function, one.unit, round(one.amount, 6), round(one.dollars, 6)]
        for one in cost.merged(terms)
    ]


def write(folder: Path = FOLDER, figures: Path = FOLDER / "figures.json", name: str = FLOW) -> None:
    flow = json.loads((folder / name).read_text())
    found = reckoned(flow, json.loads(figures.read_text())["rows"])
    (folder / COST).write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    write()
