"""What the gate lets pass, and what it does not."""

from __future__ import annotations

import pytest
import yaml

from . import gate

STORED = {"debit": {"cold": 1_000_000, "warm": 1_000}}


@pytest.mark.parametrize(
    ("warm", "verdict", "fails"),
    [(1_000, "", False), (1_050, "", False), (1_051, "MORE", True), (900, "less: store it", False)],
)
def test_more_than_the_tolerance_is_an_error(warm: int, verdict: str, fails: bool) -> None:
    compared = gate.lines(STORED, {"debit": {"cold": 1_000_000, "warm": warm}})
    assert compared[1].verdict == verdict
    assert gate.fails(compared, are_alike=True) is fails
    assert not gate.fails(compared, are_alike=False), "counts of other tools are other counts"
    assert f"{warm:,}" in gate.table(compared)


def test_what_is_on_one_side_alone_is_an_error() -> None:
    both = STORED | {"bet": {"cold": 5, "warm": 1}}
    for stored, found, verdict in [(STORED, both, "not stored"), (both, STORED, "not measured")]:
        compared = gate.lines(stored, found)
        assert gate.fails(compared, are_alike=True) and gate.fails(compared, are_alike=False)
        assert compared[-1].verdict == verdict
        assert verdict in gate.table(compared)


def test_something_is_stored() -> None:
    document = yaml.safe_load(gate.STORED.read_text())
    assert document["with"].startswith("rustc ")
    assert {"debit", "place-bet", "authorizer"} <= document["instructions"].keys()
    assert all(count > 0 for one in document["instructions"].values() for count in one.values())
