"""Plots of the page: bars of how often as much others take, lines over sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .budget import OWN
from .documents import FOLDER
from .page_text import told

OURS, OTHERS = "#1b7f5c", "#9aa5b1"
# Told apart by those who see no red, too.
COLOURS = (OURS, "#d1761c", "#5b6fb5", "#b0447c", "#7a7a2e", "#3f9fb8", "#8a5a44")


@contextmanager
def drawn(name: str, width: float, height: float, panels: int = 1) -> Iterator[Any]:
    """Axes to draw on, one or as many as there are panels; kept as a file beside the figures."""
    # Only who draws needs it.
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, panels, figsize=(width, height))
    yield axes
    for one in [axes] if panels == 1 else axes:
        one.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    save(figure, FOLDER / f"{name}.svg")


def save(figure: Any, path: Path, **how: Any) -> None:
    from matplotlib import pyplot

    # Names of what is in the file are made of this, so that the same figures make the same file.
    pyplot.rcParams["svg.hashsalt"] = path.stem
    figure.savefig(path, metadata={"Date": None}, **how)
    pyplot.close(figure)


def bars(name: str, ratios: Mapping[str, float], label: str) -> None:
    """How often as much each takes as this platform."""
    with drawn(name, 8, 0.5 * len(ratios) + 1) as axes:
        colours = [OURS if by == OWN else OTHERS for by in ratios]
        drawn_bars = axes.barh(list(ratios), list(ratios.values()), color=colours)
        axes.bar_label(drawn_bars, [f"{told(one)}x" for one in ratios.values()], padding=4)
        axes.invert_yaxis()
        axes.set_xscale("log")
        axes.set_xlabel(f"{label}, {OWN} = 1 (logarithmic)")
        axes.margins(x=0.15)


def lines(
    axes: Any, sizes: Sequence[float], values: Mapping[str, Sequence[float]], x: str, y: str
) -> None:
    """One line each over `sizes`, or the first of them; named where more than one is drawn."""
    for (by, line), colour in zip(values.items(), COLOURS, strict=False):
        axes.plot(sizes[: len(line)], line, marker="o", markersize=4, color=colour, label=by)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if len(values) > 1:
        axes.legend(frameon=False, fontsize="small")


def logarithmic(axes: Any, sizes: Sequence[float]) -> None:
    """Sizes that span decades, each with its own mark."""
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
