"""Measures how costs grow: with what is stored, with what is asked, with how many ask.

    python -m benchmarks.growth [--only TEXT] [--no-instructions]

What it finds goes to `docs/benchmarks/growth.json`, or to `.local/bench/growth.json` with --only.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import documents, peers, world
from .bench import PACE_SECONDS, say
from .growth_many import crowds
from .growth_one import curves
from .growth_settling import settling
from .growth_stage import Stage
from .table_proxy import TableProxy

PARTS: dict[str, Callable[[Stage], list[dict[str, Any]]]] = {
    "curves": curves,
    "settling": settling,
    "crowds": crowds,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS, help="one part of it")
    parser.add_argument("--no-instructions", action="store_true", help="without callgrind")
    parser.add_argument("--built", type=Path, default=world.BUILT, help="where functions are")
    parser.add_argument("--out", type=Path, help="where the figures go")
    options = parser.parse_args()
    with world.deployed(say) as platform:
        proxy = TableProxy(platform.emulator.url, PACE_SECONDS)
        try:
            stage = Stage(platform, proxy, options.built, not options.no_instructions)
            chosen = [options.only] if options.only else list(PARTS)
            found = {part: PARTS[part](stage) for part in chosen}
        finally:
            proxy.close()
    out = options.out or (peers.BUILT if options.only else documents.FOLDER) / "growth.json"
    documents.write(out, documents.made() | {"pace_ms": PACE_SECONDS * 1e3} | found)
    say(f"written to {out}")


if __name__ == "__main__":
    main()
