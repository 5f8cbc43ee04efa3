"""The page's section on how costs grow, of what `benchmarks.growth` found."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from typing import Any

from .documents import FOLDER
from .growth_shape import FALLING, FLAT, shape
from .page_plots import drawn, lines, logarithmic
from .page_text import table, told

FIGURES = FOLDER / "growth.json"
Point = dict[str, Any]
Measure = tuple[str, str, Callable[[Point], float]]

ONE = {"entries": "entry", "legs": "leg", "messages": "message", "records": "event"}
TITLES = {
    "entries": "With the wallet's history",
    "legs": "With the legs of a bet",
    "messages": "With the messages of a batch",
    "records": "With the rows that the publisher gets at once",
}
SAID = {
    "entries": "Wallets with so many journal entries when the measurement begins.",
    "legs": "",
    "messages": "Bonuses of one person, each an event of its own.",
    "records": "An event each. Calls of the bus are answered as soon as the engine can, not after "
    "5 ms, so that the function itself is looked at; events per second are those of a whole CPU.",
}
# Name, unit, value.
MEASURES: list[Measure] = [
    ("calls", "", lambda point: sum(point["calls"].values())),
    ("kB", "", lambda point: point["bytes"] / 1e3),
    ("write units", "", lambda point: point["write_units"]),
    ("instructions", " thousand", lambda point: point.get("instructions", 0) / 1e3),
]


def section() -> list[str]:
    """The section's paragraphs; none where nothing was measured."""
    return rendered(json.loads(FIGURES.read_text())) if FIGURES.exists() else []


def rendered(document: dict[str, Any]) -> list[str]:
    return [
        "## How it grows",
        f"Warm invocations of the same functions over the same tables, made on {document['at']}. "
        "*Flat* is what differs by less than a tenth; *linear* is where the last step costs no "
        "more for each than all of them do.",
        *[part for by in TITLES for part in told_curves(document["curves"], by)],
        *told_settling(document["settling"]),
        *told_crowds(document["crowds"]),
    ]


def told_curves(curves: list[dict[str, Any]], by: str) -> list[str]:
    chosen = [one for one in curves if one["by"] == by]
    parts = [f"### {TITLES[by]}", SAID[by]]
    for one in chosen:
        points = one["points"]
        measures = counted(points)
        heads = [
            f"{by}, {one['does']}",
            *[f"{name}{unit and ','}{unit}" for name, unit, _ in measures],
            "CPU ms",
            "p50 ms",
        ]
        rows = [
            [
                f"{point['size']:,}",
                *[told(value(point)) for *_, value in measures],
                told(point["warm_cpu_ms"]),
                told(point["p50_ms"]),
            ]
            for point in points
        ]
        if by == "records":
            heads.append("events/s of a CPU")
            for row, point in zip(rows, points, strict=True):
                row.append(told(point["size"] / point["warm_cpu_ms"] * 1e3))
        shapes = [f"{name} {grown(points, value, ONE[by], unit)}" for name, unit, value in measures]
        parts += [table(heads, rows), f"{one['does'].capitalize()}: {'; '.join(shapes)}."]
    return [part for part in [*parts, f"![{TITLES[by]}]({FOLDER.name}/growth-{by}.svg)"] if part]


def counted(points: list[Point]) -> list[Measure]:
    """The measures that these points have anything of."""
    return [one for one in MEASURES if any(map(one[2], points))]


def grown(points: list[Point], value: Callable[[Point], float], one: str, unit: str = "") -> str:
    """The shape of a curve, and what it says of one more."""
    found = shape([point["size"] for point in points], [value(point) for point in points])
    if found.kind in (FLAT, FALLING):
        return found.kind
    rest = f" on top of {told(found.rest)}{unit}" if found.rest >= 0.01 else ""
    return f"{found.kind} ({told(found.each)}{unit} per {one}{rest})"


def told_settling(points: list[Point]) -> list[str]:
    rows = []
    for point in points:
        finding, settling = point["finding"], point["settling"]
        calls = sum(finding.values())
        rows.append(
            [
                f"{point['size']:,}",
                str(point["invocations"]),
                str(finding["Query"]),
                str(finding["SendMessageBatch"]),
                f"{calls:,}",
                told(calls / point["size"]),
                told(to_settle(point)),
                told(settling["write_units"] / settling["bets"]),
                told(settling["cpu_ms"] / settling["bets"]),
            ]
        )
    heads = ["open bets", "invocations", "pages read", "batches sent", "calls to find", "per bet"]
    heads += ["calls to settle, per bet", "write units", "CPU ms"]
    finding = grown(points, lambda point: sum(point["finding"].values()), "bet")
    settling = grown(points, to_settle, "bet")
    most = max(point["settling"]["bets"] for point in points)
    return [
        "### With the open bets of a market",
        "A market's result comes: `settle-market` looks its bets up and hands them on in chunks, "
        f"`settle-bets` settles each. Of many, the first chunks are settled ({most:,} bets at "
        "most) and looked at afterwards. CPU is that of settling, with the connection that the "
        "first call opens; the index has sixteen shards, each of which is read at least once.",
        table(heads, rows),
        f"Calls to find bets: {finding}. Calls to settle one: {settling}.",
        f"![With the open bets of a market]({FOLDER.name}/growth-settling.svg)",
    ]


def to_settle(point: Point) -> float:
    """Calls that settling a bet takes."""
    return sum(point["settling"]["calls"].values()) / point["settling"]["bets"]


def told_crowds(crowds: list[dict[str, Any]]) -> list[str]:
    shared = [one for one in crowds if "left" not in one["points"][0]]
    (hot,) = [one for one in crowds if "left" in one["points"][0]]
    return [
        "### With how many ask at once",
        "An environment for each, as Lambda would start them, all on this machine; each sends one "
        "command after the other. Of three runs, the one of the median rate.",
        *[part for one in shared for part in told_crowd(one)],
        contended(shared),
        "### With how many write one wallet at once",
        table([*CROWD_HEADS, "left, to the cent"], crowd_rows(hot["points"], "left")),
        hot_sentence(hot["points"]),
        f"![With how many ask at once]({FOLDER.name}/growth-crowds.svg)",
    ]


CROWD_HEADS = ["at once", "done", "given up", "per second", "p50 ms", "p99 ms", "tries per success"]


def told_crowd(crowd: dict[str, Any]) -> list[str]:
    heads = [f"{crowd['does']}, {CROWD_HEADS[0]}", *CROWD_HEADS[1:]]
    rows = crowd_rows(crowd["points"], "cpu_ms", "engine_cpus")
    return [table([*heads, "function's CPU ms", "engine's CPUs"], rows)]


def crowd_rows(points: list[Point], *more: str) -> list[list[str]]:
    return [
        [
            str(point["size"]),
            str(point["done"]),
            str(point["given_up"]),
            told(point["per_second"]),
            told(point["p50_ms"]),
            told(point["p99_ms"]),
            told(point["tries_per_success"]),
            *[cell if isinstance(cell := point[name], str) else told(cell) for name in more],
        ]
        for point in points
    ]


def contended(crowds: list[dict[str, Any]]) -> str:
    """Whether those who share nothing, or an event, wait for each other."""
    points = [point for one in crowds for point in one["points"]]
    tries = max(point["tries_per_success"] for point in points)
    own, one = (
        next(crowd["points"] for crowd in crowds if crowd["does"] == name)
        for name in ("bet on own event", "bet on one event")
    )
    ratios = [b["per_second"] / a["per_second"] for a, b in zip(own, one, strict=True)]
    shares = [point["engine_cpus"] / point["functions_cpus"] for point in points]
    free = "nothing that they share is contended" if tries == 1 else "something is contended"
    return (
        f"Tries per success: {told(tries)} at most, so {free}. Everybody on one event is "
        f"{told(min(ratios))} to {told(max(ratios))} times as fast as everybody on an event of "
        f"their own. The engine takes {told(statistics.median(shares))} times as much CPU as the "
        "functions, and shares the machine with them and the harness: the rate is this machine's, "
        "and says nothing about AWS."
    )


def hot_sentence(points: list[Point]) -> str:
    tries = grown(points, lambda point: point["tries_per_success"], "writer")
    given_up = sum(point["given_up"] for point in points)
    done = sum(point["done"] for point in points)
    return (
        f"{done:,} debits of 1.25 were answered as done and {given_up:,} were given up; what is "
        "left of each wallet is what it had less those and one more of each writer, with which its "
        "environment began, to the cent: none is lost, none doubled. "
        f"Tries per success: {tries}. From one writer to {points[-1]['size']}, the rate goes from "
        f"{told(points[0]['per_second'])} to {told(points[-1]['per_second'])} per second, the "
        f"median from {told(points[0]['p50_ms'])} to {told(points[-1]['p50_ms'])} ms, the slowest "
        f"hundredth from {told(points[0]['p99_ms'])} to {told(points[-1]['p99_ms'])} ms: who loses "
        "a race twice pauses before each further try, and meanwhile the others go on."
    )


def plots() -> None:
    """Draws what the section shows, where anything was measured."""
    if FIGURES.exists():
        draw(json.loads(FIGURES.read_text()))


def draw(document: dict[str, Any]) -> None:
    for by in TITLES:
        draw_curves([one for one in document["curves"] if one["by"] == by], by)
    draw_settling(document["settling"])
    draw_crowds(document["crowds"])


def draw_curves(curves: list[dict[str, Any]], by: str) -> None:
    sizes = [point["size"] for point in curves[0]["points"]]
    name, unit, value = counted(curves[0]["points"])[-1]
    values = {one["does"]: [value(point) for point in one["points"]] for one in curves}
    with drawn(f"growth-{by}", 6, 3) as axes:
        lines(axes, sizes, values, by, f"{unit.strip()} {name}\nof an invocation".strip())
        if sizes[-1] >= 100 * sizes[0]:
            logarithmic(axes, sizes)
        else:
            axes.set_xticks(sizes)
        if max(map(max, values.values())) >= 10 * min(map(min, values.values())):
            axes.set_yscale("log")
        else:
            axes.set_ylim(0, 1.1 * max(map(max, values.values())))


def draw_settling(points: list[Point]) -> None:
    sizes = [point["size"] for point in points]
    values = {
        "to find it": [sum(point["finding"].values()) / point["size"] for point in points],
        "to settle it": [to_settle(point) for point in points],
    }
    with drawn("growth-settling", 6, 3) as axes:
        lines(axes, sizes, values, "open bets", "calls for a bet")
        logarithmic(axes, sizes)
        axes.set_yscale("log")


def draw_crowds(crowds: list[dict[str, Any]]) -> None:
    sizes = [point["size"] for point in crowds[0]["points"]]
    rates = {one["does"]: [point["per_second"] for point in one["points"]] for one in crowds}
    hot = next(one["points"] for one in crowds if "left" in one["points"][0])
    waits = {name: [point[f"{name}_ms"] for point in hot] for name in ("p50", "p99")}
    with drawn("growth-crowds", 10, 3.4, panels=2) as (rate, wait):
        lines(rate, sizes, rates, "at once", "commands a second")
        logarithmic(rate, sizes)
        rate.set_ylim(0)
        lines(wait, [point["size"] for point in hot], waits, "at once on one wallet", "ms")
        logarithmic(wait, [point["size"] for point in hot])
        wait.set_yscale("log")
