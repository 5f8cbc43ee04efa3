"""Makes `docs/benchmarks.md` and its plots of what `benchmarks.bench` found.

Peers are told as ratios to this platform in the same run: how often as much they take.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local import paths

from . import budget, page_flow, page_growth, page_plots
from .budget import ratio
from .documents import FOLDER
from .page_text import table, told

PAGE = paths.ROOT / "docs" / "benchmarks.md"
OWN = budget.OWN
JOBS = {"debit": "A debit", "place-bet": "A bet on one selection"}
Row = dict[str, Any]
# So few instructions may be the difference of two counts.
NOISE = 200


MEASURES: list[tuple[str, str, Callable[[Row], list[float]]]] = [
    ("cold CPU", "ms", lambda row: row["cold_cpu_ms"]),
    ("warm CPU", "ms", lambda row: row["warm_cpu_ms"]),
    ("first call", "ms", lambda row: row["first_ms"]),
    ("p50", "ms", lambda row: [row["p50_ms"]]),
    ("p99", "ms", lambda row: [row["p99_ms"]]),
    ("memory", "MB", lambda row: row["memory_mb"]),
    ("zip", "MB", lambda row: [row["zip_mb"]]),
]

# Name and label of a plot of bars, and what they are of.
BARS: list[tuple[str, str, Callable[[Row], list[float]]]] = [
    ("cold", "CPU of a cold start with its first invocation", lambda row: row["cold_cpu_ms"]),
    ("warm", "CPU of a warm invocation", lambda row: row["warm_cpu_ms"]),
]


def compared(rows: list[Row], job: str) -> str:
    """Everybody who does `job`: figures of this platform, and how often as much the others take."""
    every = [row for row in rows if row["does"] == job]
    own = next(row for row in every if row["by"] == OWN)
    lines = []
    for row in every:
        cells = [row["by"]]
        for _, unit, values in MEASURES:
            if row is own:
                cells.append(f"**{told(statistics.median(values(row)))} {unit}**")
                continue
            middle, low, high = ratio(values(own), values(row))
            spread = f" ({told(low)} to {told(high)})" if len(values(row)) > 1 else ""
            cells.append(f"{told(middle)}x{spread}")
        lines.append(cells)
    return table(["by", *[name for name, _, _ in MEASURES]], lines)


def cost(rows: list[Row], job: str) -> str:
    lines = [
        [
            row["by"],
            ", ".join(f"{told(count)} {name}" for name, count in sorted(row["calls"].items())),
            told(row["bytes"] / 1000),
            told(row["write_units"]),
            told(row["read_units"]),
        ]
        for row in rows
        if row["does"] == job
    ]
    return table(["by", "calls", "kB", "write units", "read units"], lines)


def counted(rows: list[Row]) -> str:
    """Instructions, which do not depend on what else the machine does."""
    lines = [
        [
            row["does"],
            row["by"],
            told(row["instructions"]["cold"] / 1e6),
            told(row["instructions"]["warm"] / 1e3),
        ]
        for row in rows
        if row["instructions"]
    ]
    return table(["what", "by", "cold start and first, million", "warm, thousand"], lines)


def thousands(count: int) -> str:
    """Instructions, unless they are noise."""
    return told(count / 1e3) if count >= NOISE else ""


def components(rows: list[Row]) -> str:
    """Where warm instructions of the functions go that the budget has an aim for."""
    own = {row["does"]: row.get("components") for row in rows if row["by"] == OWN}
    chosen = [own[does] for does in budget.AIMS if own.get(does)]
    names = sorted({name for one in chosen for name in one})
    names.sort(key=lambda name: -sum(one.get(name, 0) for one in chosen))
    lines = [[name, *[thousands(one.get(name, 0)) for one in chosen]] for name in names]
    heads = [does for does in budget.AIMS if own.get(does)]
    return table(["thousand instructions", *heads], lines) if chosen else ""


def functions(rows: list[Row]) -> str:
    lines = [
        [
            row["does"],
            told(statistics.median(row["cold_cpu_ms"])),
            told(statistics.median(row["warm_cpu_ms"])),
            told(row["p50_ms"]),
            told(row["p99_ms"]),
            told(statistics.median(row["memory_mb"])),
            told(row["zip_mb"]),
            told(sum(row["calls"].values())),
            told(row["write_units"]),
        ]
        for row in rows
        if row["by"] == OWN
    ]
    heads = ["what", "cold CPU ms", "warm CPU ms", "p50 ms", "p99 ms", "memory MB", "zip MB"]
    return table([*heads, "calls", "write units"], lines)


def at_memory(rows: list[Row], job: str) -> str:
    every = [row for row in rows if row["does"] == job]
    sizes = list(every[0]["at_memory"])
    lines = [
        [row["by"]]
        + [
            f"{told(row['at_memory'][size]['first'])} / {told(row['at_memory'][size]['p50'])}"
            for size in sizes
        ]
        for row in every
    ]
    return table(["by", *[f"{size} MB" for size in sizes]], lines)


def held(rows: list[Row]) -> str:
    lines = [
        [line.what, line.limit, line.found, "yes" if line.holds else "**no**"]
        for line in budget.lines(rows)
    ]
    return table(["what", "budget", "found", "holds"], lines)


def is_compared(rows: list[Row], job: str) -> bool:
    return any((row["does"], row["by"]) == (job, OWN) for row in rows)


def page(document: dict[str, Any]) -> str:
    rows, machine = document["rows"], document["machine"]
    parts = [
        "# Benchmarks",
        f"Made by `make bench` on {document['at']} ({machine['cpus']} CPUs, "
        f"{machine['architecture']}, {machine['cpu']}; {document['versions']['rustc']}; Node "
        f"{document['versions']['node']}; Python {document['versions']['python']}): "
        f"{document['runs']} lives of each function in turn, {document['calls']} warm invocations "
        f"each. Every call of the table takes {told(document['pace_ms'])} ms at least, over TLS.",
        "What is said of others is how often as much they take as Quoin in the same run: the "
        "median, and the least and the most of all lives. Times of the wall include the harness, "
        "which costs everybody the same. CPU is that of the function's process, by its control "
        "group; *cold* is from the process's beginning to the end of its first invocation.",
        "Peers do less: no limits, no coins, no expiry, no gapless sequence of events. They keep a "
        "balance, a ledger entry, an event to be published and an idempotency record, and are "
        "bundled as for production. The *hand-written limit* speaks to the table, the bus or the "
        "keys over one socket with its own signatures, and gives up at the first error of the "
        "network; as the publisher, it leaves to the stream what the bus did not take at once.",
    ]
    for job, title in JOBS.items():
        if not is_compared(rows, job):
            continue
        parts += [
            f"## {title}",
            compared(rows, job),
            *[f"![{label}]({FOLDER.name}/{job}-{name}.svg)" for name, label, _ in BARS],
            "What a warm invocation asks of the table (the engine tells no units of BatchGetItem):",
            cost(rows, job),
            "With the CPU that Lambda gives so much memory, from the end of init on: first call / "
            "median warm call, in ms.",
            at_memory(rows, job),
            f"![first call by memory]({FOLDER.name}/{job}-memory.svg)",
        ]
    parts += [
        "## Functions of the platform",
        functions(rows),
        "## Instructions",
        "As callgrind counts them; the same again for the same program.",
        counted(rows),
        "Where those of a warm invocation go, by the function in which they are after inlining; "
        "callgrind's processor knows no instructions for SHA-256, which others have:",
        components(rows),
        *page_growth.section(),
        *page_flow.sections(FOLDER),
        "## Budget",
        held(rows),
    ]
    return "\n\n".join(parts) + "\n"


def plot(rows: list[Row], job: str) -> None:
    every = [row for row in rows if row["does"] == job]
    own = next(row for row in every if row["by"] == OWN)
    for name, label, values in BARS:
        ratios = {row["by"]: ratio(values(own), values(row))[0] for row in every}
        page_plots.bars(f"{job}-{name}", ratios, label)
    sizes = [int(size) for size in own["at_memory"]]
    firsts = {row["by"]: [at["first"] for at in row["at_memory"].values()] for row in every}
    with page_plots.drawn(f"{job}-memory", 8, 4.5) as axes:
        page_plots.lines(axes, sizes, firsts, "MB of memory", "first call, ms (logarithmic)")
        page_plots.logarithmic(axes, sizes)
        axes.set_yscale("log")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", type=Path, help="figures to show here; nothing is written")
    options = parser.parse_args()
    if options.show:
        print(page(json.loads(options.show.read_text())))
        return
    document = json.loads((FOLDER / "figures.json").read_text())
    PAGE.write_text(page(document))
    for job in JOBS:
        plot(document["rows"], job)
    page_growth.plots()
    page_flow.plots(FOLDER)
    print(f"written to {PAGE.relative_to(paths.ROOT)}")


if __name__ == "__main__":
    main()
