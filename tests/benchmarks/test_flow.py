"""Names and declarations that the flow's counts are told in."""

from __future__ import annotations

import pytest

from benchmarks import flow


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("quoin-local-place-bet", "place-bet"),
        ("quoin-local-JournalTable-83E304B28FD03", "JournalTable"),
        ("quoin-local-Reporting-b7f0330d-0b1-WarehouseTable-A7816819E7F7A", "WarehouseTable"),
        ("TransactWriteItems", "TransactWriteItems"),
    ],
)
def test_names_are_the_projects(name: str, text: str) -> None:
    assert flow.short(name) == text


def test_functions_are_as_their_services_declare_them() -> None:
    found = flow.declared()
    assert (found["place-bet"].service, found["place-bet"].memory) == ("sportsbook", 512)
    assert found["wallet-payouts"].memory == flow.MEMORY
    assert found["warehouse-export"].is_clocked and not found["audit"].is_clocked
