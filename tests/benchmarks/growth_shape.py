"""How a cost grows with the size of what is asked for: flat, linear, or worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FLAT, FALLING, LINEAR, WORSE = "flat", "falling", "linear", "worse than linear"
# What differs by less is the same: hash tables, lengths of numbers, the noise of a run.
TOLERANCE = 0.10
# The last step may cost so much more per unit than all of them together.
STEEPER = 1.25


@dataclass(frozen=True)
class Shape:
    """What a curve is, and what one more unit costs on top of the rest."""

    kind: str
    each: float
    rest: float


def shape(sizes: Sequence[float], costs: Sequence[float]) -> Shape:
    """The shape of `costs` at `sizes`, the smallest first."""
    each = (costs[-1] - costs[0]) / (sizes[-1] - sizes[0])
    rest = costs[0] - each * sizes[0]
    if max(costs) <= min(costs) * (1 + TOLERANCE):
        return Shape(FLAT, each, rest)
    if each < 0:
        return Shape(FALLING, each, rest)
    last = (costs[-1] - costs[-2]) / (sizes[-1] - sizes[-2])
    # A step that is lost in what the whole costs is no step.
    is_steeper = last > each * STEEPER and last * sizes[-1] > TOLERANCE * costs[-1]
    return Shape(WORSE if is_steeper else LINEAR, each, rest)
