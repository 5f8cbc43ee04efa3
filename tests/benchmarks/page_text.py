"""How pages spell numbers and tables."""

from __future__ import annotations


def told(number: float) -> str:
    """Three digits are enough."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.2g}" if number < 1 else f"{number:.3g}"


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
