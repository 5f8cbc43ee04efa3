"""The bus's archives: one for each period of the catalogue, of the events that it keeps so long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import cfn
from .declaration import DeclarationError

CATALOGUE = Path("shared/events/src/catalogue.rs")
# A line of the catalogue: topic, owner, days, name.
EVENT = re.compile(r'^    \w+, "[\w-]+", (\d+): "([\w.]+)" = \w+,', re.MULTILINE)
# Quotas of EventBridge: characters of a pattern, archives of a bus.
MOST_CHARACTERS = 2048
MOST_ARCHIVES = 10


def kept(root: Path) -> dict[int, list[str]]:
    """The names of events by the days that their copies are kept, shortest first."""
    text = (root / CATALOGUE).read_text()
    periods: dict[int, list[str]] = {}
    for days, name in _events(text):
        periods.setdefault(days, []).append(name)
    if sum(map(len, periods.values())) != text.count('" = '):
        raise DeclarationError(f"{CATALOGUE}: a line is not read")
    return dict(sorted(periods.items()))


def _events(text: str) -> Iterator[tuple[int, str]]:
    return ((int(days), name) for days, name in EVENT.findall(text))


def of(root: Path) -> dict[str, Any]:
    """The root's resources for them."""
    periods = kept(root)
    if len(periods) > MOST_ARCHIVES:
        raise DeclarationError(f"{len(periods)} periods, and a bus has {MOST_ARCHIVES} archives")
    return {f"BusArchive{days}Days": _archive(days, names) for days, names in periods.items()}


def _archive(days: int, names: list[str]) -> dict[str, Any]:
    if sum(len(name) + 3 for name in names) + len('{"detail-type":[]}') > MOST_CHARACTERS:
        raise DeclarationError(f"the names of what is kept {days} days are too long for a pattern")
    return {
        "Type": "AWS::Events::Archive",
        "Condition": "IsOnAws",
        "Properties": {
            "ArchiveName": cfn.sub(f"quoin-${{Stage}}-{days}-days"),
            "Description": f"What is kept {days} days, should a rule turn out to have been wrong.",
            "SourceArn": cfn.get_att("Bus", "Arn"),
            "RetentionDays": days,
            "EventPattern": {"detail-type": names},
        },
    }
