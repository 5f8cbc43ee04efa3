"""Measures the platform's functions and their peers in turn, on one machine, over one table engine.

    python -m benchmarks.bench [--runs 5] [--calls 200] [--only TEXT] [--no-instructions]

What it finds goes to `docs/benchmarks/figures.json`, or to `.local/bench/figures.json` with --only;
`benchmarks.page` makes the page of it.
"""

from __future__ import annotations

import argparse
import io
import platform as machine
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import documents, measure, peers, world
from .budget import LIMIT, OWN
from .measure import Figures, Subject
from .table_proxy import TableProxy

# So long does a call of the table take at least, whatever the engine takes.
PACE_SECONDS = 0.005
PACKED_BET = "publisher, a placed bet"
MEMORIES = (128, 256, 512, 1769)
FEW = 25


def say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def own(stage: world.World, proxy: TableProxy, built: Path) -> list[Subject]:
    """The platform's functions, each called as it is on AWS."""
    jobs = [
        ("debit", "wallet-command", stage.debit),
        ("place-bet", "place-bet", lambda: stage.bet(1)),
        ("place-bet, 10 legs", "place-bet", lambda: stage.bet(10)),
        ("place-bet, 20 legs", "place-bet", lambda: stage.bet(20)),
        ("settle one bet", "settle-bets", stage.settle),
        ("order, 3 coins", "place-order", stage.order),
        ("authorizer", "authorizer", stage.authorizer),
        ("credit from an event", "wallet-bonuses", lambda: stage.credit(1)),
        ("credit, batch of 10", "wallet-bonuses", lambda: stage.credit(10)),
        ("publisher, 1 event", "publisher", lambda: stage.published(1)),
        (PACKED_BET, "publisher", stage.published_bet),
        ("publisher, 100 events", "publisher", lambda: stage.published(100)),
    ]
    return [
        Subject(does, OWN, stage.program(function, built, proxy.url, str(proxy.bundle)), event)
        for does, function, event in jobs
    ]


def theirs(proxy: TableProxy) -> list[Subject]:
    return [
        Subject(job, peer.label, peer.program, peers.events(job), peer.is_native)
        for job in peers.JOBS
        for peer in peers.of(job, proxy.url, str(proxy.bundle))
    ]


def limits(subjects: Iterable[Subject]) -> list[Subject]:
    """The hand-written limits of functions that have no other peer, called as those are. They read
    no packed texts."""
    return [
        replace(one, by=LIMIT, program=replace(one.program, command=[str(limit)]))
        for one in subjects
        if one.program.name in peers.LIMITED and one.does != PACKED_BET
        if (limit := peers.limit(one.program.name))
    ]


def without_symbols(program: Path) -> Path:
    """The program as it is deployed: names of functions are there for callgrind alone."""
    stripped = program.with_name("stripped")
    subprocess.run(["strip", "--strip-all", "-o", stripped, program], check=True)
    return stripped


def zipped_mb(folder: Path) -> float:
    """Megabytes of what would be uploaded."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        every = [folder] if folder.is_file() else sorted(folder.rglob("*"))
        for one in every:
            if one.is_file() and "__pycache__" not in one.parts:
                file.write(one, one.name if folder.is_file() else one.relative_to(folder))
    return len(archive.getvalue()) / 1e6


def measured(
    subjects: list[Subject], proxy: TableProxy, options: Any
) -> list[tuple[Subject, Figures]]:
    found = [(one, Figures()) for one in subjects]
    for run in range(options.runs):
        # In turn, so that whatever the machine does meanwhile is shared out among all.
        for one, figures in found:
            say(f"run {run + 1} of {options.runs}: {one.does}, {one.by}")
            figures.lives.append(measure.live(one, proxy, options.calls))
    for one, figures in found:
        say(f"units and shares of a CPU: {one.does}, {one.by}")
        figures.write_units, figures.read_units = measure.units(one, proxy)
        if one.does in peers.JOBS:
            for memory in MEMORIES:
                figures.at_memory[memory] = measure.at_memory(one, memory, FEW)
        if one.is_native and not options.no_instructions:
            say(f"instructions: {one.does}, {one.by}")
            figures.instructions, figures.components = measure.instructions_of(one)
    return found


def document(found: list[tuple[Subject, Figures]], options: Any) -> dict[str, Any]:
    rows = []
    for one, figures in found:
        program = Path(one.program.command[0])
        files = without_symbols(program) if one.is_native else one.program.folder or program
        rows.append(
            {
                "does": one.does,
                "by": one.by,
                "is_native": one.is_native,
                # One reading of each life, in the order of the runs.
                "cold_cpu_ms": [life.cold_cpu for life in figures.lives],
                "warm_cpu_ms": [life.warm_cpu for life in figures.lives],
                "first_ms": [life.first for life in figures.lives],
                "memory_mb": [life.memory for life in figures.lives],
                "p50_ms": figures.latency(0.5),
                "p99_ms": figures.latency(0.99),
                "calls": figures.lives[-1].calls,
                "bytes": figures.lives[-1].bytes,
                "write_units": figures.write_units,
                "read_units": figures.read_units,
                "instructions": figures.instructions,
                "components": figures.components,
                "at_memory": figures.at_memory,
                "zip_mb": zipped_mb(files),
            }
        )
    return {
        **documents.made(),
        "versions": versions(),
        "runs": options.runs,
        "calls": options.calls,
        "pace_ms": PACE_SECONDS * 1e3,
        "rows": rows,
    }


def versions() -> dict[str, str]:
    commands = {"rustc": ["rustc", "--version"], "node": ["node", "--version"]}
    said = {
        name: subprocess.run(command, capture_output=True, text=True).stdout.strip()
        for name, command in commands.items()
    }
    return said | {"python": machine.python_version()}


def chosen(subjects: Iterable[Subject], text: str | None) -> list[Subject]:
    return [one for one in subjects if text is None or text in f"{one.does}, {one.by}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="lives of each function")
    parser.add_argument("--calls", type=int, default=200, help="measured invocations of a life")
    parser.add_argument("--only", help="those whose job and author contain this")
    parser.add_argument("--no-instructions", action="store_true", help="without callgrind")
    parser.add_argument("--built", type=Path, default=world.BUILT, help="where functions are")
    parser.add_argument("--out", type=Path, help="where the figures go")
    options = parser.parse_args()
    with world.deployed(say) as stage:
        peers.tables(stage.emulator)
        proxy = TableProxy(stage.emulator.url, PACE_SECONDS)
        try:
            ours = own(stage, proxy, options.built)
            subjects = chosen([*ours, *limits(ours), *theirs(proxy)], options.only)
            found = measured(subjects, proxy, options)
        finally:
            proxy.close()
    # A part of the whole is to be looked at, not to be kept.
    out = options.out or (peers.BUILT if options.only else documents.FOLDER) / "figures.json"
    documents.write(out, document(found, options))
    say(f"written to {out}")


if __name__ == "__main__":
    main()
