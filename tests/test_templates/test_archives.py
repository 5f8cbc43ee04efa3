"""The bus's archives: every event of the catalogue, as long as its copies may be kept."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
import stacks
from templates import archives
from templates.declaration import DeclarationError

EVENTS = stacks.ROOT / "docs" / "events.md"
# The page is written by the catalogue's own types, so this does not rest on how the text is read.
PAGE = re.compile(r"^### (\S+)$.*?copies kept (\d+) days", re.MULTILINE | re.DOTALL)


def archived() -> dict[str, int]:
    """Days for which each event is archived."""
    found: list[tuple[str, int]] = []
    for archive in stacks.resources("AWS::Events::Archive"):
        properties = archive.properties
        assert archive.body["Condition"] == "IsOnAws"
        assert properties["SourceArn"] == {"Fn::GetAtt": ["Bus", "Arn"]}
        pattern = properties["EventPattern"]
        assert set(pattern) == {"detail-type"}
        assert len(json.dumps(pattern)) <= 2048
        found += [(name, properties["RetentionDays"]) for name in pattern["detail-type"]]
    twice = [name for name, many in Counter(name for name, _ in found).items() if many > 1]
    assert not twice
    return dict(found)


def test_every_event_is_archived_once_for_as_long_as_the_catalogue_says() -> None:
    kept = {name: int(days) for name, days in PAGE.findall(EVENTS.read_text())}
    assert len(kept) > 30
    assert archived() == kept


def test_there_is_one_archive_for_each_period_and_no_more_than_a_bus_may_have() -> None:
    periods = [one.properties["RetentionDays"] for one in stacks.resources("AWS::Events::Archive")]
    assert sorted(periods) == sorted(set(archived().values()))
    assert len(periods) <= 10


def test_names_of_archives_are_short_enough_for_every_stage() -> None:
    for archive in stacks.resources("AWS::Events::Archive"):
        name = archive.properties["ArchiveName"]["Fn::Sub"]
        assert len(name.replace("${Stage}", "x" * 20)) <= 48


def test_a_line_of_the_catalogue_that_is_not_read_is_an_error(tmp_path: Path) -> None:
    copy = tmp_path / archives.CATALOGUE
    copy.parent.mkdir(parents=True)
    shutil.copy(stacks.ROOT / archives.CATALOGUE, copy)
    assert archives.kept(tmp_path) == archives.kept(stacks.ROOT)
    copy.write_text(copy.read_text().replace('90: "wallet.debited"', 'ninety: "wallet.debited"'))
    with pytest.raises(DeclarationError, match="not read"):
        archives.kept(tmp_path)
