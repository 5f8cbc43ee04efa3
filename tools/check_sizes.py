#!/usr/bin/env python3
"""How large functions are, and whether their zips keep to the limit.

check_sizes.py FOLDER [--limit MB]

FOLDER holds <function>/bootstrap, as `cargo lambda build --lambda-dir FOLDER` leaves it. Each is
zipped in memory as it would be uploaded. An MB is 1,000,000 bytes.
"""

from __future__ import annotations

import argparse
import io
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

MB = 1_000_000
LIMIT_MB = 3.0
LEVEL = 9


class Size(NamedTuple):
    function: str
    binary: int
    zipped: int


def zipped(binary: Path) -> int:
    """Bytes of the zip that holds `binary` alone."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as file:
        file.write(binary, "bootstrap")
    return len(archive.getvalue())


def measured(folder: Path) -> list[Size]:
    """Every function in `folder`, largest zip first."""
    binaries = folder.glob("*/bootstrap")
    sizes = [Size(path.parent.name, path.stat().st_size, zipped(path)) for path in binaries]
    return sorted(sizes, key=lambda size: (-size.zipped, size.function))


def table(sizes: list[Size], limit: float) -> str:
    width = max(len(size.function) for size in sizes)
    lines = [f"{'function':<{width}}  {'binary MB':>9}  {'zip MB':>6}"]
    for size in sizes:
        line = f"{size.function:<{width}}  {size.binary / MB:>9.2f}  {size.zipped / MB:>6.2f}"
        lines.append(line + ("  too large" if size.zipped > limit * MB else ""))
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=float, default=LIMIT_MB, help="of a zip, in MB")
    arguments = parser.parse_args()
    sizes = measured(arguments.folder)
    if not sizes:
        print(f"error: no */bootstrap in {arguments.folder}", file=sys.stderr)
        return 1
    print(table(sizes, arguments.limit))
    large = [size.function for size in sizes if size.zipped > arguments.limit * MB]
    if large:
        print(f"error: over {arguments.limit:g} MB: {', '.join(large)}", file=sys.stderr)
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
